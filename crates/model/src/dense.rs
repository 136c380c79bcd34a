//! A Dense layer and its penalties.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};

use crate::{
    Constraint, Input, LayerName, Regularizer,
    ops::{dense, sparse_dense},
    random::glorot_uniform,
};

/// The settings of a Dense layer; by default it is not regularised.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DenseConfig {
    /// Penalty on the kernel.
    pub kernel_regularizer: Regularizer,
    /// Penalty on the bias.
    pub bias_regularizer: Regularizer,
    /// Penalty on the output of the activation function: its sum over the batch, divided by the batch size.
    pub activity_regularizer: Regularizer,
    /// Constraint on the kernel after each update; norms are those of the weights of each unit.
    pub kernel_constraint: Option<Constraint>,
    /// Constraint on the bias after each update; the norm is that of the whole bias.
    pub bias_constraint: Option<Constraint>,
}

/// A Dense layer: its weights and penalties.
#[derive(Module, Debug)]
pub struct Dense {
    /// Kernel, `[inputs, units]` as in Keras.
    pub kernel: Param<Tensor<2>>,
    /// Bias, `[units]`.
    pub bias: Param<Tensor<1>>,
    /// The layer's settings.
    #[module(skip)]
    pub config: DenseConfig,
}

impl DenseConfig {
    /// Initialises a layer as Keras does: Glorot uniform kernel, zero bias.
    pub(crate) fn init(
        &self,
        seed: u64,
        name: LayerName,
        [inputs, units]: [usize; 2],
        device: &Device,
    ) -> Dense {
        let kernel = glorot_uniform(seed, name, inputs, units);
        Dense {
            kernel: Param::from_data(TensorData::new(kernel, [inputs, units]), device),
            bias: Param::from_data(vec![0.0_f32; units].as_slice(), device),
            config: self.clone(),
        }
    }
}

impl Dense {
    /// Returns the kernel's shape, `[inputs, units]`.
    pub fn dims(&self) -> [usize; 2] {
        self.kernel.dims()
    }

    /// Computes input · kernel + bias: `[batch, inputs]` to `[batch, units]`.
    pub(crate) fn linear(&self, input: Tensor<2>) -> Tensor<2> {
        dense(input, self.kernel.val(), self.bias.val(), false)
    }

    /// Computes relu(input · kernel + bias): `[batch, inputs]` to `[batch, units]`.
    pub(crate) fn relu(&self, input: Input) -> Tensor<2> {
        match input {
            Input::Dense(input) => dense(input, self.kernel.val(), self.bias.val(), true),
            Input::Sparse(images) => sparse_dense(images, self.kernel.val(), self.bias.val()),
        }
    }

    /// Computes the layer's penalties, each `[1]`. `activity` returns the output of the layer's activation function,
    /// `[batch, units]`; it is called only if that output is penalised.
    pub(crate) fn penalties(
        &self,
        activity: impl FnOnce() -> Tensor<2>,
    ) -> impl Iterator<Item = Tensor<1>> {
        let DenseConfig { kernel_regularizer, bias_regularizer, activity_regularizer, .. } =
            self.config;
        let activity = (!activity_regularizer.is_none()).then(activity);
        let of_activity = activity.and_then(|activity| {
            let [batch, _] = activity.dims();
            activity_regularizer.divided_by(batch).penalty(activity)
        });
        let of_kernel = kernel_regularizer.penalty(self.kernel.val());
        let of_bias = bias_regularizer.penalty(self.bias.val());
        [of_kernel, of_bias, of_activity].into_iter().flatten()
    }
}
