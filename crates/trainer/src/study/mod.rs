//! A study, ready to run. [`Study::read`] makes every check of a config that needs no data set.

mod backend;
mod canonical_entries;
mod canonical_value;
mod errors;
mod flat;
mod inputs;
mod jobs;
mod keys;
mod label;
mod layers;
mod limits;
pub mod numbers;
mod presets;
mod ranges;
mod read;
mod resolve;
mod saved_variants;
mod schema;
mod splits;
mod study_toml;
mod sweep;

use std::{collections::BTreeMap, fmt, path::PathBuf};

use model::Variant;
use toml::Value;

use self::keys::sweep_key;
pub use self::{
    backend::Backend,
    jobs::Jobs,
    keys::{EPOCHS, HIDDEN, NOT_INPUTS, WEIGHTS},
    label::{label, setting_text, short},
    schema::{DataSettings, FitSettings, Settings},
    splits::{SettingError, Splits, TrainingData},
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

    /// Returns the run's folder, relative to the study's: `runs/<variant>/seed-<n>`. In a sweep, the point follows the
    /// variant's name.
    pub fn folder(&self) -> PathBuf {
        run_folder(&self.variant.name, &self.point, self.seed)
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

    /// Returns the first run of a variant.
    pub fn first_run_of(&self, variant: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.variant.name == variant)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&run_name(&self.variant.name, &self.point, self.seed))
    }
}

/// Returns the folder of a run, relative to its study's.
pub fn run_folder(variant: &str, point: &KeyValues, seed: u64) -> PathBuf {
    ["runs", &cell(variant, point, ","), &format!("seed-{seed}")].iter().collect()
}

/// Formats the name of a run in messages: `l2 l2=0.01 seed 3`.
pub fn run_name(variant: &str, point: &KeyValues, seed: u64) -> String {
    format!("{} seed {seed}", cell_name(variant, point))
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
