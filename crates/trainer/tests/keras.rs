//! Repeats training recorded from Keras, step by step, on every backend. The fixtures come from
//! `keras/make_fixtures.py`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{Device, Gradients, Tensor, TensorData, s},
};
use data::{Shape, Split};
use model::{LayerName, Network, NetworkNoise, Noise};
use safetensors::{SafeTensors, tensor::TensorView};
use serde::Deserialize;
use trainer::{
    config::Entries,
    runner::StartWeights,
    study::{Backend, Run, Study},
};
use training::{Batch, EarlyStopping, Epoch, Images, Metrics, Monitor, Pixels, State, weights};

/// The number of fixtures.
const CASES: usize = 76;

/// Settings by key, as in a config.
type Settings = BTreeMap<String, serde_json::Value>;

/// A case as `make_fixtures.py` describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    inputs: usize,
    /// Width and height of the images; without it, they are rows of pixels.
    side: Option<usize>,
    /// Units of each layer, by its name.
    units: BTreeMap<String, usize>,
    /// Settings of each layer, by its name.
    layers: BTreeMap<String, Settings>,
    /// Settings of the variant outside its layers.
    #[serde(default)]
    variant: Settings,
    /// Settings of the optimizer.
    #[serde(default)]
    fit: Settings,
    batch: usize,
    epochs: usize,
    learning_rate: f64,
    raw: bool,
}

/// A recording of Keras training a network.
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
        assert_eq!(paths.len(), CASES, "a fixture was lost, or one is not counted here");
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

    /// The number of hidden layers.
    fn depth(&self) -> usize {
        self.case.units.len() - 1
    }

    /// Returns the case's run, from a config as a user writes it.
    fn run(&self) -> Run {
        let Case { units, layers, variant, fit, learning_rate, .. } = &self.case;
        let hidden = (0..self.depth()).map(|index| units[&LayerName::Hidden(index).to_string()]);
        let line = |(key, value): (String, &serde_json::Value)| {
            format!("{key} = {}\n", toml::Value::try_from(value).unwrap())
        };
        let of_layers = layers.iter().flat_map(|(layer, settings)| {
            settings.iter().map(move |(key, value)| (format!("{layer}.{key}"), value))
        });
        let of_variant = variant.iter().map(|(key, value)| (key.clone(), value));
        let variant: String = of_layers.chain(of_variant).map(line).collect();
        let fit: String = fit.iter().map(|(key, value)| line((key.clone(), value))).collect();
        let config = format!(
            "variants = [\"case\"]\nnetwork.hidden = {:?}\n\
             [fit]\nlearning_rate = {learning_rate}\n{fit}[variant.case]\n{variant}",
            hidden.collect::<Vec<_>>()
        );
        let entries = Entries::parse(&config, Path::new("")).unwrap();
        Study::read(&self.name, &entries).unwrap().runs.remove(0)
    }

    /// Returns the tensors whose names have a prefix, without it.
    fn under(&self, prefix: &str) -> BTreeMap<String, TensorData> {
        let named = |(name, data): (&String, &TensorData)| {
            Some((name.strip_prefix(prefix)?.to_owned(), data.clone()))
        };
        self.tensors.iter().filter_map(named).collect()
    }

    /// Returns the network with Keras's start weights, loaded from a file as `fit.weights` is.
    fn start(&self, device: &Device) -> Network {
        let start = self.under("start.");
        let views = start.iter().map(|(name, data)| {
            let view =
                TensorView::new(safetensors::Dtype::F32, data.shape().to_vec(), data.as_bytes())
                    .unwrap();
            (name, view)
        });
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), safetensors::serialize(views, None).unwrap()).unwrap();
        let (inputs, classes) = (self.case.inputs, self.case.units["output"]);
        let network = self.run().variant.network.init(inputs, classes, 0, device);
        StartWeights::read(file.path()).unwrap().load(network).unwrap()
    }

    /// Returns the images with their classes, as a data set has them.
    fn split(&self) -> Split {
        let Case { inputs, side, units, raw, .. } = &self.case;
        let (width, height) = side.map_or((*inputs, 1), |side| (side, side));
        let scale = if *raw { 1.0 } else { 255.0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the images were bytes"
        )]
        let byte = |pixel: f32| (pixel * scale).round() as u8;
        let bytes = self.values("images").into_iter().map(byte);
        let labels: Vec<i32> = self.tensors["labels"].try_to_vec().unwrap();
        let labels = labels.into_iter().map(|label| u8::try_from(label).unwrap());
        let shape = Shape { width, height, classes: units["output"] };
        Split::new(shape, bytes.collect(), labels.collect())
    }

    /// Some of the images, with their classes.
    fn batch(&self, split: &Split, from: usize, to: usize, device: &Device) -> Batch {
        let pixels = if self.case.raw { Pixels::Raw } else { Pixels::Unit };
        let batch = Images { split, pixels }.batch(&(from..to).collect::<Vec<_>>(), device);
        let images = Tensor::<2>::from_data(self.tensors["images"].clone(), device);
        let expected = images.slice(s![from..to]).into_data();
        assert_eq!(batch.images.to_data(), expected, "{}", self.name);
        batch
    }

    /// Relative difference of an epoch's loss from that of Keras's `fit`. The accuracies must be equal.
    fn epoch_distance(&self, epoch: usize, metrics: Metrics) -> f64 {
        // Where masks are given, `fit` could not be used.
        let Some(data) = self.tensors.get("epochs") else {
            return 0.0;
        };
        let reported: Vec<f32> = data.try_to_vec().unwrap();
        let (losses, accuracies) = reported.split_at(self.case.epochs);
        assert!((metrics.accuracy - f64::from(accuracies[epoch])).abs() < 1e-6, "{}", self.name);
        (metrics.loss / f64::from(losses[epoch]) - 1.0).abs()
    }

    /// Returns the noise of a step, for a batch of `batch` images.
    fn noise(&self, step: usize, batch: usize, device: &Device) -> NetworkNoise {
        let tensor = |kind: &str, layer: LayerName| {
            let tensor = self.tensors.get(&format!("{kind}.{layer}"))?;
            let tensor = Tensor::<3>::from_data(tensor.clone(), device);
            Some(tensor.slice([step..step + 1, 0..batch]).squeeze_dim(0))
        };
        let of_layer =
            |layer| Noise { added: tensor("noise", layer), factors: tensor("mask", layer) };
        let hidden = (0..self.depth()).map(LayerName::Hidden).map(of_layer).collect();
        NetworkNoise { input: of_layer(LayerName::Input), hidden }
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

/// Largest difference between two sets of tensors, divided by the largest value of all. Divided by the largest
/// value of each tensor, it would be mere rounding for a tensor that is nearly zero.
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

/// Largest relative differences from Keras.
#[derive(Debug, Default)]
struct Differences {
    losses: f64,
    epochs: f64,
    gradients: f64,
    weights: f64,
    evaluate: f64,
}

/// Trains as recorded and compares the results.
fn replay(fixture: &Fixture, device: &Device) -> Differences {
    let optimizer = fixture.run().fit_config().optimizer;
    let mut state = State::new(fixture.start(device), &optimizer);
    let (mut differences, mut losses) = (Differences::default(), Vec::new());
    let split = fixture.split();
    let images = split.len();
    for epoch in 0..fixture.case.epochs {
        let (mut loss, mut correct) = (0.0, 0.0);
        for from in (0..images).step_by(fixture.case.batch) {
            let to = (from + fixture.case.batch).min(images);
            let batch = || fixture.batch(&split, from, to, device);
            let noise = fixture.noise(losses.len(), to - from, device);
            if losses.is_empty() {
                let found = gradients(&state.network, batch(), noise.clone());
                differences.gradients = distance(&found, &fixture.under("gradient."));
            }
            state = state.step(batch(), noise);
            let [loss_sum, correct_sum, _] = std::mem::take(&mut state.metrics).sums();
            losses.push(loss_sum / (to - from) as f64);
            (loss, correct) = (loss + loss_sum, correct + correct_sum);
        }
        let metrics = Metrics { loss: loss / images as f64, accuracy: correct / images as f64 };
        differences.epochs = differences.epochs.max(fixture.epoch_distance(epoch, metrics));
    }
    assert!(losses.len() >= 30 && losses.iter().all(|loss| loss.is_finite()));
    assert_eq!(losses.len(), fixture.values("losses").len());
    for (found, expected) in losses.iter().zip(fixture.values("losses")) {
        differences.losses = differences.losses.max((found / f64::from(expected) - 1.0).abs());
    }
    let found = tensors(&weights::to_bytes(&state.network).unwrap());
    differences.weights = distance(&found, &fixture.under("final."));
    differences.evaluate = evaluate_distance(fixture, &state.network, device);
    differences
}

/// Returns the gradients of a step by parameter name.
fn gradients(network: &Network, batch: Batch, noise: NetworkNoise) -> BTreeMap<String, TensorData> {
    /// Replaces each parameter by its gradient.
    struct ToGradients(Gradients);

    impl ModuleMapper for ToGradients {
        fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let gradient = parameter.grad(&self.0);
            parameter.map(|own| gradient.unwrap_or(own))
        }
    }

    let loss = network.forward(batch.images, noise).loss(batch.classes);
    let gradients = network.clone().map(&mut ToGradients(loss.backward()));
    let mut named = weights::tensors(&gradients).unwrap();
    named.retain(|name, _| !name.contains(".moving_"));
    named
}

/// Relative difference of the loss from that of Keras's `evaluate`. The accuracies must be equal.
fn evaluate_distance(fixture: &Fixture, network: &Network, device: &Device) -> f64 {
    let split = fixture.split();
    let images = split.len();
    let batch = fixture.batch(&split, 0, images, device);
    let output = network.valid().forward(batch.images, NetworkNoise::default());
    let correct = output.correct(batch.classes.clone()).into_scalar::<i64>();
    let loss = output.loss(batch.classes).into_scalar::<f32>();
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
fn replay_all(backend: Backend, tolerance: f64, raw_tolerance: f64) {
    let device = backend.open().unwrap();
    for fixture in Fixture::all() {
        let differences = replay(&fixture, &device);
        let tolerance = if fixture.case.raw { raw_tolerance } else { tolerance };
        let Differences { losses, epochs, gradients, weights, evaluate } = differences;
        for (what, difference) in [
            ("losses", losses),
            ("epochs", epochs),
            ("gradients", gradients),
            ("weights", weights),
            ("evaluate", evaluate),
        ] {
            assert!(
                difference < tolerance,
                "{}: {what} are {difference:e} apart from Keras's",
                fixture.name
            );
        }
    }
}

#[test]
fn flex_matches_keras() {
    replay_all(Backend::Flex, 1e-5, 1e-4);
}

#[test]
fn ndarray_matches_keras() {
    replay_all(Backend::Ndarray, 1e-5, 1e-4);
}

#[test]
fn wgpu_matches_keras() {
    if common::has_wgpu() {
        replay_all(Backend::Wgpu, 1e-3, 1e-3);
    }
}

/// A history that Keras's `EarlyStopping` got, and how it ended. From `keras/record_early_stopping.py`.
#[derive(Deserialize)]
struct StoppedHistory {
    settings: KerasEarlyStopping,
    /// Monitored value of each epoch as text; `None` for an epoch that was not validated.
    values: Vec<Option<String>>,
    ended: KerasEnding,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KerasEarlyStopping {
    monitor: String,
    min_delta: f64,
    patience: usize,
    start_from_epoch: usize,
    restore_best_weights: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
struct KerasEnding {
    epochs: usize,
    stopped: bool,
    best_epoch: Option<usize>,
    /// Number of the epoch whose weights the model has in the end.
    weights_of_epoch: usize,
}

#[test]
fn early_stopping_ends_histories_as_keras_does() {
    let histories: Vec<StoppedHistory> =
        serde_json::from_str(include_str!("keras/early_stopping.json")).unwrap();
    assert_eq!(histories.len(), 200);
    for (index, StoppedHistory { settings, values, ended }) in histories.iter().enumerate() {
        let monitored = Monitor::ALL.into_iter().find(|one| one.to_string() == settings.monitor);
        let settings = EarlyStopping {
            monitor: monitored.unwrap(),
            // The config takes the magnitude.
            min_delta: settings.min_delta.abs(),
            patience: settings.patience,
            start_from_epoch: settings.start_from_epoch,
            restore_best_weights: settings.restore_best_weights,
        };
        let mut stopping = settings.after(&[]);
        let (mut epochs, mut weights_of_epoch) = (0, 0);
        for (value, number) in values.iter().zip(1..) {
            // Only the monitored metric has the value.
            let value: Option<f64> = value.as_ref().map(|value| value.parse().unwrap());
            let of = |monitor| if monitor == settings.monitor { value } else { Some(7.0) };
            let metrics =
                |loss, accuracy| Some(Metrics { loss: of(loss)?, accuracy: of(accuracy)? });
            let train = metrics(Monitor::Loss, Monitor::Accuracy).unwrap();
            let validation = metrics(Monitor::ValLoss, Monitor::ValAccuracy);
            stopping.add(&Epoch { number, train, validation });
            epochs = number;
            if !settings.restore_best_weights
                || stopping.best_epoch().is_none_or(|best| best == number)
            {
                weights_of_epoch = number;
            }
            if stopping.is_over() {
                break;
            }
        }
        let (stopped, best_epoch) = (stopping.is_over(), stopping.best_epoch());
        let actual = KerasEnding { epochs, stopped, best_epoch, weights_of_epoch };
        assert_eq!(actual, *ended, "history {index}");
    }
}
