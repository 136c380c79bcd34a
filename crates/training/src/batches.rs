//! From bytes to batches on a device. The images stay bytes, a quarter of the memory of floats and
//! under every GPU's buffer limit, and become floats batch by batch.

use std::fmt;

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::Split;
use model::Network;

/// Images per batch in inference, fewer where layers are wide. A result does not depend on it but for rounding.
const INFERENCE_BATCH: usize = 1000;
/// The most float32 of a tensor: 128 MiB, at which the buffers of many GPUs end.
pub const LARGEST_GPU_BUFFER: usize = (128 << 20) / size_of::<f32>();

/// The values that a network sees of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixels {
    /// 0 to 1.
    Unit,
    /// 0 to 255, as in the notebook.
    Raw,
}

/// A split as a network sees it.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// The bytes.
    pub split: &'a Split,
    /// The values of a byte.
    pub pixels: Pixels,
}

/// Images and their classes, on a device.
#[derive(Debug)]
pub struct Batch {
    /// `[batch, inputs]`.
    pub images: Tensor<2>,
    /// The right classes, `[batch]`.
    pub classes: Tensor<1, Int>,
}

impl Pixels {
    /// All choices.
    pub const ALL: [Self; 2] = [Self::Unit, Self::Raw];
}

impl fmt::Display for Pixels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unit => "unit",
            Self::Raw => "raw",
        })
    }
}

impl<'a> Images<'a> {
    /// All images in their order, in batches whose activities every device has room for.
    pub(crate) fn inference_batches(
        self,
        network: &Network,
        device: &'a Device,
    ) -> impl Iterator<Item = Batch> + use<'a> {
        let widest = network.widths().into_iter().max().unwrap_or(1);
        let (len, batch) =
            (self.split.len(), (LARGEST_GPU_BUFFER / widest).clamp(1, INFERENCE_BATCH));
        (0..len).step_by(batch).map(move |from| {
            let indices: Vec<usize> = (from..len.min(from + batch)).collect();
            self.batch(&indices, device)
        })
    }

    /// Puts the images of some indices of the split on a device.
    #[must_use]
    pub fn batch(&self, indices: &[usize], device: &Device) -> Batch {
        let divisor = match self.pixels {
            Pixels::Unit => 255.0,
            Pixels::Raw => 1.0,
        };
        let (batch, inputs) = (indices.len(), self.split.shape().pixels());
        // Bytes first: so short a copy leaves the processor free to fetch the next images, far off in
        // memory, meanwhile.
        let mut bytes = Vec::with_capacity(batch * inputs);
        for &index in indices {
            bytes.extend_from_slice(self.split.image(index));
        }
        // Dividing, as `x / 255` does in Keras; the reciprocal would round otherwise.
        let pixels = bytes.into_iter().map(|pixel| f32::from(pixel) / divisor).collect();
        let labels = self.split.labels();
        let classes: Vec<i32> = indices.iter().map(|&index| i32::from(labels[index])).collect();
        Batch {
            images: Tensor::from_data(TensorData::new(pixels, [batch, inputs]), device),
            classes: Tensor::from_data(TensorData::new(classes, [batch]), device),
        }
    }
}
