//! From bytes to batches on a device. The images stay bytes, a quarter of the memory of floats and
//! under every GPU's buffer limit, and become floats batch by batch.

use burn::tensor::{Device, Tensor, TensorData};
use data::{CLASSES, PIXELS, Split};

use crate::study::Pixels;

/// A split as a network sees it.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// The bytes.
    pub split: &'a Split,
    /// What the network sees of a byte.
    pub pixels: Pixels,
}

/// Images and their labels, on a device.
#[derive(Debug)]
pub struct Batch {
    /// `[batch, PIXELS]`.
    pub images: Tensor<2>,
    /// One-hot, `[batch, CLASSES]`.
    pub labels: Tensor<2>,
}

impl Images<'_> {
    /// Puts some images, by their places in the split, on a device.
    #[must_use]
    pub fn batch(&self, places: &[usize], device: &Device) -> Batch {
        let divisor = match self.pixels {
            Pixels::Unit => 255.0,
            Pixels::Raw => 1.0,
        };
        // Bytes first: so short a copy leaves the processor free to fetch the next images, far off in
        // memory, meanwhile.
        let mut bytes = Vec::with_capacity(places.len() * PIXELS);
        for &place in places {
            bytes.extend_from_slice(self.split.image(place));
        }
        // Dividing, as `x / 255` does in Keras; the reciprocal would round otherwise.
        let pixels = bytes.into_iter().map(|pixel| f32::from(pixel) / divisor).collect();
        let mut labels = vec![0.0; places.len() * CLASSES];
        for (row, &place) in labels.chunks_exact_mut(CLASSES).zip(places) {
            row[usize::from(self.split.labels()[place])] = 1.0_f32;
        }
        Batch {
            images: Tensor::from_data(TensorData::new(pixels, [places.len(), PIXELS]), device),
            labels: Tensor::from_data(TensorData::new(labels, [places.len(), CLASSES]), device),
        }
    }
}
