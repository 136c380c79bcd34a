//! A trained network for inference.

use burn::tensor::{Device, activation::softmax};
use data::Split;
use model::{Network, NetworkNoise};

use crate::{Error, Images, Pixels, weights::Weights};

/// A trained network for inference, loaded from its weights file alone.
#[derive(Debug)]
pub struct SavedModel {
    network: Network,
    /// Range of the pixel values.
    pub pixels: Pixels,
    device: Device,
    /// Number of pixels of an image.
    pub inputs: usize,
    /// Number of classes.
    pub classes: usize,
}

impl SavedModel {
    /// Loads a network from the bytes of a safetensors file. Its layers are derived from the tensors' names and shapes,
    /// the range of its pixels from the file's metadata; without them it is [`Pixels::Unit`].
    ///
    /// # Errors
    ///
    /// If the bytes are not a safetensors file, or the tensors do not form a network of this program.
    pub fn parse(bytes: &[u8], device: Device) -> Result<Self, Error> {
        let weights = Weights::parse(bytes.to_vec())?;
        let pixels = weights.input().map_or(Pixels::Unit, |input| input.pixels);
        let (config, inputs, classes) = weights.network()?;
        let network = weights.load(config.init(inputs, classes, 0, &device))?;
        Ok(Self { network, pixels, device, inputs, classes })
    }

    /// Returns the number of hidden layers, 1 or more.
    pub fn depth(&self) -> usize {
        self.network.hidden.len()
    }

    /// Computes the probability of each class, 0 to 1, for each image of a split: `[images, classes]`.
    ///
    /// # Panics
    ///
    /// If the images do not have [`inputs`](Self::inputs) pixels.
    pub fn probabilities(&self, split: &Split) -> Result<Vec<Vec<f32>>, Error> {
        let images = Images { split, pixels: self.pixels };
        let mut probabilities = Vec::with_capacity(split.len());
        for batch in images.inference_batches(&self.network, &self.device) {
            let logits = self.network.forward(batch.images, NetworkNoise::default()).logits;
            let data = softmax(logits, 1).try_into_data();
            let data = data.map_err(|error| Error::ReadOutput(error.to_string()))?;
            let values = data.try_into_vec::<f32>();
            let values = values.map_err(|error| Error::ReadOutput(format!("{error:?}")))?;
            probabilities.extend(values.chunks(self.classes).map(<[f32]>::to_vec));
        }
        Ok(probabilities)
    }
}

/// Returns the most probable class, the first if several are equally probable. Returns `None` if a probability is NaN,
/// as it is after training has diverged.
pub fn predicted_class(probabilities: &[f32]) -> Option<usize> {
    if probabilities.iter().any(|probability| probability.is_nan()) {
        return None;
    }
    (0..probabilities.len())
        .max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]).then(b.cmp(&a)))
}
