//! A trained network that answers.

use burn::tensor::{Device, Tensor, activation::softmax};
use data::Split;
use model::{Masks, Network};

use crate::{Error, Images, Pixels, weights::Weights};

/// Images per batch.
const BATCH: usize = 1000;

/// A trained network, read from its weights alone.
#[derive(Debug)]
pub struct SavedModel {
    network: Network,
    pixels: Pixels,
    device: Device,
    /// The values that it takes of an image.
    pub inputs: usize,
    /// The classes that it tells apart.
    pub classes: usize,
}

impl SavedModel {
    /// Reads a safetensors file's bytes. Its depth and sizes are those of the tensors.
    ///
    /// # Errors
    ///
    /// When they are no network of this program's.
    pub fn parse(bytes: &[u8], pixels: Pixels, device: Device) -> Result<Self, Error> {
        let weights = Weights::parse(bytes.to_vec())?;
        let (config, inputs, classes) = weights.network()?;
        let network = weights.load(config.init(inputs, classes, 0, &device))?;
        Ok(Self { network, pixels, device, inputs, classes })
    }

    /// The number of its hidden layers, 1 or more.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.network.hidden.len()
    }

    /// Computes the probabilities of the classes, 0 to 1, for each image of a split.
    ///
    /// # Panics
    ///
    /// When the images are not of [`inputs`](Self::inputs) pixels.
    #[must_use]
    pub fn probabilities(&self, split: &Split) -> Vec<Vec<f32>> {
        let indices: Vec<usize> = (0..split.len()).collect();
        let images = Images { split, pixels: self.pixels };
        let batches = indices.chunks(BATCH).flat_map(|indices| {
            let batch = images.batch(indices, &self.device).images;
            rows(softmax(self.network.forward(batch, Masks::default()).logits, 1))
        });
        batches.collect()
    }
}

/// The rows of a CPU's tensor; one that cannot be read has none.
fn rows(tensor: Tensor<2>) -> Vec<Vec<f32>> {
    let [_, width] = tensor.dims();
    let data = tensor.try_into_data().ok();
    let values = data.and_then(|data| data.try_into_vec::<f32>().ok()).unwrap_or_default();
    values.chunks(width.max(1)).map(<[f32]>::to_vec).collect()
}

/// The most probable class, of equal ones the first; `None` of a network that diverged, whose probabilities are
/// no numbers.
#[must_use]
pub fn answer(probabilities: &[f32]) -> Option<usize> {
    if probabilities.iter().any(|probability| probability.is_nan()) {
        return None;
    }
    (0..probabilities.len())
        .max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]).then(b.cmp(&a)))
}
