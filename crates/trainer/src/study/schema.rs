//! The settings of a config: for each its key, type, default and range.

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
    ser::SerializeMap,
};
use training::{EarlyStopping, Monitor, Pixels};

use super::{Backend, Jobs, Sample, ranges};

/// Key of early stopping in a variant's table.
pub(super) const EARLY_STOPPING: &str = "early_stopping";

/// Settings of a study, or of one of its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Backend to train on.
    #[serde(serialize_with = "ranges::as_text", deserialize_with = "ranges::backend")]
    pub backend: Backend,
    /// Names of the compared variants, in the order of the results table.
    #[serde(deserialize_with = "ranges::names")]
    pub variants: Vec<String>,
    /// Seeds. Each variant is trained once from each of them.
    #[serde(deserialize_with = "ranges::seeds")]
    pub seeds: Vec<u64>,
    /// Number of runs that are trained at the same time.
    #[serde(deserialize_with = "ranges::jobs")]
    pub jobs: Jobs,
    /// Settings of `[network]`.
    pub network: NetworkSettings,
    /// Settings of `[data]`.
    pub data: DataSettings,
    /// Settings of `[fit]`.
    pub fit: FitSettings,
    /// Settings of `[output]`.
    pub output: OutputSettings,
    /// Settings of each `[variant.NAME]`, by name.
    pub variant: BTreeMap<String, VariantSettings>,
}

/// Settings of `[network]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkSettings {
    /// Numbers of units of the hidden layers, in the order from input to output: 1 to 64 layers of 1 to 65536 units.
    #[serde(deserialize_with = "ranges::hidden")]
    pub hidden: Vec<usize>,
}

/// Settings of `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataSettings {
    /// Sources of the data set. The first that is available is used.
    #[serde(serialize_with = "ranges::as_texts", deserialize_with = "ranges::sources")]
    pub sources: Vec<Source>,
    /// Range of the network's inputs.
    #[serde(serialize_with = "ranges::as_text", deserialize_with = "ranges::pixels")]
    pub pixels: Pixels,
    /// Folder of the data set's four IDX files, which replaces `sources`.
    #[serde(serialize_with = "absolute", deserialize_with = "ranges::path")]
    pub dir: Option<PathBuf>,
    /// Fraction of the training images, the last ones, to hold out for validation: at least 0 and less than 1.
    #[serde(deserialize_with = "ranges::fraction")]
    pub validation_split: f64,
    /// Maximum number of training images, before `validation_split` holds any out; `None` for all.
    #[serde(deserialize_with = "ranges::optional_count")]
    pub limit: Option<usize>,
    /// Which training images a limit selects.
    #[serde(serialize_with = "ranges::as_text", deserialize_with = "ranges::sample")]
    pub sample: Sample,
    /// Number of training images, always the last ones, to hold out for validation; `None` for those of
    /// `validation_split`.
    #[serde(deserialize_with = "ranges::optional_count")]
    pub validation: Option<usize>,
}

/// Settings of `[fit]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FitSettings {
    /// Number of passes over the training images: 1 or more.
    #[serde(deserialize_with = "ranges::count")]
    pub epochs: usize,
    /// Number of images per optimizer step: 1 or more.
    #[serde(deserialize_with = "ranges::count")]
    pub batch_size: usize,
    /// Learning rate of SGD: more than 0.
    #[serde(deserialize_with = "ranges::positive")]
    pub learning_rate: f64,
    /// Whether the training images are shuffled before each epoch.
    #[serde(deserialize_with = "ranges::boolean")]
    pub shuffle: bool,
    /// Number of epochs between two evaluations on the validation images: 1 or more.
    #[serde(deserialize_with = "ranges::count")]
    pub validate_every: usize,
    /// File of the start weights; `None` for random ones.
    #[serde(serialize_with = "absolute", deserialize_with = "ranges::path")]
    pub weights: Option<PathBuf>,
    /// Number of epochs between checkpoints, 1 or more; `None` for a checkpoint every ten seconds.
    #[serde(deserialize_with = "ranges::optional_count")]
    pub checkpoint_every: Option<usize>,
}

/// Settings of `[output]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputSettings {
    /// Whether each run writes an event file for TensorBoard.
    #[serde(deserialize_with = "ranges::boolean")]
    pub tensorboard: bool,
}

/// Settings of one `[variant.NAME]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantSettings {
    /// Early stopping, if any.
    pub early_stopping: Option<EarlyStopping>,
    /// Settings of the layers; a layer without an entry has the defaults.
    pub layers: BTreeMap<LayerName, LayerSettings>,
}

/// Settings of a variant's early stopping: the keys of [`EarlyStopping`].
#[derive(Default, Serialize, Deserialize)]
#[serde(remote = "EarlyStopping", default)]
struct EarlyStoppingSettings {
    /// Monitored value.
    #[serde(serialize_with = "ranges::as_text", deserialize_with = "ranges::monitor")]
    monitor: Monitor,
    /// Smallest change that counts as an improvement. Its sign does not matter.
    #[serde(deserialize_with = "ranges::magnitude")]
    min_delta: f64,
    /// Number of monitored epochs without improvement that end training.
    #[serde(deserialize_with = "ranges::whole")]
    patience: usize,
    /// Number of first epochs that are not monitored.
    #[serde(deserialize_with = "ranges::whole")]
    start_from_epoch: usize,
    /// Whether the weights of the best epoch are restored.
    #[serde(deserialize_with = "ranges::boolean")]
    restore_best_weights: bool,
}

/// A table of early stopping in a config.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct EarlyStoppingTable(#[serde(with = "EarlyStoppingSettings")] EarlyStopping);

/// Settings of a variant's layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LayerSettings {
    /// Penalty on the kernel.
    pub kernel_regularizer: RegularizerSettings,
    /// Penalty on the bias.
    pub bias_regularizer: RegularizerSettings,
    /// Penalty on the output of the activation function.
    pub activity_regularizer: RegularizerSettings,
    /// Whether the layer has batch normalisation. Hidden layers only.
    #[serde(deserialize_with = "ranges::boolean")]
    pub batch_norm: bool,
    /// Dropout rate: at least 0 and less than 1. Hidden layers only.
    #[serde(deserialize_with = "ranges::fraction")]
    pub dropout: f64,
}

/// Settings of the penalty on a tensor: l1·Σ|w| + l2·Σw².
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
            variants: presets(&[]).map(|(name, _)| name.to_owned()).to_vec(),
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
            sample: Sample::First,
            validation: None,
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
            validate_every: 1,
            weights: None,
            checkpoint_every: None,
        }
    }
}

impl DataSettings {
    /// Returns whether some training images are held out for validation.
    pub fn is_validated(&self) -> bool {
        self.validation.is_some() || self.validation_split > 0.0
    }
}

impl LayerSettings {
    /// Creates the config of a hidden layer.
    pub fn block(&self, units: usize) -> BlockConfig {
        let Self { batch_norm, dropout, .. } = *self;
        BlockConfig { units, regularizers: self.regularizers(), batch_norm, dropout }
    }

    /// Creates the config of the penalties. The output layer has no other settings.
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
        let Self { early_stopping, layers } = self;
        let mut map = serializer.serialize_map(None)?;
        if let Some(early_stopping) = early_stopping {
            map.serialize_entry(EARLY_STOPPING, &EarlyStoppingTable(*early_stopping))?;
        }
        for (name, layer) in layers {
            map.serialize_entry(&name.to_string(), layer)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for VariantSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = VariantSettings;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<VariantSettings, A::Error> {
                let mut variant = VariantSettings::default();
                while let Some(key) = map.next_key::<String>()? {
                    match (key.as_str(), key.parse()) {
                        (EARLY_STOPPING, _) => {
                            let EarlyStoppingTable(settings) = map.next_value()?;
                            variant.early_stopping = Some(settings);
                        }
                        (_, Ok(layer)) => drop(variant.layers.insert(layer, map.next_value()?)),
                        // `serde_ignored` reports it as an unknown key.
                        (_, Err(())) => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(variant)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// Serializes a path as an absolute one, so that it does not depend on the folder of study.toml.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn absolute<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = path.as_deref().map(absolute);
    path.map(|path| path.to_string_lossy().into_owned()).serialize(serializer)
}
