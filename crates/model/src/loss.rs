//! Keras's categorical cross-entropy, from logits, and its gradient in closed form.

use burn::tensor::{Int, Tensor, activation::log_softmax};

/// What the network's answers to a batch come to.
#[derive(Debug)]
pub(crate) struct CrossEntropy {
    /// ln p of every class, `[batch, classes]`.
    log_probabilities: Tensor<2>,
    /// One-hot, `[batch, classes]`.
    labels: Tensor<2>,
}

impl CrossEntropy {
    /// Compares logits with one-hot labels, both `[batch, classes]`.
    pub(crate) fn new(logits: Tensor<2>, labels: Tensor<2>) -> Self {
        Self { log_probabilities: log_softmax(logits, 1), labels }
    }

    /// The mean over the batch of -ln p of the right class, `[1]`.
    pub(crate) fn loss(&self) -> Tensor<1> {
        let [batch, _] = self.labels.dims();
        // Finite unless the logits lie further apart than float32 reaches; then 0 · ∞ makes it NaN, and
        // the fit is over.
        (self.log_probabilities.clone() * self.labels.clone()).sum() / -(batch as f64)
    }

    /// [`loss`](Self::loss) with the penalties, if any, `[1]`.
    pub(crate) fn loss_with(&self, penalty: Option<Tensor<1>>) -> Tensor<1> {
        match penalty {
            Some(penalty) => self.loss() + penalty,
            None => self.loss(),
        }
    }

    /// How many right classes have the largest probability, `[1]`.
    pub(crate) fn correct(&self) -> Tensor<1, Int> {
        let class = |tensor: &Tensor<2>| tensor.clone().argmax(1).squeeze_dim::<1>(1);
        class(&self.log_probabilities).equal(class(&self.labels)).int().sum()
    }

    /// The softmax of the logits, `[batch, classes]`.
    pub(crate) fn probabilities(&self) -> Tensor<2> {
        self.log_probabilities.clone().exp()
    }

    /// The loss's gradient by the logits, `[batch, classes]`, from the
    /// [`probabilities`](Self::probabilities): (p - label) / batch (Bishop 2006, eq. 4.109).
    pub(crate) fn gradient(&self, probabilities: Tensor<2>) -> Tensor<2> {
        let [batch, _] = self.labels.dims();
        (probabilities - self.labels.clone()) / batch as f64
    }
}
