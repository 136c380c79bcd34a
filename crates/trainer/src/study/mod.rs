//! A study ready to run. [`Study::read`] refuses all that can be refused before the data is loaded.

mod layers;
mod read;
mod settings;
mod sweep;

use std::{fmt, path::PathBuf};

use model::Variant;
use training::{FitConfig, Pixels};

use self::sweep::sweep_key;
pub use self::{
    settings::{EPOCHS, HIDDEN, Settings, WEIGHTS, setting_text},
    sweep::{label, short},
};
use crate::device::Backend;

/// Everything a study is, with every setting resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// The config's name.
    pub name: String,
    /// What computes.
    pub backend: Backend,
    /// The compared variants, in the table's order; where something is swept, at its first value.
    pub variants: Vec<Variant>,
    /// The variants' settings as a config for the same study has them.
    pub variant_settings: Settings,
    /// Keys of these that yield to the other name of their layer where both are one.
    pub yielding: Vec<String>,
    /// One run per variant for each.
    pub seeds: Vec<u64>,
    /// How many runs train at a time.
    pub jobs: Jobs,
    /// What is learnt from.
    pub data: DataSettings,
    /// How it is learnt.
    pub fit: FitConfig,
    /// A safetensors file to start from instead of a fresh draw.
    pub start_weights: Option<PathBuf>,
    /// A checkpoint every so many epochs, instead of every few seconds.
    pub checkpoint_every: Option<usize>,
    /// What is written beside the results.
    pub output: OutputSettings,
    /// The swept keys as a config has them, each with its list.
    pub sweep: Settings,
    /// What is trained, in the order of the table: variant by variant, point by point, seed by seed.
    pub runs: Vec<Run>,
}

/// How many runs train at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// One per core on a CPU backend, one on a GPU.
    Auto,
    /// This many.
    Count(usize),
}

/// `[data]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSettings {
    /// Where the digits come from: the first that can be had.
    pub sources: Vec<data::Source>,
    /// What the network sees of a pixel.
    pub pixels: Pixels,
    /// A folder with the four IDX files; the set is there or nowhere.
    pub dir: Option<PathBuf>,
    /// The last share of the training set, kept from training: 0 to under 1.
    pub validation_split: f64,
    /// Only the first so many training images.
    pub limit: Option<usize>,
}

/// `[output]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSettings {
    /// Whether each run's folder gets an event file for TensorBoard.
    pub tensorboard: bool,
}

/// One variant trained from one seed, at one point of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What is trained.
    pub variant: Variant,
    /// Where its randomness starts.
    pub seed: u64,
    /// The swept keys that it uses, with its values; empty without a sweep.
    pub point: Settings,
    /// What it learns from.
    pub data: DataSettings,
    /// How it learns.
    pub fit: FitConfig,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            sources: data::Source::ALL.to_vec(),
            pixels: Pixels::Unit,
            dir: None,
            validation_split: 0.0,
            limit: None,
        }
    }
}

impl Run {
    /// A run by the default settings.
    #[must_use]
    pub fn new(variant: Variant, seed: u64) -> Self {
        let (point, data, fit) = Default::default();
        Self { variant, seed, point, data, fit }
    }

    /// The run's folder inside the study's: `runs/<variant>/seed-<n>`, the variant's name followed by the
    /// point in a sweep.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        run_folder(&self.variant.name, &self.point, self.seed)
    }
}

impl Study {
    /// Whether a key has several values in this study.
    #[must_use]
    pub fn is_swept(&self, key: &str) -> bool {
        self.sweep.contains_key(&sweep_key(key))
    }

    /// The name of the variant that others are compared with.
    #[must_use]
    pub fn first_variant(&self) -> &str {
        self.variants.first().map_or("", |variant| &variant.name)
    }

    /// The first of a variant's runs, if it has any.
    #[must_use]
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
#[must_use]
pub fn run_folder(variant: &str, point: &Settings, seed: u64) -> PathBuf {
    ["runs", &cell(variant, point, ","), &format!("seed-{seed}")].iter().collect()
}

/// What messages call a run.
#[must_use]
pub fn run_name(variant: &str, point: &Settings, seed: u64) -> String {
    format!("{} seed {seed}", cell_name(variant, point))
}

/// A variant, and its point in a sweep: `l2 l2=0.01`.
#[must_use]
pub fn cell_name(variant: &str, point: &Settings) -> String {
    cell(variant, point, " ")
}

fn cell(variant: &str, point: &Settings, between: &str) -> String {
    if point.is_empty() {
        return variant.to_owned();
    }
    format!("{variant}{between}{}", label(point))
}
