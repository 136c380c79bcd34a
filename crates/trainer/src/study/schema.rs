//! The settings of a config: for each its key, type, default and range. Those of variants are in [`variant`].

pub(super) mod variant;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use data::Source;
use model::{NOTEBOOK_HIDDEN, presets};
use serde::{Deserialize, Serialize, Serializer};
use training::{Pixels, RuleConfig};

pub(super) use self::variant::VariantSettings;
use super::{Backend, Jobs, Rule, Sample, ranges};

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
    /// Share of the training labels that is replaced by other classes: at least 0 and less than 1.
    #[serde(deserialize_with = "ranges::fraction")]
    pub label_noise: f64,
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
    /// Learning rate: more than 0.
    #[serde(deserialize_with = "ranges::positive")]
    pub learning_rate: f64,
    /// Optimizer.
    #[serde(serialize_with = "ranges::as_text", deserialize_with = "ranges::rule")]
    pub optimizer: Rule,
    /// Momentum of SGD: at least 0 and less than 1.
    #[serde(deserialize_with = "ranges::optional_fraction")]
    pub momentum: Option<f64>,
    /// Whether SGD's momentum is Nesterov's.
    #[serde(deserialize_with = "ranges::optional_boolean")]
    pub nesterov: Option<bool>,
    /// Adam's decay of the mean of gradients: at least 0 and less than 1.
    #[serde(deserialize_with = "ranges::optional_fraction")]
    pub beta_1: Option<f64>,
    /// Adam's decay of the mean of their squares: at least 0 and less than 1.
    #[serde(deserialize_with = "ranges::optional_fraction")]
    pub beta_2: Option<f64>,
    /// Adam's epsilon: more than 0.
    #[serde(deserialize_with = "ranges::optional_positive")]
    pub epsilon: Option<f64>,
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
            sources: Source::DEFAULT.to_vec(),
            pixels: Pixels::Unit,
            dir: None,
            validation_split: 0.0,
            limit: None,
            sample: Sample::First,
            label_noise: 0.0,
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
            optimizer: Rule::Sgd,
            momentum: None,
            nesterov: None,
            beta_1: None,
            beta_2: None,
            epsilon: None,
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

/// Keras's default momentum of SGD.
const MOMENTUM: f64 = 0.0;
/// Keras's default decay of the mean of gradients of Adam.
const BETA_1: f64 = 0.9;
/// Keras's default decay of the mean of their squares of Adam.
const BETA_2: f64 = 0.999;
/// Keras's default epsilon of Adam.
const EPSILON: f64 = 1e-7;

impl FitSettings {
    /// Leaves out the optimizer's settings that are at their defaults.
    pub(super) fn without_defaults(&self) -> Self {
        let other = |value: Option<f64>, default| value.filter(|value| *value != default);
        Self {
            momentum: other(self.momentum, MOMENTUM),
            nesterov: self.nesterov.filter(|nesterov| *nesterov),
            beta_1: other(self.beta_1, BETA_1),
            beta_2: other(self.beta_2, BETA_2),
            epsilon: other(self.epsilon, EPSILON),
            ..self.clone()
        }
    }

    /// Returns the optimizer's rule. What is not set has Keras's default.
    pub fn rule(&self) -> RuleConfig {
        let Self { optimizer, momentum, nesterov, beta_1, beta_2, epsilon, .. } = *self;
        match optimizer {
            Rule::Sgd => RuleConfig::Sgd {
                momentum: momentum.unwrap_or(MOMENTUM),
                nesterov: nesterov.unwrap_or(false),
            },
            Rule::Adam => RuleConfig::Adam {
                beta_1: beta_1.unwrap_or(BETA_1),
                beta_2: beta_2.unwrap_or(BETA_2),
                epsilon: epsilon.unwrap_or(EPSILON),
            },
        }
    }
}

/// Serializes a path as an absolute one, so that it does not depend on the folder of study.toml.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn absolute<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = path.as_deref().map(absolute);
    path.map(|path| path.to_string_lossy().into_owned()).serialize(serializer)
}
