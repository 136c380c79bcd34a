//! The loss's gradient by every trained parameter, and the step of gradient descent along it.

use burn::{module::Param, tensor::Tensor};

use crate::{BatchNorm, BatchStatistics, Layer, Network};

/// The loss's gradient by a network's parameters.
#[derive(Debug, Clone)]
pub struct Gradients {
    /// By the first hidden layer's.
    pub hidden1: LayerGradients,
    /// By the second hidden layer's.
    pub hidden2: LayerGradients,
    /// By the output layer's.
    pub output: LayerGradients,
}

/// The loss's gradient by a layer's parameters, each in its parameter's shape.
#[derive(Debug, Clone)]
pub struct LayerGradients {
    /// `[inputs, units]`.
    pub kernel: Tensor<2>,
    /// `[units]`.
    pub bias: Tensor<1>,
    /// There where the layer has batch normalisation.
    pub batch_norm: Option<BatchNormGradients>,
}

/// The loss's gradient by what batch normalisation learns, each `[units]`.
#[derive(Debug, Clone)]
pub struct BatchNormGradients {
    /// By the scale.
    pub gamma: Tensor<1>,
    /// By the shift.
    pub beta: Tensor<1>,
}

impl Network {
    /// Moves the weights by what a [`step`](Self::step) computed: Keras's `SGD` without momentum,
    /// parameter - learning rate · gradient, and batch normalisation's moving statistics.
    #[must_use]
    pub fn learn(
        self,
        gradients: Gradients,
        [statistics1, statistics2]: [Option<BatchStatistics>; 2],
        learning_rate: f64,
    ) -> Self {
        let Self { hidden1, hidden2, output } = self;
        Self {
            hidden1: hidden1.descend(gradients.hidden1, learning_rate).update(statistics1),
            hidden2: hidden2.descend(gradients.hidden2, learning_rate).update(statistics2),
            output: output.descend(gradients.output, learning_rate),
        }
    }
}

impl Layer {
    fn descend(mut self, gradients: LayerGradients, learning_rate: f64) -> Self {
        self.kernel = moved(self.kernel, gradients.kernel, learning_rate);
        self.bias = moved(self.bias, gradients.bias, learning_rate);
        self.batch_norm = match (self.batch_norm, gradients.batch_norm) {
            (Some(batch_norm), Some(gradients)) => Some(BatchNorm {
                gamma: moved(batch_norm.gamma, gradients.gamma, learning_rate),
                beta: moved(batch_norm.beta, gradients.beta, learning_rate),
                ..batch_norm
            }),
            (batch_norm, _) => batch_norm,
        };
        self
    }
}

fn moved<const D: usize>(
    parameter: Param<Tensor<D>>,
    gradient: Tensor<D>,
    learning_rate: f64,
) -> Param<Tensor<D>> {
    parameter.map(|values| values - gradient * learning_rate)
}
