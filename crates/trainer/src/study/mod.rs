//! A study, ready to run. [`Study::read`] makes every check of a config that needs no data set.

mod backend;
mod canonical_entries;
mod canonical_value;
mod checks;
mod conflicts;
mod errors;
mod flat;
mod inputs;
mod jobs;
mod keys;
mod label;
mod layers;
mod limits;
pub mod numbers;
mod origins;
mod presets;
mod ranges;
mod read;
mod resolve;
mod rule;
mod saved_variants;
mod schema;
mod splits;
mod study_toml;
mod sweep;
mod variant;

use std::{collections::BTreeMap, fmt};

use data::Source;
use toml::Value;
use training::{FitConfig, OptimizerConfig};

use self::keys::{EPOCHS, sweep_key};
pub use self::{
    backend::Backend,
    inputs::{ID_DIGITS, InputFiles, Inputs, NUMERICS_VERSION, id_of},
    jobs::Jobs,
    keys::{HIDDEN, WEIGHTS},
    label::{label, setting_text, short},
    origins::{Origins, SettingError},
    rule::Rule,
    schema::{DataSettings, FitSettings, Settings},
    splits::{ChangedLabel, Sample, Splits, TrainingData, WrongLabels},
    variant::Variant,
};

/// Values by dotted key.
pub type KeyValues = BTreeMap<String, Value>;

/// Study with all settings resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Name of the config.
    pub name: String,
    /// Settings of the study. Swept keys have their first values.
    pub settings: Settings,
    /// Compared variants, in the order of the results table. Swept keys have their first values.
    pub variants: Vec<Variant>,
    /// Settings of the variants, by their keys in study.toml.
    pub variant_settings: KeyValues,
    /// Keys in study.toml of settings that are overridden under the layer's alias, `last_hidden`, wherever both keys
    /// name the same layer. In ascending precedence.
    pub yielding: Vec<String>,
    /// Lists of the swept keys, by their keys in study.toml.
    pub sweep: KeyValues,
    /// Origins of the settings.
    pub origins: Origins,
    /// Runs in the order of the results table: by variant, then by sweep point, then by seed.
    pub runs: Vec<Run>,
}

/// One training of a variant, from one seed and at one sweep point.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Variant to train.
    pub variant: Variant,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Sweep point: the values of the swept keys that apply to the variant. Empty without a sweep.
    pub point: KeyValues,
    /// Settings of the data set.
    pub data: DataSettings,
    /// Settings of the training.
    pub fit: FitSettings,
}

impl Run {
    /// Creates a run with the default settings.
    pub fn new(variant: Variant, seed: u64) -> Self {
        let (point, data, fit) = Default::default();
        Self { variant, seed, point, data, fit }
    }

    /// Returns the hyperparameters of the run's fit.
    pub fn fit_config(&self) -> FitConfig {
        let FitSettings { epochs, batch_size, learning_rate, shuffle, validate_every, .. } =
            self.fit;
        let Variant { early_stopping, shift, ref weight_decay, .. } = self.variant;
        let (rule, weight_decay) = (self.fit.rule(), weight_decay.clone());
        let optimizer = OptimizerConfig { rule, learning_rate, weight_decay };
        FitConfig { epochs, batch_size, optimizer, shuffle, shift, validate_every, early_stopping }
    }

    /// Returns the name of the run's folder: `<variant>[,<point>]-seed-<n>-<id>`.
    pub fn folder_name(&self, id: &str) -> String {
        format!("{}-seed-{}-{id}", cell(&self.variant.name, &self.point, ","), self.seed)
    }

    /// Returns the variant's name with the sweep point: `l2 l2=0.01`.
    pub fn cell_name(&self) -> String {
        cell_name(&self.variant.name, &self.point)
    }
}

impl Study {
    /// Returns whether a key is swept.
    pub fn is_swept(&self, key: &str) -> bool {
        self.sweep.contains_key(&sweep_key(key))
    }

    /// Returns the name of the first variant, with which the others are compared.
    pub fn first_variant(&self) -> &str {
        self.variants.first().map_or("", |variant| &variant.name)
    }

    /// Makes a source the only one. Ignored if `data.dir` replaces the sources.
    #[must_use]
    pub fn with_source(mut self, source: Source) -> Self {
        self.settings.data.sources = vec![source];
        self
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} seed {}", self.cell_name(), self.seed)
    }
}

/// Formats the name of a variant at a sweep point: `l2 l2=0.01`.
pub fn cell_name(variant: &str, point: &KeyValues) -> String {
    cell(variant, point, " ")
}

fn cell(variant: &str, point: &KeyValues, separator: &str) -> String {
    if point.is_empty() {
        return variant.to_owned();
    }
    format!("{variant}{separator}{}", label(point))
}
