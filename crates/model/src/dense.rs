//! A Dense layer and its penalties.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};

use crate::{LayerName, Regularizer, ops::dense, random::glorot_uniform};

/// The penalties of a Dense layer. The default is none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Regularizers {
    /// Penalises the kernel.
    pub kernel: Regularizer,
    /// Penalises the bias.
    pub bias: Regularizer,
    /// Penalises the output of the activation function, divided by the batch's size.
    pub activity: Regularizer,
}

/// A Dense layer: its weights, and what penalises them.
#[derive(Module, Debug)]
pub struct Dense {
    /// `[inputs, units]`, as in Keras.
    pub kernel: Param<Tensor<2>>,
    /// `[units]`.
    pub bias: Param<Tensor<1>>,
    /// The penalties that the loss includes.
    #[module(skip)]
    pub regularizers: Regularizers,
}

impl Regularizers {
    /// Initialises a layer as Keras does: glorot uniform kernel, zero bias.
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
    /// Inputs and units.
    #[must_use]
    pub fn dims(&self) -> [usize; 2] {
        self.kernel.dims()
    }

    /// input · kernel + bias: `[batch, inputs]` to `[batch, units]`.
    pub(crate) fn linear(&self, input: Tensor<2>) -> Tensor<2> {
        dense(input, self.kernel.val(), self.bias.val(), false)
    }

    /// relu(input · kernel + bias): `[batch, inputs]` to `[batch, units]`.
    pub(crate) fn relu(&self, input: Tensor<2>) -> Tensor<2> {
        dense(input, self.kernel.val(), self.bias.val(), true)
    }

    /// The layer's penalties, each `[1]`, from the output of its activation function `[batch, units]`.
    pub(crate) fn penalties(
        &self,
        activity: impl FnOnce() -> Tensor<2>,
    ) -> impl Iterator<Item = Tensor<1>> {
        let Regularizers { kernel, bias, activity: of_activity } = self.regularizers;
        let of_activity = (!of_activity.is_none()).then(activity).and_then(|activity| {
            let [batch, _] = activity.dims();
            of_activity.per(batch).penalty(activity)
        });
        [kernel.penalty(self.kernel.val()), bias.penalty(self.bias.val()), of_activity]
            .into_iter()
            .flatten()
    }
}
