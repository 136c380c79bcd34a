//! Keras's constraints on weights.

use std::fmt;

use burn::tensor::Tensor;

/// Added to a norm before dividing by it: Keras's `epsilon()`.
const EPSILON: f64 = 1e-7;

/// Constraint on a tensor, which replaces it after each update. Initial weights are not constrained.
///
/// The norms are Euclidean, along the first axis: for a kernel `[inputs, units]` those of each unit's weights, for a bias
/// `[units]` that of the whole bias. As in Keras, a tensor is multiplied by `desired / (1e-7 + norm)`, also where its norm
/// is the desired one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Constraint {
    /// Limits norms to this value, above 0: Keras's `MaxNorm` (Srivastava et al. 2014).
    MaxNorm(f64),
    /// Sets norms to 1: Keras's `UnitNorm`.
    UnitNorm,
    /// Sets negative weights to 0: Keras's `NonNeg`.
    NonNeg,
    /// Moves norms into a range: Keras's `MinMaxNorm`.
    MinMaxNorm(MinMaxNorm),
}

/// Range of norms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinMaxNorm {
    /// Smallest norm, 0 or more.
    pub min_value: f64,
    /// Largest norm, `min_value` or more.
    pub max_value: f64,
    /// Share of the way into the range that an update goes, 0 to 1.
    pub rate: f64,
}

impl Default for MinMaxNorm {
    fn default() -> Self {
        Self { min_value: 0.0, max_value: 1.0, rate: 1.0 }
    }
}

impl Constraint {
    /// Constrains a tensor.
    #[must_use]
    pub fn apply<const D: usize>(self, tensor: Tensor<D>) -> Tensor<D> {
        match self {
            Self::MaxNorm(max) => with_norms(tensor, |norms| norms.clamp_max(max)),
            Self::UnitNorm => with_norms(tensor, |norms| norms.ones_like()),
            Self::NonNeg => {
                let is_negative = tensor.clone().lower_elem(0.0);
                tensor.mask_fill(is_negative, 0.0)
            }
            Self::MinMaxNorm(MinMaxNorm { min_value, max_value, rate }) => {
                with_norms(tensor, |norms| {
                    norms.clone().clamp(min_value, max_value) * rate + norms * (1.0 - rate)
                })
            }
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxNorm(max) => write!(formatter, "max_norm({max})"),
            Self::UnitNorm => formatter.write_str("unit_norm"),
            Self::NonNeg => formatter.write_str("non_neg"),
            Self::MinMaxNorm(MinMaxNorm { min_value, max_value, rate }) => {
                write!(formatter, "min_max_norm({min_value}, {max_value}, rate {rate})")
            }
        }
    }
}

/// Multiplies a tensor by desired / (1e-7 + norm), given the desired norms as a function of the norms.
fn with_norms<const D: usize>(
    tensor: Tensor<D>,
    desired: impl Fn(Tensor<D>) -> Tensor<D>,
) -> Tensor<D> {
    let norms = tensor.clone().square().sum_dim(0).sqrt();
    tensor * (desired(norms.clone()) / (norms + EPSILON))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// Constrains a kernel of two units whose weights have the norms 5 and 0.5.
    fn constrained(constraint: Constraint) -> Vec<f32> {
        let kernel = Tensor::<2>::from_data([[3.0, 0.3], [-4.0, 0.4]], &Device::flex());
        constraint.apply(kernel).into_data().try_to_vec().unwrap()
    }

    #[test]
    fn constraints_change_norms_as_documented() {
        let close = |constraint, expected: [f32; 4]| {
            for (actual, expected) in constrained(constraint).into_iter().zip(expected) {
                assert!((actual - expected).abs() < 1e-5, "{constraint:?}: {actual}, {expected}");
            }
        };
        close(Constraint::MaxNorm(2.0), [1.2, 0.3, -1.6, 0.4]);
        close(Constraint::UnitNorm, [0.6, 0.6, -0.8, 0.8]);
        close(Constraint::NonNeg, [3.0, 0.3, 0.0, 0.4]);
        let half = MinMaxNorm { min_value: 1.0, max_value: 3.0, rate: 0.5 };
        // The norms become 4 and 0.75.
        close(Constraint::MinMaxNorm(half), [2.4, 0.45, -3.2, 0.6]);
    }
}
