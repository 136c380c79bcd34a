//! The settings of a config. Each is declared here once: its key, its type, its default and its range.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use data::Source;
use model::{BlockConfig, LayerName, NOTEBOOK_HIDDEN, Regularizer, Regularizers, presets};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use training::{FitConfig, Pixels};

use super::{Backend, Jobs, ranges};

/// The settings of a study, or of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Backend that trains.
    #[serde(serialize_with = "ranges::as_text", deserialize_with = "ranges::backend")]
    pub backend: Backend,
    /// Names of the compared variants, in the table's order.
    #[serde(deserialize_with = "ranges::names")]
    pub variants: Vec<String>,
    /// Seeds: each variant is trained once from each.
    #[serde(deserialize_with = "ranges::seeds")]
    pub seeds: Vec<u64>,
    /// Number of runs that train at a time.
    #[serde(deserialize_with = "ranges::jobs")]
    pub jobs: Jobs,
    /// `[network]`.
    pub network: NetworkSettings,
    /// `[data]`.
    pub data: DataSettings,
    /// `[fit]`.
    pub fit: FitSettings,
    /// `[output]`.
    pub output: OutputSettings,
    /// `[variant.NAME]`, by name.
    pub variant: BTreeMap<String, VariantSettings>,
}

/// `[network]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkSettings {
    /// Units of the hidden layers, from the input on.
    #[serde(deserialize_with = "ranges::hidden")]
    pub hidden: Vec<usize>,
}

/// `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataSettings {
    /// Sources of the images: the first that is available is used.
    #[serde(serialize_with = "ranges::as_texts", deserialize_with = "ranges::sources")]
    pub sources: Vec<Source>,
    /// Scale of the network's inputs.
    #[serde(serialize_with = "ranges::as_text", deserialize_with = "ranges::pixels")]
    pub pixels: Pixels,
    /// Folder with the four IDX files, instead of `sources`.
    #[serde(serialize_with = "absolute", deserialize_with = "ranges::path")]
    pub dir: Option<PathBuf>,
    /// Share of the training images, the last ones, that are held out for validation: 0 to under 1.
    #[serde(deserialize_with = "ranges::share")]
    pub validation_split: f64,
    /// Number of training images: the first so many, or all.
    #[serde(deserialize_with = "ranges::optional_count")]
    pub limit: Option<usize>,
}

/// `[fit]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FitSettings {
    /// Passes over the training images.
    #[serde(deserialize_with = "ranges::count")]
    pub epochs: usize,
    /// Images per optimizer step.
    #[serde(deserialize_with = "ranges::count")]
    pub batch_size: usize,
    /// Learning rate of SGD.
    #[serde(deserialize_with = "ranges::positive")]
    pub learning_rate: f64,
    /// Whether each epoch has an order of its own.
    #[serde(deserialize_with = "ranges::boolean")]
    pub shuffle: bool,
    /// Weights file to start from, instead of a fresh draw.
    #[serde(serialize_with = "absolute", deserialize_with = "ranges::path")]
    pub weights: Option<PathBuf>,
    /// Epochs between checkpoints, instead of seconds.
    #[serde(deserialize_with = "ranges::optional_count")]
    pub checkpoint_every: Option<usize>,
}

/// `[output]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputSettings {
    /// Whether each run's folder gets an event file for TensorBoard.
    #[serde(deserialize_with = "ranges::boolean")]
    pub tensorboard: bool,
}

/// `[variant.NAME]`: its layers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantSettings {
    /// The layers that are not plain.
    pub layers: BTreeMap<LayerName, LayerSettings>,
}

/// A layer of a variant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LayerSettings {
    /// Penalties on the kernel.
    pub kernel_regularizer: RegularizerSettings,
    /// Penalties on the bias.
    pub bias_regularizer: RegularizerSettings,
    /// Penalties on the output, after the activation function.
    pub activity_regularizer: RegularizerSettings,
    /// Whether the layer's output is batch-normalised. Hidden layers only.
    #[serde(deserialize_with = "ranges::boolean")]
    pub batch_norm: bool,
    /// Share of the layer's output that is dropped: 0 to under 1. Hidden layers only.
    #[serde(deserialize_with = "ranges::share")]
    pub dropout: f64,
}

/// Penalties on a tensor: l1·Σ|w| + l2·Σw².
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegularizerSettings {
    /// Factor of Σ|w|: 0 or more.
    #[serde(deserialize_with = "ranges::not_negative")]
    pub l1: f64,
    /// Factor of Σw²: 0 or more.
    #[serde(deserialize_with = "ranges::not_negative")]
    pub l2: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backend: Backend::Flex,
            variants: presets(&[]).map(|preset| preset.name).to_vec(),
            seeds: vec![0],
            jobs: Jobs::Auto,
            network: NetworkSettings::default(),
            data: DataSettings::default(),
            fit: FitSettings::default(),
            output: OutputSettings::default(),
            variant: BTreeMap::new(),
        }
    }
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self { hidden: NOTEBOOK_HIDDEN.to_vec() }
    }
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            sources: Source::ALL.to_vec(),
            pixels: Pixels::Unit,
            dir: None,
            validation_split: 0.0,
            limit: None,
        }
    }
}

impl Default for FitSettings {
    fn default() -> Self {
        Self {
            epochs: 50,
            batch_size: 1000,
            learning_rate: 0.01,
            shuffle: true,
            weights: None,
            checkpoint_every: None,
        }
    }
}

impl FitSettings {
    /// Returns what training takes of these.
    pub fn config(&self) -> FitConfig {
        let Self { epochs, batch_size, learning_rate, shuffle, .. } = *self;
        FitConfig { epochs, batch_size, learning_rate, shuffle }
    }
}

impl LayerSettings {
    /// Configures a hidden layer of so many units.
    pub fn block(&self, units: usize) -> BlockConfig {
        let Self { batch_norm, dropout, .. } = *self;
        BlockConfig { units, regularizers: self.regularizers(), batch_norm, dropout }
    }

    /// Configures the penalties, which are all that the output layer has.
    pub fn regularizers(&self) -> Regularizers {
        let regularizer = |RegularizerSettings { l1, l2 }| Regularizer { l1, l2 };
        Regularizers {
            kernel: regularizer(self.kernel_regularizer),
            bias: regularizer(self.bias_regularizer),
            activity: regularizer(self.activity_regularizer),
        }
    }
}

impl From<&BlockConfig> for LayerSettings {
    fn from(block: &BlockConfig) -> Self {
        let BlockConfig { regularizers, batch_norm, dropout, units: _ } = *block;
        Self { batch_norm, dropout, ..(&regularizers).into() }
    }
}

impl From<&Regularizers> for LayerSettings {
    fn from(Regularizers { kernel, bias, activity }: &Regularizers) -> Self {
        let settings = |&Regularizer { l1, l2 }: &Regularizer| RegularizerSettings { l1, l2 };
        Self {
            kernel_regularizer: settings(kernel),
            bias_regularizer: settings(bias),
            activity_regularizer: settings(activity),
            ..Self::default()
        }
    }
}

impl Serialize for VariantSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.layers.iter().map(|(name, layer)| (name.to_string(), layer)))
    }
}

impl<'de> Deserialize<'de> for VariantSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Layers;
        impl<'de> Visitor<'de> for Layers {
            type Value = VariantSettings;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<VariantSettings, A::Error> {
                let mut variant = VariantSettings::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.parse() {
                        Ok(layer) => drop(variant.layers.insert(layer, map.next_value()?)),
                        // Reported as an unknown key by the caller.
                        Err(()) => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(variant)
            }
        }
        deserializer.deserialize_map(Layers)
    }
}

/// Serializes a path so that it names the same file wherever study.toml is read from.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn absolute<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = path.as_deref().map(absolute);
    path.map(|path| path.to_string_lossy().into_owned()).serialize(serializer)
}
