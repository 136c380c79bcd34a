//! One layer of the network: Dense, then what regularises it.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};

use crate::{
    BatchNorm, BatchStatistics, Regularizer,
    network::LayerName,
    random::{dropout_mask, glorot_uniform},
    regularizer,
};

/// What a layer is made of: Dense with its penalties, then batch normalisation, then dropout.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerConfig {
    /// Outputs of the Dense layer.
    pub units: usize,
    /// Penalises the Dense kernel.
    pub kernel_regularizer: Regularizer,
    /// Penalises the Dense bias.
    pub bias_regularizer: Regularizer,
    /// Penalises what the activation function gives, divided by the batch's size.
    pub activity_regularizer: Regularizer,
    /// Whether batch normalisation follows the activation.
    pub batch_norm: bool,
    /// The share of units that dropout silences in training, last of all: 0 (no dropout) to under 1.
    pub dropout: f64,
}

impl LayerConfig {
    /// A plain Dense layer.
    #[must_use]
    pub fn plain(units: usize) -> Self {
        Self {
            units,
            kernel_regularizer: Regularizer::default(),
            bias_regularizer: Regularizer::default(),
            activity_regularizer: Regularizer::default(),
            batch_norm: false,
            dropout: 0.0,
        }
    }

    /// A layer at Keras's start: glorot uniform kernel, zero bias.
    #[must_use]
    pub fn init(&self, seed: u64, name: LayerName, inputs: usize, device: &Device) -> Layer {
        let kernel = glorot_uniform(seed, name, inputs, self.units);
        let kernel = TensorData::new(kernel, [inputs, self.units]);
        Layer {
            kernel: Param::from_data(kernel, device),
            bias: Param::from_data(vec![0.0; self.units].as_slice(), device),
            batch_norm: self.batch_norm.then(|| BatchNorm::new(self.units, device)),
        }
    }

    /// The dropout mask `[batch, units]` of one training step; `None` without dropout.
    #[must_use]
    pub fn mask(
        &self,
        seed: u64,
        name: LayerName,
        step: u64,
        batch: usize,
        device: &Device,
    ) -> Option<Tensor<2>> {
        (self.dropout > 0.0).then(|| {
            let mask = dropout_mask(seed, name, step, self.dropout, batch * self.units);
            Tensor::from_data(TensorData::new(mask, [batch, self.units]), device)
        })
    }

    /// The kernel's and the bias's penalties; the batch has no part in them.
    pub(crate) fn weight_penalty(&self, layer: &Layer) -> Option<Tensor<1>> {
        regularizer::sum([
            self.kernel_regularizer.penalty(layer.kernel.val()),
            self.bias_regularizer.penalty(layer.bias.val()),
        ])
    }

    /// The activity's penalty per image, as Keras's layers divide it by the batch's size.
    pub(crate) fn activity_penalty(&self, activity: &Tensor<2>) -> Option<Tensor<1>> {
        let [batch, _] = activity.dims();
        self.activity_regularizer.penalty(activity.clone()).map(|penalty| penalty / batch as f64)
    }

    /// The gradient of [`activity_penalty`](Self::activity_penalty) by the activity, in its shape.
    pub(crate) fn activity_gradient(&self, activity: &Tensor<2>) -> Option<Tensor<2>> {
        let [batch, _] = activity.dims();
        self.activity_regularizer.gradient(activity.clone()).map(|gradient| gradient / batch as f64)
    }
}

/// The weights of one layer.
#[derive(Module, Debug)]
pub struct Layer {
    /// `[inputs, units]`, as in Keras.
    pub kernel: Param<Tensor<2>>,
    /// `[units]`.
    pub bias: Param<Tensor<1>>,
    /// There where the layer's config asks for it.
    pub batch_norm: Option<BatchNorm>,
}

impl Layer {
    /// The input's product with the kernel: `[batch, inputs]` to `[batch, units]`.
    pub(crate) fn product(&self, input: Tensor<2>) -> Tensor<2> {
        input.matmul(self.kernel.val())
    }

    /// Dense without its activation function: `[batch, inputs]` to `[batch, units]`.
    pub(crate) fn dense(&self, input: Tensor<2>) -> Tensor<2> {
        self.product(input) + self.bias.val().unsqueeze()
    }

    /// Moves the moving statistics towards a batch's.
    pub(crate) fn update(mut self, statistics: Option<BatchStatistics>) -> Self {
        if let Some(statistics) = statistics {
            self.batch_norm = self.batch_norm.map(|batch_norm| batch_norm.update(statistics));
        }
        self
    }
}
