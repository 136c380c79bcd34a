//! Batches on a device, made from a split's bytes. The images stay bytes in host memory, a quarter of the size of
//! float32. Each batch is converted to float32 when it is needed, which keeps it under every GPU's buffer limit.

use std::fmt;

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::Split;
use model::Network;
use serde::{Deserialize, Serialize};

/// Largest batch size in inference; wide layers lower it. The batch size affects results only by rounding.
const INFERENCE_BATCH: usize = 1000;
/// Largest number of float32 values in one tensor: 128 MiB, the largest buffer of many GPUs.
pub const LARGEST_GPU_TENSOR: usize = (128 << 20) / size_of::<f32>();

/// The range of the pixel values that a network gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pixels {
    /// 0 to 1: the pixel's byte divided by 255.
    Unit,
    /// 0 to 255, as in the notebook: the pixel's byte itself.
    Raw,
}

/// A split, and the range of its pixel values.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// The images and labels, as bytes.
    pub split: &'a Split,
    /// The range of the pixel values.
    pub pixels: Pixels,
}

/// Images and their classes, on a device.
#[derive(Debug)]
pub struct Batch {
    /// Pixel values, `[batch, inputs]`.
    pub images: Tensor<2>,
    /// True classes, `[batch]`.
    pub classes: Tensor<1, Int>,
}

impl Pixels {
    /// Every range.
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
    /// Returns all images in order, in batches so small that each layer's output fits every device's buffers.
    pub(crate) fn inference_batches(
        self,
        network: &Network,
        device: &'a Device,
    ) -> impl Iterator<Item = Batch> + use<'a> {
        let widest = network.widths().into_iter().max().unwrap_or(1);
        let (len, batch) =
            (self.split.len(), (LARGEST_GPU_TENSOR / widest).clamp(1, INFERENCE_BATCH));
        (0..len).step_by(batch).map(move |start| {
            let indices: Vec<usize> = (start..len.min(start + batch)).collect();
            self.batch(&indices, device)
        })
    }

    /// Copies the images at these indices of the split to a device.
    ///
    /// # Panics
    ///
    /// If an index is out of range.
    pub fn batch(&self, indices: &[usize], device: &Device) -> Batch {
        let divisor = match self.pixels {
            Pixels::Unit => 255.0,
            Pixels::Raw => 1.0,
        };
        let (batch, inputs) = (indices.len(), self.split.shape().pixels());
        // The images lie far apart in memory. Copying only bytes here lets the CPU fetch the next image while it
        // copies one.
        let mut bytes = Vec::with_capacity(batch * inputs);
        for &index in indices {
            bytes.extend_from_slice(self.split.image(index));
        }
        // Divides, as `x / 255` in the notebook does: multiplying by the reciprocal would round differently.
        let pixels = bytes.into_iter().map(|pixel| f32::from(pixel) / divisor).collect();
        let labels = self.split.labels();
        let classes: Vec<i32> = indices.iter().map(|&index| i32::from(labels[index])).collect();
        Batch {
            images: Tensor::from_data(TensorData::new(pixels, [batch, inputs]), device),
            classes: Tensor::from_data(TensorData::new(classes, [batch]), device),
        }
    }
}
