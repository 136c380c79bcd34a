//! Batches on a device, made from a split's bytes. The images stay bytes in host memory, a quarter of the size of
//! float32. Each batch is converted to float32 when it is needed, which keeps it under every GPU's buffer limit.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::{Shape, Split};
use model::{Input, Network, SparseInput};
use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

/// Largest batch size in inference; wide layers lower it. The batch size affects results only by rounding.
const INFERENCE_BATCH: usize = 1000;
/// Largest number of float32 values in one tensor: 128 MiB, the largest buffer of many GPUs.
pub const LARGEST_GPU_TENSOR: usize = (128 << 20) / size_of::<f32>();

/// The range of the pixel values that a network gets.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Display, VariantArray, Serialize, Deserialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "lowercase")]
pub enum Pixels {
    /// 0 to 1: the pixel's byte divided by 255.
    #[default]
    Unit,
    /// 0 to 255, as in the notebook: the pixel's byte itself.
    Raw,
}

impl Pixels {
    /// Returns the number by which a pixel's byte is divided.
    fn divisor(self) -> f32 {
        match self {
            Self::Unit => 255.0,
            Self::Raw => 1.0,
        }
    }
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
    /// Images.
    pub images: Input,
    /// True classes, `[batch]`.
    pub classes: Tensor<1, Int>,
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

    /// Copies the images at these indices of the split to a device, without their black pixels if the split has them so.
    ///
    /// # Panics
    ///
    /// If an index is out of range.
    pub fn batch(&self, indices: &[usize], device: &Device) -> Batch {
        if let Some(sparse) = self.split.sparse() {
            let (images, divisor) = (Arc::new(sparse.copied(indices)), self.pixels.divisor());
            let images = Input::Sparse(SparseInput { images, divisor });
            return Batch { images, classes: self.classes(indices, device) };
        }
        self.batch_of(indices, device, |index, bytes| {
            bytes.extend_from_slice(self.split.image(index));
        })
    }

    /// Copies the images at these indices to a device, each moved right and down by its whole numbers of pixels in
    /// `shifts`, which has those of all images of the split. What moves in is 0.
    ///
    /// # Panics
    ///
    /// If an index is out of range.
    pub fn shifted_batch(&self, indices: &[usize], shifts: &[[i16; 2]], device: &Device) -> Batch {
        let Shape { width, .. } = self.split.shape();
        self.batch_of(indices, device, |index, bytes| {
            append_shifted(bytes, self.split.image(index), width, shifts[index]);
        })
    }

    /// Copies images to a device. `append` appends the bytes of an image, given its index.
    fn batch_of(
        &self,
        indices: &[usize],
        device: &Device,
        append: impl Fn(usize, &mut Vec<u8>),
    ) -> Batch {
        let inputs = self.split.shape().pixels();
        // The images lie far apart in memory. Copying only bytes here lets the CPU fetch the next image while it
        // copies one.
        let mut bytes = Vec::with_capacity(indices.len() * inputs);
        for &index in indices {
            append(index, &mut bytes);
        }
        let images = Input::dense(bytes, inputs, self.pixels.divisor(), device);
        Batch { images, classes: self.classes(indices, device) }
    }

    /// Copies the labels at these indices to a device.
    fn classes(&self, indices: &[usize], device: &Device) -> Tensor<1, Int> {
        let labels = self.split.labels();
        let classes: Vec<i32> = indices.iter().map(|&index| i32::from(labels[index])).collect();
        Tensor::from_data(TensorData::new(classes, [indices.len()]), device)
    }
}

/// Appends an image of this width, moved right and down by whole numbers of pixels. What moves in is 0.
fn append_shifted(bytes: &mut Vec<u8>, image: &[u8], width: usize, [right, down]: [i16; 2]) {
    let start = bytes.len();
    bytes.resize(start + image.len(), 0);
    let height = image.len() / width;
    // The destination's and the source's first row or column, and the number of rows or columns that stay.
    let span = |shift: i16, len: usize| {
        let distance = usize::from(shift.unsigned_abs()).min(len);
        if shift > 0 { (distance, 0, len - distance) } else { (0, distance, len - distance) }
    };
    let (to_row, from_row, rows) = span(down, height);
    let (to_column, from_column, columns) = span(right, width);
    for row in 0..rows {
        let to = start + (to_row + row) * width + to_column;
        let from = (from_row + row) * width + from_column;
        bytes[to..to + columns].copy_from_slice(&image[from..from + columns]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_into_an_image_is_0() {
        let image = [1, 2, 3, 4, 5, 6];
        let shifted = |shift| {
            let mut bytes = vec![9];
            append_shifted(&mut bytes, &image, 3, shift);
            bytes
        };
        assert_eq!(shifted([0, 0]), [9, 1, 2, 3, 4, 5, 6]);
        assert_eq!(shifted([1, 0]), [9, 0, 1, 2, 0, 4, 5]);
        assert_eq!(shifted([-2, 1]), [9, 0, 0, 0, 3, 0, 0]);
        assert_eq!(shifted([0, -1]), [9, 4, 5, 6, 0, 0, 0]);
        assert_eq!(shifted([5, 0]), [9, 0, 0, 0, 0, 0, 0]);
    }
}
