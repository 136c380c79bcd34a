//! Batch normalisation over the batch axis (Ioffe & Szegedy 2015), with Keras's defaults.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};

use crate::ops;

/// Weight of the previous moving statistics in an update: Keras's default `momentum`. Burn's own module calls
/// one minus this the momentum.
const MOMENTUM: f64 = 0.99;
/// Added to the variance before the square root: Keras's default `epsilon`.
pub const EPSILON: f64 = 1e-3;

/// Normalises each unit to mean 0 and variance 1, then scales it by gamma and shifts it by beta. Training uses the
/// batch's own statistics, inference the moving statistics.
///
/// Burn's own module is not used: it updates its moving statistics behind a shared lock, and one step late.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale, `[units]`, trained; initially 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[units]`, trained; initially 0.
    pub beta: Param<Tensor<1>>,
    /// Moving average of the batches' means, `[units]`, not trained; initially 0.
    pub moving_mean: Param<Tensor<1>>,
    /// Moving average of the batches' biased variances, `[units]`, not trained; initially 1.
    pub moving_variance: Param<Tensor<1>>,
}

/// Mean and biased variance of each unit over a training batch, each `[units]`.
#[derive(Debug, Clone)]
pub struct BatchStatistics([Tensor<1>; 2]);

impl BatchNorm {
    /// Creates a layer with Keras's initial values: gamma and moving variance 1, beta and moving mean 0.
    pub fn new(units: usize, device: &Device) -> Self {
        let constant = |value: f32| Param::from_data(vec![value; units].as_slice(), device);
        Self {
            gamma: constant(1.0),
            beta: constant(0.0),
            moving_mean: constant(0.0).set_require_grad(false),
            moving_variance: constant(1.0).set_require_grad(false),
        }
    }

    /// Normalises `[batch, units]`. As in Burn's own modules, the device selects the mode. With autodiff (training)
    /// the batch's own statistics are used, and returned for [`update`](Self::update). Without (inference) the moving
    /// statistics are used.
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

    /// Updates the moving statistics with a batch's: moving · momentum + batch · (1 − momentum), with momentum 0.99.
    #[must_use]
    pub fn update_moving_statistics(
        mut self,
        BatchStatistics([mean, variance]): BatchStatistics,
    ) -> Self {
        // The operations are in Keras's order, so that they round in the same way.
        let updated = |moving: Tensor<1>, batch: Tensor<1>| {
            moving.without_autodiff() * MOMENTUM + batch * (1.0 - MOMENTUM)
        };
        self.moving_mean = self.moving_mean.map(|moving| updated(moving, mean));
        self.moving_variance = self.moving_variance.map(|moving| updated(moving, variance));
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
    fn inference_uses_the_updated_moving_statistics() {
        let device = Device::flex();
        let row = |values: [f32; 2]| Tensor::<1>::from_data(values, &device);
        let batch_norm = BatchNorm::new(2, &device);
        let statistics = BatchStatistics([row([2.0, 10.0]), row([1.0, 0.0])]);
        let batch_norm = batch_norm.update_moving_statistics(statistics);
        let close = |tensor: Tensor<1>, expected: [f32; 2]| {
            for (value, expected) in values(tensor).into_iter().zip(expected) {
                assert!((value - expected).abs() < 1e-6, "{value}, expected {expected}");
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
