//! Keras's `l1`, `l2`, `l1_l2` and `orthogonal` regularizers.

use std::fmt;

use burn::tensor::Tensor;

use crate::ops::l1_l2;

/// Smallest norm that a row is divided by: Keras's `epsilon()`.
const EPSILON: f64 = 1e-7;

/// Penalises a tensor x by l1·Σ|x| + l2·Σx², as Keras's `L1L2` does: a sum, not a mean, and without a factor of ½.
/// The default has no penalty.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Regularizer {
    /// Factor of the sum of absolute values, 0 or more.
    pub l1: f64,
    /// Factor of the sum of squares, 0 or more.
    pub l2: f64,
    /// Factor of the mean |cosine| between the rows of a kernel, 0 or more: Keras's `OrthogonalRegularizer` in its mode
    /// "rows". Kernels of two rows or more only.
    pub orthogonal: f64,
}

impl Regularizer {
    /// Returns whether all factors are 0.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Computes a tensor's penalty, `[1]`; `None` if all factors are 0.
    pub fn penalty<const D: usize>(&self, tensor: Tensor<D>) -> Option<Tensor<1>> {
        let Self { l1, l2, orthogonal } = *self;
        let sums = (l1 != 0.0 || l2 != 0.0).then(|| l1_l2(tensor.clone(), l1, l2));
        let orthogonal = (orthogonal != 0.0).then(|| between_rows(tensor) * orthogonal);
        sums.into_iter().chain(orthogonal).reduce(|sum, penalty| sum + penalty)
    }

    /// Divides the factors by a count.
    pub(crate) fn divided_by(self, count: usize) -> Self {
        let Self { l1, l2, orthogonal } = self;
        let divided = |factor| factor / count as f64;
        Self { l1: divided(l1), l2: divided(l2), orthogonal: divided(orthogonal) }
    }
}

/// Computes the mean over pairs of rows of |cosine of their angle|, `[1]`, from `[rows, columns]`.
fn between_rows<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let [rows, columns] = [tensor.shape()[0], tensor.shape().num_elements() / tensor.shape()[0]];
    let tensor = tensor.reshape([rows, columns]);
    // As Keras's `normalize`: no norm is below 1e-7.
    let norms = tensor.clone().square().sum_dim(1).clamp_min(EPSILON * EPSILON).sqrt();
    let normalised: Tensor<2> = tensor / norms;
    let cosines = l1_l2(normalised.clone().matmul(normalised.clone().transpose()), 1.0, 0.0);
    // Each pair stands twice in the product, and each row with itself in its diagonal.
    (cosines - normalised.square().sum()) / (rows * (rows - 1)) as f64
}

impl fmt::Display for Regularizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.l1 != 0.0, self.l2 != 0.0) {
            (false, false) if self.orthogonal != 0.0 => {
                write!(formatter, "orthogonal({})", self.orthogonal)
            }
            (false, false) => write!(formatter, "none"),
            (true, false) => write!(formatter, "l1({})", self.l1),
            (false, true) => write!(formatter, "l2({})", self.l2),
            (true, true) => write!(formatter, "l1_l2({}, {})", self.l1, self.l2),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn penalty(l1: f64, l2: f64) -> Option<f32> {
        let tensor = Tensor::<2>::from_data([[1.0, -2.0], [0.0, 3.0]], &Device::flex());
        let penalty = Regularizer { l1, l2, orthogonal: 0.0 }.penalty(tensor);
        penalty.map(Tensor::into_scalar)
    }

    #[test]
    fn penalties_are_sums_as_in_keras() {
        // Σ|x| is 6 and Σx² is 14.
        assert_eq!(penalty(0.0, 0.0), None);
        assert_eq!(penalty(0.5, 0.0), Some(3.0));
        assert_eq!(penalty(0.0, 0.5), Some(7.0));
        assert_eq!(penalty(0.5, 0.25), Some(6.5));
    }

    #[test]
    fn the_gradient_of_l1_is_zero_at_zero() {
        let device = Device::flex().autodiff();
        let tensor = Tensor::<1>::from_data([2.0, 0.0, -3.0], &device).require_grad();
        let penalty =
            Regularizer { l1: 0.5, l2: 0.25, orthogonal: 0.0 }.penalty(tensor.clone()).unwrap();
        let gradient = tensor.grad(&penalty.backward()).unwrap().into_data();
        assert_eq!(gradient.try_to_vec::<f32>().unwrap(), [1.5, 0.0, -2.0]);
    }
}
