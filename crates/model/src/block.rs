//! A hidden layer: Dense with ReLU, then optional batch normalisation and dropout.

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};

use crate::{BatchNorm, BatchStatistics, Dense, LayerName, Regularizers, random::dropout_mask};

/// The settings of a hidden layer: Dense with ReLU, then batch normalisation, then dropout.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockConfig {
    /// Number of units, 1 or more.
    pub units: usize,
    /// The Dense layer's penalties.
    pub regularizers: Regularizers,
    /// Enables batch normalisation, after the activation function.
    pub batch_norm: bool,
    /// Probability that dropout sets a unit's output to 0 in training: 0 or more and below 1. 0 disables dropout.
    pub dropout: f64,
}

/// A hidden layer.
#[derive(Module, Debug)]
pub struct Block {
    /// Dense with ReLU.
    pub dense: Dense,
    /// Batch normalisation after ReLU; `None` if the config disables it.
    pub batch_norm: Option<BatchNorm>,
    /// Dropout rate: 0 or more and below 1. 0 disables dropout.
    pub dropout: f64,
}

impl BlockConfig {
    /// Returns the settings of a layer without regularisation.
    pub fn plain(units: usize) -> Self {
        Self { units, regularizers: Regularizers::default(), batch_norm: false, dropout: 0.0 }
    }

    pub(crate) fn init(&self, seed: u64, name: LayerName, inputs: usize, device: &Device) -> Block {
        Block {
            dense: self.regularizers.init(seed, name, [inputs, self.units], device),
            batch_norm: self.batch_norm.then(|| BatchNorm::new(self.units, device)),
            dropout: self.dropout,
        }
    }
}

/// The output of a hidden layer, and the intermediate results that the loss and training need.
pub(crate) struct BlockOutput {
    /// The input of the next layer, `[batch, units]`.
    pub(crate) output: Tensor<2>,
    /// The output of ReLU, `[batch, units]`.
    pub(crate) activity: Tensor<2>,
    /// The batch's own statistics; `None` in inference and without batch normalisation.
    pub(crate) statistics: Option<BatchStatistics>,
}

impl Block {
    /// Computes the layer's output from `[batch, inputs]`. Dropout multiplies it by the mask, `[batch, units]`.
    pub(crate) fn forward(&self, input: Tensor<2>, mask: Option<Tensor<2>>) -> BlockOutput {
        let activity = self.dense.relu(input);
        let (output, statistics) = match &self.batch_norm {
            Some(batch_norm) => batch_norm.forward(activity.clone()),
            None => (activity.clone(), None),
        };
        let output = match mask {
            Some(mask) => output * mask,
            None => output,
        };
        BlockOutput { output, activity, statistics }
    }

    /// Draws the dropout mask `[batch, units]` of one training step; `None` without dropout.
    pub(crate) fn mask(
        &self,
        seed: u64,
        name: LayerName,
        step: u64,
        batch: usize,
    ) -> Option<Tensor<2>> {
        (self.dropout > 0.0).then(|| {
            let [_, units] = self.dense.dims();
            let mask = dropout_mask(seed, name, step, self.dropout, batch * units);
            let device = self.dense.bias.device().without_autodiff();
            Tensor::from_data(TensorData::new(mask, [batch, units]), &device)
        })
    }
}
