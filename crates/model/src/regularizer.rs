//! Keras's `l1`, `l2` and `l1_l2` regularizers.

use std::fmt;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::ops::l1_l2;

/// Penalises a tensor x by l1·Σ|x| + l2·Σx², as Keras's `L1L2` does: a sum, not a mean, and without a factor of ½.
/// The default has no penalty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Regularizer {
    /// Factor of the sum of absolute values, 0 or more.
    pub l1: f64,
    /// Factor of the sum of squares, 0 or more.
    pub l2: f64,
}

impl Regularizer {
    /// Returns whether both factors are 0.
    pub fn is_none(&self) -> bool {
        self.l1 == 0.0 && self.l2 == 0.0
    }

    /// Computes a tensor's penalty, `[1]`; `None` if both factors are 0.
    pub fn penalty<const D: usize>(&self, tensor: Tensor<D>) -> Option<Tensor<1>> {
        (!self.is_none()).then(|| l1_l2(tensor, self.l1, self.l2))
    }

    /// Divides both factors by a count.
    pub(crate) fn divided_by(self, count: usize) -> Self {
        Self { l1: self.l1 / count as f64, l2: self.l2 / count as f64 }
    }
}

impl fmt::Display for Regularizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.l1 != 0.0, self.l2 != 0.0) {
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
        let penalty = Regularizer { l1, l2 }.penalty(tensor);
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
        let penalty = Regularizer { l1: 0.5, l2: 0.25 }.penalty(tensor.clone()).unwrap();
        let gradient = tensor.grad(&penalty.backward()).unwrap().into_data();
        assert_eq!(gradient.try_to_vec::<f32>().unwrap(), [1.5, 0.0, -2.0]);
    }
}
