//! A study ready to run. [`Study::read`] refuses all that can be refused before the data is loaded.

mod backend;
mod canonical;
mod flat;
mod inputs;
mod jobs;
mod keys;
mod label;
mod layers;
mod limits;
mod named_entries;
pub mod numbers;
mod presets;
mod ranges;
mod read;
mod refusal;
mod resolve;
mod schema;
mod splits;
mod study_toml;
mod sweep;
mod variant_keys;

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
    splits::{Cut, SettingError, Splits},
};

/// Dotted config keys and their values.
pub type KeyValues = BTreeMap<String, Value>;

/// Everything a study is, with every setting resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// The config's name.
    pub name: String,
    /// The settings of the study as a whole; where something is swept, its first value.
    pub settings: Settings,
    /// The compared variants, in the table's order; where something is swept, at its first value.
    pub variants: Vec<Variant>,
    /// The variants' settings as a config for the same study has them.
    pub variant_settings: KeyValues,
    /// Keys of these that yield to the other name of their layer where both are one.
    pub yielding: Vec<String>,
    /// The swept keys as a config has them, each with its list.
    pub sweep: KeyValues,
    /// The runs in the order of the table: variant by variant, point by point, seed by seed.
    pub runs: Vec<Run>,
}

/// One variant trained from one seed, at one point of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What is trained.
    pub variant: Variant,
    /// Where its randomness starts.
    pub seed: u64,
    /// The swept keys that it uses, with its values; empty without a sweep.
    pub point: KeyValues,
    /// What it learns from.
    pub data: DataSettings,
    /// How it is trained.
    pub fit: FitSettings,
}

impl Run {
    /// A run by the default settings.
    pub fn new(variant: Variant, seed: u64) -> Self {
        let (point, data, fit) = Default::default();
        Self { variant, seed, point, data, fit }
    }

    /// The run's folder inside the study's: `runs/<variant>/seed-<n>`, the variant's name followed by the
    /// point in a sweep.
    pub fn folder(&self) -> PathBuf {
        run_folder(&self.variant.name, &self.point, self.seed)
    }
}

impl Study {
    /// Whether a key has several values in this study.
    pub fn is_swept(&self, key: &str) -> bool {
        self.sweep.contains_key(&sweep_key(key))
    }

    /// The name of the variant that others are compared with.
    pub fn first_variant(&self) -> &str {
        self.variants.first().map_or("", |variant| &variant.name)
    }

    /// The first of a variant's runs, if it has any.
    pub fn first_run_of(&self, variant: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.variant.name == variant)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&run_name(&self.variant.name, &self.point, self.seed))
    }
}

/// A run's folder inside its study's.
pub fn run_folder(variant: &str, point: &KeyValues, seed: u64) -> PathBuf {
    ["runs", &cell(variant, point, ","), &format!("seed-{seed}")].iter().collect()
}

/// What messages call a run.
pub fn run_name(variant: &str, point: &KeyValues, seed: u64) -> String {
    format!("{} seed {seed}", cell_name(variant, point))
}

/// A variant, and its point in a sweep: `l2 l2=0.01`.
pub fn cell_name(variant: &str, point: &KeyValues) -> String {
    cell(variant, point, " ")
}

fn cell(variant: &str, point: &KeyValues, between: &str) -> String {
    if point.is_empty() {
        return variant.to_owned();
    }
    format!("{variant}{between}{}", label(point))
}
