//! A Dense layer and its penalties.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};

use crate::{LayerName, Regularizer, ops::dense, random::glorot_uniform};

/// The penalties of a Dense layer; by default there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Regularizers {
    /// Penalty on the kernel.
    pub kernel: Regularizer,
    /// Penalty on the bias.
    pub bias: Regularizer,
    /// Penalty on the output of the activation function: its sum over the batch, divided by the batch size.
    pub activity: Regularizer,
}

/// A Dense layer: its weights and penalties.
#[derive(Module, Debug)]
pub struct Dense {
    /// Kernel, `[inputs, units]` as in Keras.
    pub kernel: Param<Tensor<2>>,
    /// Bias, `[units]`.
    pub bias: Param<Tensor<1>>,
    /// The penalties that the layer adds to the loss.
    #[module(skip)]
    pub regularizers: Regularizers,
}

impl Regularizers {
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
            regularizers: *self,
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
    pub(crate) fn relu(&self, input: Tensor<2>) -> Tensor<2> {
        dense(input, self.kernel.val(), self.bias.val(), true)
    }

    /// Computes the layer's penalties, each `[1]`. `activity` returns the output of the layer's activation function,
    /// `[batch, units]`; it is called only if that output is penalised.
    pub(crate) fn penalties(
        &self,
        activity: impl FnOnce() -> Tensor<2>,
    ) -> impl Iterator<Item = Tensor<1>> {
        let Regularizers { kernel, bias, activity: activity_regularizer } = self.regularizers;
        let activity = (!activity_regularizer.is_none()).then(activity);
        let activity_penalty = activity.and_then(|activity| {
            let [batch, _] = activity.dims();
            activity_regularizer.divided_by(batch).penalty(activity)
        });
        [kernel.penalty(self.kernel.val()), bias.penalty(self.bias.val()), activity_penalty]
            .into_iter()
            .flatten()
    }
}
