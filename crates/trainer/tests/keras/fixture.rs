//! Recordings of Keras training a network, from `make_fixtures.py`.

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::{Device, Tensor, TensorData, s};
use data::{Shape, Split};
use model::{LayerName, Network, NetworkNoise, Noise};
use safetensors::{SafeTensors, tensor::TensorView};
use serde::Deserialize;
use trainer::{
    config::Entries,
    runner::StartWeights,
    study::{Run, Study},
};
use training::{Batch, Images, Metrics, Pixels};

/// The number of fixtures.
const CASES: usize = 79;

/// Settings by key, as in a config.
type Settings = BTreeMap<String, serde_json::Value>;

/// A case as `make_fixtures.py` describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
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
    pub(crate) batch: usize,
    pub(crate) epochs: usize,
    learning_rate: f64,
    pub(crate) raw: bool,
}

/// A recording of Keras training a network.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) case: Case,
    pub(crate) tensors: BTreeMap<String, TensorData>,
}

impl Fixture {
    pub(crate) fn all() -> Vec<Self> {
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

    pub(crate) fn values(&self, name: &str) -> Vec<f32> {
        self.tensors[name].try_to_vec().unwrap()
    }

    /// The number of hidden layers.
    fn depth(&self) -> usize {
        self.case.units.len() - 1
    }

    /// Returns the case's run, from a config as a user writes it.
    pub(crate) fn run(&self) -> Run {
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
    pub(crate) fn under(&self, prefix: &str) -> BTreeMap<String, TensorData> {
        let named = |(name, data): (&String, &TensorData)| {
            Some((name.strip_prefix(prefix)?.to_owned(), data.clone()))
        };
        self.tensors.iter().filter_map(named).collect()
    }

    /// Returns the network with Keras's start weights, loaded from a file as `fit.weights` is.
    pub(crate) fn start(&self, device: &Device) -> Network {
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
    pub(crate) fn split(&self) -> Split {
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
    pub(crate) fn batch(&self, split: &Split, from: usize, to: usize, device: &Device) -> Batch {
        let pixels = if self.case.raw { Pixels::Raw } else { Pixels::Unit };
        let batch = Images { split, pixels }.batch(&(from..to).collect::<Vec<_>>(), device);
        let images = Tensor::<2>::from_data(self.tensors["images"].clone(), device);
        let expected = images.slice(s![from..to]).into_data();
        let images = batch.images.clone().into_tensor(device);
        assert_eq!(images.to_data(), expected, "{}", self.name);
        batch
    }

    /// Relative difference of an epoch's loss from that of Keras's `fit`. The accuracies must be equal.
    pub(crate) fn epoch_distance(&self, epoch: usize, metrics: Metrics) -> f64 {
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
    pub(crate) fn noise(&self, step: usize, batch: usize, device: &Device) -> NetworkNoise {
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
pub(crate) fn tensors(bytes: &[u8]) -> BTreeMap<String, TensorData> {
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
