//! The images of a batch.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use data::SparseImages;

/// Images of a batch: the input of a network's first layer.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a batch has only one")]
pub enum Input {
    /// Pixel values, `[batch, inputs]`.
    Dense(Tensor<2>),
    /// Images without their black pixels.
    Sparse(SparseInput),
}

/// Images of a batch without their black pixels. It is cheap to clone.
#[derive(Debug, Clone)]
pub struct SparseInput {
    /// The images.
    pub images: Arc<SparseImages>,
    /// Number by which a pixel's byte is divided: 1 or 255.
    pub divisor: f32,
}

impl Input {
    /// Copies images, the bytes `[batch, inputs]`, to a device. Each byte is divided by a number.
    pub fn dense(bytes: Vec<u8>, inputs: usize, divisor: f32, device: &Device) -> Self {
        let batch = bytes.len() / inputs;
        // Divides, as `x / 255` in the notebook does: multiplying by the reciprocal would round differently.
        let pixels = bytes.into_iter().map(|pixel| f32::from(pixel) / divisor).collect();
        Self::Dense(Tensor::from_data(TensorData::new(pixels, [batch, inputs]), device))
    }

    /// Returns the pixel values, `[batch, inputs]`, of images without their black pixels on a device.
    pub fn into_tensor(self, device: &Device) -> Tensor<2> {
        match self {
            Self::Dense(images) => images,
            Self::Sparse(images) => Tensor::from_data(images.values(), device),
        }
    }
}

impl SparseInput {
    /// Returns the pixel values, `[batch, inputs]`.
    pub(crate) fn values(&self) -> TensorData {
        let pixels = self.images.to_pixels(|pixel| f32::from(pixel) / self.divisor);
        TensorData::new(pixels, [self.images.len(), self.images.pixels()])
    }
}

impl From<Tensor<2>> for Input {
    fn from(images: Tensor<2>) -> Self {
        Self::Dense(images)
    }
}
