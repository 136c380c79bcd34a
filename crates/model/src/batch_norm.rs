//! Batch normalisation over the batch axis (Ioffe & Szegedy 2015), with Keras's defaults.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};

use crate::ops;

/// The share of the moving statistics that survives a step; Keras's `momentum`. Burn's own module means
/// one minus this.
const MOMENTUM: f64 = 0.99;
/// Added to the variance; Keras's `epsilon`.
pub const EPSILON: f64 = 1e-3;

/// Normalises each unit to mean 0 and variance 1, then scales by gamma and shifts by beta: by the
/// batch's own statistics in training, by the moving ones in inference.
///
/// It is not Burn's own module, whose statistics move behind a shared lock and one step late.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale, `[units]`, trained, from ones.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[units]`, trained, from zeros.
    pub beta: Param<Tensor<1>>,
    /// Mean of the batches seen, `[units]`, from zeros. Moved, not trained.
    pub moving_mean: Param<Tensor<1>>,
    /// Biased variance of the batches seen, `[units]`, from ones. Moved, not trained.
    pub moving_variance: Param<Tensor<1>>,
}

/// Mean and biased variance of a training batch, each `[units]`.
#[derive(Debug, Clone)]
pub struct BatchStatistics([Tensor<1>; 2]);

impl BatchNorm {
    /// Keras's start: gamma and moving variance 1, beta and moving mean 0.
    #[must_use]
    pub fn new(units: usize, device: &Device) -> Self {
        let constant = |value: f32| Param::from_data(vec![value; units].as_slice(), device);
        Self {
            gamma: constant(1.0),
            beta: constant(0.0),
            moving_mean: constant(0.0).set_require_grad(false),
            moving_variance: constant(1.0).set_require_grad(false),
        }
    }

    /// Normalises `[batch, units]`. As in Burn's modules the device tells training from inference: under
    /// autodiff it is by the batch's own statistics, which are returned for [`update`](Self::update).
    pub(crate) fn forward(&self, input: Tensor<2>) -> (Tensor<2>, Option<BatchStatistics>) {
        let is_training = input.is_autodiff();
        let moments = if is_training {
            ops::moments(input.clone())
        } else {
            [self.moving_mean.val(), self.moving_variance.val()]
        };
        let statistics = is_training.then(|| BatchStatistics(moments.clone()));
        let parameters = [self.gamma.val(), self.beta.val()];
        (ops::batch_norm(input, moments, parameters, EPSILON), statistics)
    }

    /// Moves the moving statistics towards a batch's: moving · momentum + batch · (1 − momentum).
    #[must_use]
    pub fn update(mut self, BatchStatistics([mean, variance]): BatchStatistics) -> Self {
        // Keras's order of operations.
        let moved = |moving: Tensor<1>, batch: Tensor<1>| {
            moving.without_autodiff() * MOMENTUM + batch * (1.0 - MOMENTUM)
        };
        self.moving_mean = self.moving_mean.map(|moving| moved(moving, mean));
        self.moving_variance = self.moving_variance.map(|moving| moved(moving, variance));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn inference_uses_the_moved_statistics() {
        let device = Device::flex();
        let row = |values: [f32; 2]| Tensor::<1>::from_data(values, &device);
        let batch_norm = BatchNorm::new(2, &device);
        let statistics = BatchStatistics([row([2.0, 10.0]), row([1.0, 0.0])]);
        let batch_norm = batch_norm.update(statistics);
        let close = |tensor: Tensor<1>, expected: [f32; 2]| {
            for (value, expected) in values(tensor).into_iter().zip(expected) {
                assert!((value - expected).abs() < 1e-6, "{value} instead of {expected}");
            }
        };
        close(batch_norm.moving_mean.val(), [0.02, 0.1]);
        close(batch_norm.moving_variance.val(), [1.0, 0.99]);

        // (1 - 0.02) / √(1 + 0.001) and (10 - 0.1) / √(0.99 + 0.001).
        let (output, statistics) = batch_norm.forward(Tensor::from_data([[1.0, 10.0]], &device));
        assert!(statistics.is_none());
        let output = values(output);
        assert!((output[0] - 0.98 / 1.001_f32.sqrt()).abs() < 1e-6);
        assert!((output[1] - 9.9 / 0.991_f32.sqrt()).abs() < 1e-4);
    }
}
