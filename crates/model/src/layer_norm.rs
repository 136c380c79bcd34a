//! Layer normalisation (Ba et al. 2016), with Keras's defaults.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};

use crate::EPSILON;

/// Normalises each image's outputs to mean 0 and variance 1 over the units, then scales each unit by gamma and shifts it
/// by beta. Training and inference do the same.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Scale, `[units]`, trained; initially 1.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[units]`, trained; initially 0.
    pub beta: Param<Tensor<1>>,
}

impl LayerNorm {
    /// Creates a layer with Keras's initial values: gamma 1, beta 0.
    pub fn new(units: usize, device: &Device) -> Self {
        let constant = |value: f32| Param::from_data(vec![value; units].as_slice(), device);
        Self { gamma: constant(1.0), beta: constant(0.0) }
    }

    /// Normalises `[batch, units]`. Epsilon is Keras's default, that of batch normalisation.
    pub(crate) fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let mean = input.clone().mean_dim(1);
        let centred = input - mean;
        let variance = (centred.clone() * centred.clone()).mean_dim(1);
        let normalised = centred / (variance + EPSILON).sqrt();
        normalised * self.gamma.val().unsqueeze() + self.beta.val().unsqueeze()
    }
}
