//! Keras's constraints on weights.

use std::fmt;

use burn::tensor::Tensor;

/// Added to a norm before dividing by it: Keras's `epsilon()`.
const EPSILON: f64 = 1e-7;

/// Constraint on a tensor, which replaces it after each update. At most one of the kinds is set; by default there is
/// none. Initial weights are not constrained.
///
/// The norms are Euclidean, along the first axis: for a kernel `[inputs, units]` those of each unit's weights, for a bias
/// `[units]` that of the whole bias. As in Keras, a tensor is multiplied by `desired / (1e-7 + norm)`, also where its norm
/// is the desired one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Constraint {
    /// Limits norms to this value, above 0: Keras's `MaxNorm` (Srivastava et al. 2014).
    pub max_norm: Option<f64>,
    /// Sets norms to 1: Keras's `UnitNorm`.
    pub unit_norm: bool,
    /// Sets negative weights to 0: Keras's `NonNeg`.
    pub non_neg: bool,
    /// Moves norms into a range: Keras's `MinMaxNorm`.
    pub min_max_norm: Option<MinMaxNorm>,
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
    /// Counts the kinds that are set.
    pub fn count(&self) -> usize {
        let Self { max_norm, unit_norm, non_neg, min_max_norm } = self;
        [max_norm.is_some(), *unit_norm, *non_neg, min_max_norm.is_some()]
            .into_iter()
            .filter(|is_set| *is_set)
            .count()
    }

    /// Constrains a tensor.
    #[must_use]
    pub fn apply<const D: usize>(&self, tensor: Tensor<D>) -> Tensor<D> {
        let tensor = match self.max_norm {
            Some(max) => with_norms(tensor, |norms| norms.clamp_max(max)),
            None => tensor,
        };
        let tensor =
            if self.unit_norm { with_norms(tensor, |norms| norms.ones_like()) } else { tensor };
        let tensor = if self.non_neg {
            let is_negative = tensor.clone().lower_elem(0.0);
            tensor.mask_fill(is_negative, 0.0)
        } else {
            tensor
        };
        match self.min_max_norm {
            Some(MinMaxNorm { min_value, max_value, rate }) => with_norms(tensor, |norms| {
                norms.clone().clamp(min_value, max_value) * rate + norms * (1.0 - rate)
            }),
            None => tensor,
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max_norm, unit_norm, non_neg, min_max_norm } = self;
        match (max_norm, min_max_norm) {
            (Some(max), _) => write!(formatter, "max_norm({max})"),
            (_, Some(MinMaxNorm { min_value, max_value, rate })) => {
                write!(formatter, "min_max_norm({min_value}, {max_value}, rate {rate})")
            }
            _ if *unit_norm => formatter.write_str("unit_norm"),
            _ if *non_neg => formatter.write_str("non_neg"),
            _ => formatter.write_str("none"),
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
        let none = Constraint::default();
        assert_eq!(constrained(none), [3.0, 0.3, -4.0, 0.4]);
        close(Constraint { max_norm: Some(2.0), ..none }, [1.2, 0.3, -1.6, 0.4]);
        close(Constraint { unit_norm: true, ..none }, [0.6, 0.6, -0.8, 0.8]);
        close(Constraint { non_neg: true, ..none }, [3.0, 0.3, 0.0, 0.4]);
        let half = MinMaxNorm { min_value: 1.0, max_value: 3.0, rate: 0.5 };
        // The norms become 4 and 0.75.
        close(Constraint { min_max_norm: Some(half), ..none }, [2.4, 0.45, -3.2, 0.6]);
    }
}
