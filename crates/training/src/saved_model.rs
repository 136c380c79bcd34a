//! A trained network for inference.

use burn::tensor::{Device, activation::softmax};
use data::Split;
use model::{Network, NetworkNoise};

use crate::{Error, Images, InputFormat, weights::Weights};

/// A trained network for inference, loaded from its weights file alone.
#[derive(Debug)]
pub struct SavedModel {
    network: Network,
    device: Device,
    /// Format of its images.
    pub input: InputFormat,
    /// Number of classes.
    pub classes: usize,
}

impl SavedModel {
    /// Loads a network from the bytes of a safetensors file. Its layers are derived from the tensors' names and shapes,
    /// the format of its images from the file's metadata, as [`Weights::input`] does.
    ///
    /// # Errors
    ///
    /// If the bytes are not a safetensors file, the tensors do not form a network of this program, or the metadata do
    /// not fit it.
    pub fn parse(bytes: &[u8], device: Device) -> Result<Self, Error> {
        let weights = Weights::parse(bytes.to_vec())?;
        let (config, inputs, classes) = weights.network()?;
        let input = weights.input(inputs, classes)?;
        let network = weights.load(config.init(inputs, classes, 0, &device))?;
        Ok(Self { network, device, input, classes })
    }

    /// Returns the number of hidden layers, 1 or more.
    pub fn depth(&self) -> usize {
        self.network.hidden.len()
    }

    /// Computes the probability of each class, 0 to 1, for each image of a split: `[images, classes]`.
    ///
    /// # Panics
    ///
    /// If the images do not have the size of [`input`](Self::input).
    pub fn probabilities(&self, split: &Split) -> Result<Vec<Vec<f32>>, Error> {
        let images = Images { split, pixels: self.input.pixels };
        let mut probabilities = Vec::with_capacity(split.len());
        for batch in images.inference_batches(&self.network, &self.device) {
            // Whether the images have records must not show in the last digits.
            let images = batch.images.into_tensor(&self.device);
            let logits = self.network.forward(images, NetworkNoise::default()).logits;
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
