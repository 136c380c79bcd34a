//! A hidden layer: Dense with ReLU, then an optional normalisation, and noise.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

use crate::{
    BatchNorm, BatchStatistics, Dense, DenseConfig, Input, LayerName, LayerNorm, Noise,
    NoiseConfig, Norm,
};

/// The settings of a hidden layer, in the order of its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockConfig {
    /// Number of units, 1 or more.
    pub units: usize,
    /// Dense with ReLU.
    pub dense: DenseConfig,
    /// Normalisation of ReLU's output.
    pub norm: Option<Norm>,
    /// Noise on the output.
    pub noise: NoiseConfig,
}

/// A hidden layer.
#[derive(Module, Debug)]
pub struct Block {
    /// Dense with ReLU.
    pub dense: Dense,
    /// Batch normalisation after ReLU; `None` if the config disables it.
    pub batch_norm: Option<BatchNorm>,
    /// Layer normalisation after ReLU; `None` if the config disables it.
    pub layer_norm: Option<LayerNorm>,
    /// Noise on the output in training.
    #[module(skip)]
    pub noise: NoiseConfig,
}

impl BlockConfig {
    /// Returns the settings of a layer without regularisation.
    pub fn plain(units: usize) -> Self {
        let (dense, noise) = Default::default();
        Self { units, dense, norm: None, noise }
    }

    pub(crate) fn init(&self, seed: u64, name: LayerName, inputs: usize, device: &Device) -> Block {
        let Self { units, ref dense, norm, noise } = *self;
        Block {
            dense: dense.init(seed, name, [inputs, units], device),
            batch_norm: (norm == Some(Norm::Batch)).then(|| BatchNorm::new(units, device)),
            layer_norm: (norm == Some(Norm::Layer)).then(|| LayerNorm::new(units, device)),
            noise,
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
    pub(crate) fn forward(&self, input: Input, noise: Noise) -> BlockOutput {
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
