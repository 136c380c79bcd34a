//! The random tensors of a training step: noise and dropout.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    LayerConfig, LayerName,
    random::{dropout_mask, gaussian_factors, gaussian_noise},
};

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
        config: &LayerConfig,
        seed: u64,
        name: LayerName,
        step: u64,
        shape: [usize; 2],
        device: &Device,
    ) -> Self {
        let LayerConfig { gaussian_noise: deviation, gaussian_dropout, dropout, .. } = *config;
        let len = shape[0] * shape[1];
        let added = (deviation > 0.0).then(|| gaussian_noise(seed, name, step, deviation, len));
        let gaussian = (gaussian_dropout > 0.0)
            .then(|| gaussian_factors(seed, name, step, gaussian_dropout, len));
        let mask = (dropout > 0.0).then(|| dropout_mask(seed, name, step, dropout, len));
        let product = |mut factors: Vec<f32>, others: Vec<f32>| {
            for (factor, other) in factors.iter_mut().zip(others) {
                *factor *= other;
            }
            factors
        };
        let factors = gaussian.into_iter().chain(mask).reduce(product);
        let tensor = |values| Tensor::from_data(TensorData::new(values, shape), device);
        Self { added: added.map(tensor), factors: factors.map(tensor) }
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
