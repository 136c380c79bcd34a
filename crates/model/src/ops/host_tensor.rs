//! Tensors of the CPU backends as slices of host memory.
#![expect(clippy::cast_sign_loss, reason = "the index of a class is 0 or more")]

use burn::{
    backend::flex::FlexTensor,
    tensor::{Shape, TensorData},
};

/// A tensor in host memory: float32 values, or integer classes.
pub(super) trait HostTensor: Sized {
    /// Returns the values in row-major order, in storage without other values. Copies only if they are not so already.
    fn contiguous(self) -> Self;

    /// Returns the values of a contiguous float32 tensor.
    fn floats(&self) -> &[f32];

    /// Returns the values of a contiguous float32 tensor for writing. Copies only if its storage has another handle.
    fn floats_mut(&mut self) -> &mut [f32];

    /// Returns the values of a contiguous integer tensor as indices of classes.
    fn classes(&self) -> Vec<usize>;

    /// Creates a tensor of these values.
    fn from_data(data: TensorData) -> Self;
}

impl HostTensor for FlexTensor {
    fn contiguous(self) -> Self {
        // `self` is dropped on return. So the result has the storage's only handle, unless there were others before.
        self.to_contiguous()
    }

    fn floats(&self) -> &[f32] {
        self.storage()
    }

    fn floats_mut(&mut self) -> &mut [f32] {
        self.storage_mut()
    }

    fn classes(&self) -> Vec<usize> {
        self.storage::<i32>().iter().map(|&class| class as usize).collect()
    }

    fn from_data(data: TensorData) -> Self {
        Self::from_data(data)
    }
}

#[cfg(feature = "ndarray")]
#[expect(clippy::cast_possible_truncation, reason = "the index of a class is small")]
impl HostTensor for burn::backend::ndarray::NdArrayTensor {
    fn contiguous(self) -> Self {
        match &self {
            Self::F32(storage) if storage.view().to_slice().is_none() => {
                let values: Vec<f32> = storage.view().iter().copied().collect();
                Self::from_data(TensorData::new(values, storage.shape().to_vec()))
            }
            _ => self,
        }
    }

    fn floats(&self) -> &[f32] {
        match self {
            Self::F32(storage) => storage.view().to_slice().expect("the tensor is contiguous"),
            _ => unreachable!("the network computes in float32"),
        }
    }

    fn floats_mut(&mut self) -> &mut [f32] {
        match self {
            Self::F32(storage) => {
                storage.ensure_owned().as_slice_mut().expect("the tensor is contiguous")
            }
            _ => unreachable!("the network computes in float32"),
        }
    }

    fn classes(&self) -> Vec<usize> {
        match self {
            Self::I32(storage) => storage.view().iter().map(|&class| class as usize).collect(),
            Self::I64(storage) => storage.view().iter().map(|&class| class as usize).collect(),
            _ => unreachable!("classes are int32 or int64"),
        }
    }

    fn from_data(data: TensorData) -> Self {
        Self::from_data(data)
    }
}

/// Creates a tensor of these values in this shape.
pub(super) fn tensor<T: HostTensor>(values: Vec<f32>, shape: Shape) -> T {
    T::from_data(TensorData::new(values, shape))
}

/// Creates a vector of these values.
pub(super) fn vector<T: HostTensor>(values: Vec<f32>) -> T {
    let shape = Shape::new([values.len()]);
    tensor(values, shape)
}
