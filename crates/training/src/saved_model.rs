//! A trained network that answers.

use burn::tensor::{Device, activation::softmax};
use data::Split;
use model::{Masks, Network};

use crate::{Error, Images, Pixels, weights::Weights};

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
    /// # Errors
    ///
    /// When the device does not give them up.
    ///
    /// # Panics
    ///
    /// When the images are not of [`inputs`](Self::inputs) pixels.
    pub fn probabilities(&self, split: &Split) -> Result<Vec<Vec<f32>>, Error> {
        let images = Images { split, pixels: self.pixels };
        let mut probabilities = Vec::with_capacity(split.len());
        for batch in images.inference_batches(&self.network, &self.device) {
            let logits = self.network.forward(batch.images, Masks::default()).logits;
            let data = softmax(logits, 1).try_into_data();
            let data = data.map_err(|error| Error::Unread(error.to_string()))?;
            let values = data.try_into_vec::<f32>();
            let values = values.map_err(|error| Error::Unread(format!("{error:?}")))?;
            probabilities.extend(values.chunks(self.classes).map(<[f32]>::to_vec));
        }
        Ok(probabilities)
    }
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
