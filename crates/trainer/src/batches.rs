//! From bytes to batches on a device. The images stay bytes, a quarter of the memory of floats and
//! under every GPU's buffer limit, and become floats batch by batch.

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::{PIXELS, Split};

use crate::study::Pixels;

/// A split as a network sees it.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// The bytes.
    pub split: &'a Split,
    /// What the network sees of a byte.
    pub pixels: Pixels,
}

/// Images `[batch, PIXELS]` and their labels `[batch]`, on a device.
#[derive(Debug)]
pub struct Batch {
    /// The pixels.
    pub images: Tensor<2>,
    /// 0 to 9.
    pub labels: Tensor<1, Int>,
}

impl Images<'_> {
    /// Puts some images, by their places in the split, on a device.
    #[must_use]
    pub fn batch(&self, places: &[usize], device: &Device) -> Batch {
        let divisor = match self.pixels {
            Pixels::Unit => 255.0,
            Pixels::Raw => 1.0,
        };
        let mut pixels = Vec::with_capacity(places.len() * PIXELS);
        for &place in places {
            // Dividing, as `x / 255` does in Keras; the reciprocal would round otherwise.
            let image = self.split.image(place).iter();
            pixels.extend(image.map(|&pixel| f32::from(pixel) / divisor));
        }
        let labels = places.iter().map(|&place| i32::from(self.split.labels()[place]));
        let labels: Vec<i32> = labels.collect();
        Batch {
            images: Tensor::from_data(TensorData::new(pixels, [places.len(), PIXELS]), device),
            labels: Tensor::from_data(labels.as_slice(), device),
        }
    }
}
