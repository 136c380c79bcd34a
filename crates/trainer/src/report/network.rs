//! A trained network as the page has it: its weights, what they look like, and what it answers.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use burn::tensor::Device;
use data::Split;
use model::{EPSILON, LayerName};
use safetensors::{SafeTensorError, SafeTensors};
use serde::Serialize;
use training::{Pixels, SavedModel, predicted_class};

use crate::store::{
    self,
    record::{MODEL, Record},
};

/// A weight under this counts as gone.
const GONE: f32 = 1e-3;

/// A network that the page computes with.
#[derive(Debug, Serialize)]
pub(super) struct Network {
    pub(super) seed: u64,
    pixels: String,
    epsilon: f64,
    layers: Vec<Layer>,
    /// The kernel whose weights are shown.
    #[serde(skip)]
    pub(super) kernel: Vec<f32>,
    /// For each test image, the most probable digit; `None` without images, or where it has no answer to some.
    #[serde(skip)]
    pub(super) answers: Option<Vec<usize>>,
}

/// Tensors in base64, of little-endian float32.
#[derive(Debug, Serialize)]
struct Layer {
    inputs: usize,
    units: usize,
    kernel: String,
    bias: String,
    batch_norm: Option<BatchNorm>,
}

#[derive(Debug, Serialize)]
struct BatchNorm {
    gamma: String,
    beta: String,
    moving_mean: String,
    moving_variance: String,
}

impl Network {
    /// The network of a finished run, and its answers to the test images, if there are any. Of the layer `shown`,
    /// or the last hidden one, it has the weights to show.
    pub(super) fn read(
        record: &Record,
        shown: Option<LayerName>,
        test: Option<&Split>,
        device: &Device,
    ) -> Result<Self, store::Error> {
        record.check_files(&record.folder)?;
        let path = record.folder.join(MODEL);
        let bytes =
            fs::read(&path).map_err(|source| store::Error::Read { path: path.clone(), source })?;
        Self::parse(record, &bytes, shown, test, device)
            .map_err(|reason| store::Error::Malformed { path, reason })
    }

    fn parse(
        record: &Record,
        bytes: &[u8],
        shown: Option<LayerName>,
        test: Option<&Split>,
        device: &Device,
    ) -> Result<Self, String> {
        let pixels = record.pixels().unwrap_or(Pixels::Unit);
        let model =
            SavedModel::parse(bytes, pixels, device.clone()).map_err(|error| error.to_string())?;
        // Another set's images would be of another size or of other classes.
        let test = test.filter(|test| {
            (test.shape().pixels(), test.shape().classes) == (model.inputs, model.classes)
        });
        let names: Vec<LayerName> =
            (0..model.depth()).map(LayerName::Hidden).chain([LayerName::Output]).collect();
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let layers: Result<Vec<Layer>, _> =
            names.iter().map(|name| Layer::read(&file, &name.to_string())).collect();
        let last = LayerName::Hidden(model.depth() - 1);
        let shown = shown.filter(|shown| names.contains(shown)).unwrap_or(last);
        let kernel = file.tensor(&format!("{shown}.kernel"));
        let kernel = kernel.map_err(|error| error.to_string())?;
        let kernel = kernel.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        let probabilities = test.map(|test| model.probabilities(test)).transpose();
        let probabilities = probabilities.map_err(|error| error.to_string())?;
        let answers =
            probabilities.and_then(|all| all.iter().map(|of| predicted_class(of)).collect());
        Ok(Self {
            seed: record.seed,
            pixels: pixels.to_string(),
            epsilon: EPSILON,
            layers: layers.map_err(|error| error.to_string())?,
            kernel: kernel.collect(),
            answers,
        })
    }
}

impl Layer {
    fn read(file: &SafeTensors<'_>, name: &str) -> Result<Self, SafeTensorError> {
        let tensor = |part: &str| file.tensor(&format!("{name}.{part}"));
        let packed =
            |part: &str| Ok::<_, SafeTensorError>(BASE64_STANDARD.encode(tensor(part)?.data()));
        let batch_norm = || {
            Ok::<_, SafeTensorError>(BatchNorm {
                gamma: packed("batch_norm.gamma")?,
                beta: packed("batch_norm.beta")?,
                moving_mean: packed("batch_norm.moving_mean")?,
                moving_variance: packed("batch_norm.moving_variance")?,
            })
        };
        let [inputs, units] = *tensor("kernel")?.shape() else {
            return Err(SafeTensorError::TensorInvalidInfo);
        };
        Ok(Self {
            inputs,
            units,
            kernel: packed("kernel")?,
            bias: packed("bias")?,
            batch_norm: tensor("batch_norm.gamma").is_ok().then(batch_norm).transpose()?,
        })
    }
}

/// How a kernel's weights are spread.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Weights {
    edges: Vec<f64>,
    counts: Vec<usize>,
    /// The share that is next to nothing, 0 to 1.
    below: f64,
    /// Sum of the sizes.
    l1: f64,
    /// Root of the sum of squares.
    l2: f64,
    /// The run's.
    seed: u64,
}

impl Weights {
    /// Of a kernel. The outermost bins hold what lies beyond them too; what is no number is left out.
    pub(super) fn of(kernel: &[f32], edges: Vec<f64>, seed: u64) -> Self {
        let mut counts = vec![0; edges.len().saturating_sub(1)];
        for &weight in kernel {
            let place = edges.partition_point(|&edge| edge <= f64::from(weight)).saturating_sub(1);
            let place = place.min(counts.len().saturating_sub(1));
            if let Some(count) = counts.get_mut(place).filter(|_| !weight.is_nan()) {
                *count += 1;
            }
        }
        let sizes = || kernel.iter().map(|&weight| f64::from(weight).abs());
        let gone = sizes().filter(|&size| size < f64::from(GONE)).count();
        Self {
            edges,
            counts,
            below: gone as f64 / kernel.len() as f64,
            l1: sizes().sum(),
            l2: sizes().map(|size| size * size).sum::<f64>().sqrt(),
            seed,
        }
    }
}

/// How often each digit, a row each, got each answer, a column each.
pub(super) fn confusion(labels: &[u8], answers: &[usize], classes: usize) -> Vec<Vec<usize>> {
    let mut counts = vec![vec![0; classes]; classes];
    for (&label, &answer) in labels.iter().zip(answers) {
        counts[usize::from(label)][answer] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_in_its_bin() {
        let kernel = [-1.0, -0.5, 0.0, 0.0005, 0.25, 1.0, f32::NAN];
        let weights = Weights::of(&kernel, vec![-1.0, -0.5, 0.0, 0.5, 1.0], 7);
        assert_eq!(weights.counts, [1, 1, 3, 1]);
        assert!((weights.below - 2.0 / 7.0).abs() < 1e-12);
        let weights = Weights::of(&kernel, vec![-0.2, 0.0, 0.1, 0.2], 7);
        assert_eq!(weights.counts, [2, 2, 2]);
        let weights = Weights::of(&kernel[..6], vec![-1.0, 1.0], 7);
        assert!((weights.l1 - 2.7505).abs() < 1e-6);
        assert!((weights.l2 - 2.3125_f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_row_of_the_confusion_is_a_digit() {
        let counts = confusion(&[3, 3, 7], &[5, 3, 7], 10);
        assert_eq!((counts[3][5], counts[3][3], counts[7][7]), (1, 1, 1));
        assert_eq!(counts.iter().flatten().sum::<usize>(), 3);
    }
}
