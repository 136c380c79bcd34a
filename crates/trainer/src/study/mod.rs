//! A study ready to run. [`Study::read`] refuses all that can be refused before the data is loaded.

mod read;
mod settings;

use std::{fmt, path::PathBuf};

use model::Variant;

pub use self::settings::{EPOCHS, Settings};
use crate::device::Backend;

/// Everything a study is, with every setting resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// The config's name.
    pub name: String,
    /// What computes.
    pub backend: Backend,
    /// What is compared, in the table's order.
    pub variants: Vec<Variant>,
    /// One run per variant for each.
    pub seeds: Vec<u64>,
    /// How many runs train at a time.
    pub jobs: Jobs,
    /// What is learnt from.
    pub data: DataSettings,
    /// How it is learnt.
    pub fit: FitSettings,
    /// What is written beside the results.
    pub output: OutputSettings,
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

/// What the network sees of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixels {
    /// 0 to 1.
    Unit,
    /// 0 to 255, as in the notebook.
    Raw,
}

/// `[fit]`.
#[derive(Debug, Clone, PartialEq)]
pub struct FitSettings {
    /// Times through the training set.
    pub epochs: usize,
    /// Images per step; an epoch's last step takes what is left.
    pub batch_size: usize,
    /// The step's length along the gradient.
    pub learning_rate: f64,
    /// Whether each epoch takes the images in an order of its own.
    pub shuffle: bool,
    /// A checkpoint every so many epochs, instead of every few seconds.
    pub checkpoint_every: Option<usize>,
    /// A safetensors file to start from instead of a fresh draw.
    pub weights: Option<PathBuf>,
}

/// `[output]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSettings {
    /// Whether each run's folder gets an event file for TensorBoard.
    pub tensorboard: bool,
}

/// One variant trained from one seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What is trained.
    pub variant: Variant,
    /// Where its randomness starts.
    pub seed: u64,
}

impl Study {
    /// The runs in the order of the table: variant by variant, seed by seed.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        let runs_of = |variant: &Variant| {
            let variant = variant.clone();
            self.seeds.iter().map(move |&seed| Run { variant: variant.clone(), seed })
        };
        self.variants.iter().flat_map(runs_of).collect()
    }
}

impl Run {
    /// The run's folder inside the study's: `runs/<variant>/seed-<n>`.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        run_folder(&self.variant.name, self.seed)
    }
}

/// Where a run is kept, inside the study's folder.
#[must_use]
pub fn run_folder(variant: &str, seed: u64) -> PathBuf {
    ["runs", variant, &format!("seed-{seed}")].iter().collect()
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} seed {}", self.variant.name, self.seed)
    }
}

impl Pixels {
    /// All choices.
    pub const ALL: [Self; 2] = [Self::Unit, Self::Raw];
}

impl fmt::Display for Pixels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unit => "unit",
            Self::Raw => "raw",
        })
    }
}
