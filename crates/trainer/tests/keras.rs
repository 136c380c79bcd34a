//! Replays what Keras computed, step by step, on every backend. The fixtures come from
//! `keras/make_fixtures.py`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::{Device, Int, Tensor, TensorData, s};
use model::{
    Gradients, LayerConfig, LayerName, Masks, Memory, Network, NetworkConfig, Regularizer,
};
use safetensors::{SafeTensors, tensor::TensorView};
use serde::Deserialize;
use trainer::{
    batches::Batch,
    device::Backend,
    evaluate::{Score, Sums},
    weights::{self, StartWeights},
};

/// A case as `make_fixtures.py` describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    inputs: usize,
    units: Units,
    layers: BTreeMap<String, CaseLayer>,
    batch: usize,
    epochs: usize,
    learning_rate: f64,
    raw: bool,
}

#[derive(Deserialize)]
struct Units {
    hidden1: usize,
    hidden2: usize,
    output: usize,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CaseLayer {
    kernel_regularizer: Regularizer,
    bias_regularizer: Regularizer,
    activity_regularizer: Regularizer,
    batch_norm: bool,
    dropout: f64,
}

/// One fixture, read.
struct Fixture {
    name: String,
    case: Case,
    tensors: BTreeMap<String, TensorData>,
}

impl Fixture {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras/fixtures");
        let mut paths: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        assert_eq!(paths.len(), 41, "a fixture was lost, or one is not counted here");
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = metadata.metadata().clone().unwrap();
        Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            case: serde_json::from_str(&metadata["case"]).unwrap(),
            tensors: tensors(&bytes),
        }
    }

    fn values(&self, name: &str) -> Vec<f32> {
        self.tensors[name].try_to_vec().unwrap()
    }

    fn network_config(&self) -> NetworkConfig {
        let layer = |name: LayerName, units| {
            let config = LayerConfig::plain(units);
            match self.case.layers.get(&name.to_string()) {
                None => config,
                Some(layer) => LayerConfig {
                    kernel_regularizer: layer.kernel_regularizer,
                    bias_regularizer: layer.bias_regularizer,
                    activity_regularizer: layer.activity_regularizer,
                    batch_norm: layer.batch_norm,
                    dropout: layer.dropout,
                    units,
                },
            }
        };
        NetworkConfig {
            inputs: self.case.inputs,
            hidden1: layer(LayerName::Hidden1, self.case.units.hidden1),
            hidden2: layer(LayerName::Hidden2, self.case.units.hidden2),
            output: layer(LayerName::Output, self.case.units.output),
        }
    }

    /// The tensors whose names begin so, without that beginning.
    fn under(&self, prefix: &str) -> BTreeMap<String, TensorData> {
        let named = |(name, data): (&String, &TensorData)| {
            Some((name.strip_prefix(prefix)?.to_owned(), data.clone()))
        };
        self.tensors.iter().filter_map(named).collect()
    }

    /// The network that Keras started from, through a file as a user would bring it.
    fn start(&self, config: &NetworkConfig, device: &Device) -> Network {
        let start = self.under("start.");
        let views = start.iter().map(|(name, data)| {
            let view =
                TensorView::new(safetensors::Dtype::F32, data.shape().to_vec(), data.as_bytes())
                    .unwrap();
            (name, view)
        });
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), safetensors::serialize(views, None).unwrap()).unwrap();
        StartWeights::read(file.path()).unwrap().load(config.init(0, device)).unwrap()
    }

    /// Some rows of a tensor `[rows, …]`.
    fn rows(&self, name: &str, from: usize, to: usize, device: &Device) -> Tensor<2> {
        Tensor::from_data(self.tensors[name].clone(), device).slice(s![from..to])
    }

    fn batch(&self, from: usize, to: usize, device: &Device) -> Batch {
        let labels = Tensor::<1, Int>::from_data(self.tensors["labels"].clone(), device);
        let labels: Tensor<2, Int> = labels.slice(s![from..to]).one_hot(self.case.units.output);
        Batch { images: self.rows("images", from, to, device), labels: labels.float() }
    }

    /// How far an epoch's loss is from what Keras's `fit` reports; its accuracy must be the same.
    fn epoch_distance(&self, epoch: usize, score: Score) -> f64 {
        // Where masks are given, `fit` could not be used.
        let Some(data) = self.tensors.get("epochs") else {
            return 0.0;
        };
        let reported: Vec<f32> = data.try_to_vec().unwrap();
        let (losses, accuracies) = reported.split_at(self.case.epochs);
        assert!((score.accuracy - f64::from(accuracies[epoch])).abs() < 1e-6, "{}", self.name);
        (score.loss / f64::from(losses[epoch]) - 1.0).abs()
    }

    fn mask(
        &self,
        layer: LayerName,
        step: usize,
        len: usize,
        device: &Device,
    ) -> Option<Tensor<2>> {
        let mask = self.tensors.get(&format!("mask.{layer}"))?;
        let mask = Tensor::<3>::from_data(mask.clone(), device);
        Some(mask.slice([step..step + 1, 0..len]).squeeze_dim(0))
    }
}

/// The tensors of a safetensors file: float32 and int32.
fn tensors(bytes: &[u8]) -> BTreeMap<String, TensorData> {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let data = |view: TensorView<'_>| {
        let words = view.data().chunks(4).map(|word| word.try_into().unwrap());
        match view.dtype() {
            safetensors::Dtype::I32 => {
                TensorData::new(words.map(i32::from_le_bytes).collect(), view.shape())
            }
            _ => TensorData::new(words.map(f32::from_le_bytes).collect(), view.shape()),
        }
    };
    file.tensors().into_iter().map(|(name, view)| (name, data(view))).collect()
}

/// How far apart two sets of tensors are: their largest difference in parts of the largest value.
/// A single tensor is no measure: one that is nearly zero has nothing but rounding.
fn distance(found: &BTreeMap<String, TensorData>, expected: &BTreeMap<String, TensorData>) -> f64 {
    assert!(found.keys().eq(expected.keys()), "{:?} and {:?}", found.keys(), expected.keys());
    let (mut difference, mut largest) = (0.0_f32, 0.0_f32);
    for (found, expected) in found.values().zip(expected.values()) {
        assert_eq!(found.shape(), expected.shape());
        let expected = expected.try_to_vec::<f32>().unwrap();
        for (found, expected) in found.try_to_vec::<f32>().unwrap().iter().zip(expected) {
            assert!(found.is_finite());
            difference = difference.max((found - expected).abs());
            largest = largest.max(expected.abs());
        }
    }
    f64::from(difference / largest)
}

/// The largest relative differences that a replay came to.
#[derive(Debug, Default)]
struct Reached {
    losses: f64,
    epochs: f64,
    gradients: f64,
    weights: f64,
    evaluate: f64,
}

/// Trains as the fixture did and measures how far the results are apart.
fn replay(fixture: &Fixture, device: &Device, memory: Memory) -> Reached {
    let config = fixture.network_config();
    let mut network = fixture.start(&config, device);
    let mut reached = Reached::default();
    let mut losses = Vec::new();
    let images = fixture.tensors["labels"].shape()[0];
    for epoch in 0..fixture.case.epochs {
        let mut sums = Sums::default();
        for from in (0..images).step_by(fixture.case.batch) {
            let to = (from + fixture.case.batch).min(images);
            let masks = Masks {
                hidden1: fixture.mask(LayerName::Hidden1, losses.len(), to - from, device),
                hidden2: fixture.mask(LayerName::Hidden2, losses.len(), to - from, device),
            };
            let Batch { images, labels } = fixture.batch(from, to, device);
            let step = network.step(&config, images, labels, masks, memory);
            if losses.is_empty() {
                let found = named(&step.gradients);
                reached.gradients = distance(&found, &fixture.under("gradient."));
            }
            losses.push(step.loss.clone().into_scalar::<f32>());
            sums.add(step.loss, step.correct, to - from);
            let rate = fixture.case.learning_rate;
            network = network.learn(step.gradients, step.statistics, rate);
        }
        let distance = fixture.epoch_distance(epoch, sums.score());
        reached.epochs = reached.epochs.max(distance);
    }
    assert!(losses.len() >= 30 && losses.iter().all(|loss| loss.is_finite()));
    assert_eq!(losses.len(), fixture.values("losses").len());
    for (found, expected) in losses.iter().zip(fixture.values("losses")) {
        reached.losses = reached.losses.max(f64::from((found - expected).abs() / expected));
    }
    let found = tensors(&weights::to_bytes(&network).unwrap());
    reached.weights = distance(&found, &fixture.under("final."));
    reached.evaluate = evaluate_distance(fixture, &network, &config, device, memory);
    reached
}

/// All gradients of a step, by the names of their parameters.
fn named(gradients: &Gradients) -> BTreeMap<String, TensorData> {
    let mut named = BTreeMap::new();
    for (name, layer) in [
        (LayerName::Hidden1, &gradients.hidden1),
        (LayerName::Hidden2, &gradients.hidden2),
        (LayerName::Output, &gradients.output),
    ] {
        named.insert(format!("{name}.kernel"), layer.kernel.to_data());
        named.insert(format!("{name}.bias"), layer.bias.to_data());
        if let Some(batch_norm) = &layer.batch_norm {
            named.insert(format!("{name}.batch_norm.gamma"), batch_norm.gamma.to_data());
            named.insert(format!("{name}.batch_norm.beta"), batch_norm.beta.to_data());
        }
    }
    named
}

/// `evaluate` gives loss and accuracy.
fn evaluate_distance(
    fixture: &Fixture,
    network: &Network,
    config: &NetworkConfig,
    device: &Device,
    memory: Memory,
) -> f64 {
    let images = fixture.tensors["labels"].shape()[0];
    let batch = fixture.batch(0, images, device);
    let (loss, correct) = network.forward(config, batch.images, memory).score(batch.labels);
    let (loss, correct) = (loss.into_scalar::<f32>(), correct.into_scalar::<i64>());
    let expected = fixture.values("evaluate");
    let accuracy = correct as f32 / images as f32;
    assert!(
        (accuracy - expected[1]).abs() < 1e-6,
        "accuracy {accuracy} instead of {}",
        expected[1]
    );
    f64::from((loss - expected[0]).abs() / expected[0])
}

/// Replays every fixture.
fn replay_all(backend: Backend, memory: Memory, tolerance: f64, raw_tolerance: f64) {
    let device = backend.open().unwrap();
    for fixture in Fixture::all() {
        let reached = replay(&fixture, &device, memory);
        let tolerance = if fixture.case.raw { raw_tolerance } else { tolerance };
        let Reached { losses, epochs, gradients, weights, evaluate } = reached;
        for (what, reached) in [
            ("losses", losses),
            ("epochs", epochs),
            ("gradients", gradients),
            ("weights", weights),
            ("evaluate", evaluate),
        ] {
            assert!(
                reached < tolerance,
                "{}: {what} are {reached:e} apart from Keras's",
                fixture.name
            );
        }
    }
}

#[test]
fn flex_computes_what_keras_computes() {
    replay_all(Backend::Flex, Backend::Flex.memory(), 1e-5, 1e-4);
}

#[test]
fn ndarray_computes_what_keras_computes() {
    replay_all(Backend::Ndarray, Backend::Ndarray.memory(), 1e-5, 1e-4);
}

/// What GPUs compute, to the same tolerance as CPUs: no GPU computes as exactly.
#[test]
fn tensor_operations_compute_what_keras_computes() {
    replay_all(Backend::Flex, Memory::Device, 1e-5, 1e-4);
}

#[test]
fn wgpu_computes_what_keras_computes() {
    if common::has_wgpu() {
        replay_all(Backend::Wgpu, Backend::Wgpu.memory(), 1e-3, 1e-3);
    }
}
