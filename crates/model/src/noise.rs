//! The random tensors of a training step: noise and dropout.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    LayerName,
    random::{dropout_mask, gaussian_factors, gaussian_noise},
};

/// The settings of the noise on a layer's output, in the order in which it is applied in training; by default there is
/// none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NoiseConfig {
    /// Standard deviation of the normal noise that is added, 0 or more. 0 disables it.
    pub gaussian_noise: f64,
    /// Rate of Gaussian dropout, 0 or more and below 1. The output is multiplied by normal factors of mean 1 and variance
    /// rate / (1 − rate) (Srivastava et al. 2014, section 10). 0 disables it.
    pub gaussian_dropout: f64,
    /// Probability that dropout sets an output to 0: 0 or more and below 1. 0 disables it.
    pub dropout: f64,
}

/// The noise on a layer's output `[batch, units]` in one training step. The default changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Noise {
    /// Gaussian noise, which is added first.
    pub added: Option<Tensor<2>>,
    /// Factors of Gaussian dropout and dropout, which multiply the sum.
    pub factors: Option<Tensor<2>>,
}

/// The noise on a network's input and hidden layers in one training step. The default changes nothing.
#[derive(Debug, Clone, Default)]
pub struct NetworkNoise {
    /// Noise on the input.
    pub input: Noise,
    /// Noise on the hidden layers, in order from the input. Layers beyond its end have none.
    pub hidden: Vec<Noise>,
}

impl Noise {
    /// Draws the noise of one training step on a layer's output, for `shape`, `[batch, units]`.
    pub(crate) fn draw(
        config: NoiseConfig,
        seed: u64,
        name: LayerName,
        step: u64,
        shape: [usize; 2],
        device: &Device,
    ) -> Self {
        let NoiseConfig { gaussian_noise: deviation, gaussian_dropout, dropout } = config;
        let len = shape[0] * shape[1];
        let added = (deviation > 0.0).then(|| gaussian_noise(seed, name, step, deviation, len));
        let gaussian = (gaussian_dropout > 0.0)
            .then(|| gaussian_factors(seed, name, step, gaussian_dropout, len));
        let mask = (dropout > 0.0).then(|| dropout_mask(seed, name, step, dropout, len));
        let factors = gaussian.into_iter().chain(mask).reduce(|mut factors, others| {
            for (factor, other) in factors.iter_mut().zip(others) {
                *factor *= other;
            }
            factors
        });
        let tensor = |values| Tensor::from_data(TensorData::new(values, shape), device);
        Self { added: added.map(tensor), factors: factors.map(tensor) }
    }

    /// Returns whether the noise changes nothing.
    pub(crate) fn is_none(&self) -> bool {
        self.added.is_none() && self.factors.is_none()
    }

    /// Applies the noise to an output.
    ///
    /// # Panics
    ///
    /// If the shapes differ.
    pub(crate) fn apply(self, output: Tensor<2>) -> Tensor<2> {
        let output = match self.added {
            Some(added) => output + added,
            None => output,
        };
        match self.factors {
            Some(factors) => output * factors,
            None => output,
        }
    }
}
