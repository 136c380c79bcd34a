//! The loss of a network.

use burn::tensor::{Int, Tensor};

use crate::{Output, ops};

/// Keras's `CategoricalCrossentropy`, to which penalties are added. The default has no label smoothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Loss {
    /// Share of the true class's probability, 0 to 1, that is spread evenly over all classes (Szegedy et al. 2016).
    pub label_smoothing: f64,
}

impl Loss {
    /// Computes the loss as Keras reports it, `[1]`: the mean categorical cross-entropy over the batch, with smoothed
    /// labels, plus the penalties. `classes` holds the true classes, `[batch]`.
    pub fn compute(self, output: &Output, classes: Tensor<1, Int>) -> Tensor<1> {
        let loss = ops::cross_entropy(output.logits.clone(), classes, self.label_smoothing);
        add(loss, output.penalty.clone())
    }

    /// Computes [`compute`](Self::compute), and the mean cross-entropy without label smoothing and penalties.
    pub fn compute_with_cross_entropy(
        self,
        output: &Output,
        classes: Tensor<1, Int>,
    ) -> (Tensor<1>, Tensor<1>) {
        let cross_entropy = ops::cross_entropy(output.logits.clone(), classes.clone(), 0.0);
        if self.label_smoothing > 0.0 {
            return (self.compute(output, classes), cross_entropy);
        }
        (add(cross_entropy.clone(), output.penalty.clone()), cross_entropy)
    }
}

fn add(loss: Tensor<1>, penalty: Option<Tensor<1>>) -> Tensor<1> {
    penalty.into_iter().fold(loss, |loss, penalty| loss + penalty)
}
