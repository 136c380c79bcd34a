//! A hidden layer: Dense with ReLU, then an optional normalisation, and noise.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

use crate::{BatchNorm, BatchStatistics, Dense, LayerConfig, LayerName, LayerNorm, Noise};

/// The settings of a hidden layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockConfig {
    /// Number of units, 1 or more.
    pub units: usize,
    /// The layer's other settings.
    pub layer: LayerConfig,
}

/// A hidden layer.
#[derive(Module, Debug)]
pub struct Block {
    /// Dense with ReLU, and the layer's settings.
    pub dense: Dense,
    /// Batch normalisation after ReLU; `None` if the config disables it.
    pub batch_norm: Option<BatchNorm>,
    /// Layer normalisation after ReLU; `None` if the config disables it.
    pub layer_norm: Option<LayerNorm>,
}

impl BlockConfig {
    /// Returns the settings of a layer without regularisation.
    pub fn plain(units: usize) -> Self {
        Self { units, layer: LayerConfig::default() }
    }

    pub(crate) fn init(&self, seed: u64, name: LayerName, inputs: usize, device: &Device) -> Block {
        let Self { units, layer } = *self;
        Block {
            dense: layer.init(seed, name, [inputs, units], device),
            batch_norm: layer.batch_norm.then(|| BatchNorm::new(units, device)),
            layer_norm: layer.layer_norm.then(|| LayerNorm::new(units, device)),
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
    /// Computes the layer's output from `[batch, inputs]`. The noise is `[batch, units]`.
    pub(crate) fn forward(&self, input: Tensor<2>, noise: Noise) -> BlockOutput {
        let activity = self.dense.relu(input);
        let (output, statistics) = match &self.batch_norm {
            Some(batch_norm) => batch_norm.forward(activity.clone()),
            None => (activity.clone(), None),
        };
        let output = match &self.layer_norm {
            Some(layer_norm) => layer_norm.forward(output),
            None => output,
        };
        BlockOutput { output: noise.apply(output), activity, statistics }
    }
}
