//! A study, ready to run. [`Study::read`] makes every check of a config that needs no data set:
//!
//! 1. `sweep`: the lists of `[sweep]` are parsed; their first values stand in for them.
//! 2. `read`: each entry finds its row in the `table` of settings and is set, once for each depth of the networks,
//!    because `last_hidden` is another layer at each (`keys`). A row (`setting`) has a kind of values (`kinds`) and a
//!    field of the plain structs (`settings`).
//! 3. `read`: each variant at each sweep point becomes a run, by setting the point's values.
//! 4. `checks`: the settings of a run must not contradict each other.
//!
//! `inputs` has the run's identity, `label` the short names of sweep points, `choices` the words that settings take.

mod checks;
mod choices;
mod inputs;
mod keys;
mod kinds;
mod label;
mod read;
mod setting;
mod settings;
mod sweep;
pub(crate) mod table;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use data::{Shape, Source};
use model::{Loss, NetworkConfig};
use toml::Value;
use training::{FitConfig, OptimizerConfig};

pub(crate) use self::setting::Row;
use self::{checks::Check, keys::sweep_key, setting::Setting};
pub use self::{
    choices::{Backend, Jobs, OptimizerName, Sample},
    inputs::{ID_DIGITS, InputFiles, Inputs, NUMERICS_VERSION, id_of},
    keys::{HIDDEN, Origins, WEIGHTS, help, is_bound},
    label::{counted, label, setting_text, short},
    settings::{DataSettings, FitSettings, Settings, VariantSettings},
};
use crate::config::SettingError;

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
    /// Settings of the variants as they are written, by their keys in study.toml.
    pub variant_settings: KeyValues,
    /// Lists of the swept keys, by their keys in study.toml.
    pub sweep: KeyValues,
    /// Origins of the settings.
    pub origins: Origins,
    /// Runs in the order of the results table: by variant, then by sweep point, then by seed.
    pub runs: Vec<Run>,
}

/// A named way to regularise a network and its training.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Name in configs, folders and tables.
    pub name: String,
    /// Settings as plain fields.
    pub settings: VariantSettings,
    /// Settings of the network.
    pub network: NetworkConfig,
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

impl Variant {
    /// Creates a variant of a network whose hidden layers have these numbers of units.
    pub fn new(name: &str, mut settings: VariantSettings, hidden: &[usize]) -> Self {
        // A rate of 0 is no weight decay.
        settings.weight_decay.take_if(|decay| decay.rate == 0.0);
        let network = settings.network(hidden);
        Self { name: name.to_owned(), settings, network }
    }

    /// Returns the name for people: the label, or else the variant's name.
    pub fn label(&self) -> &str {
        self.settings.label.as_deref().unwrap_or(&self.name)
    }
}

impl Run {
    /// Returns the hyperparameters of the run's fit.
    pub fn fit_config(&self) -> FitConfig {
        let FitSettings { epochs, batch_size, learning_rate, shuffle, validate_every, .. } =
            self.fit;
        let VariantSettings { early_stopping, shift, ref weight_decay, label_smoothing, .. } =
            self.variant.settings;
        let loss = Loss { label_smoothing };
        let (rule, weight_decay) = (self.fit.rule(), weight_decay.clone());
        let optimizer = OptimizerConfig { rule, learning_rate, weight_decay };
        FitConfig {
            epochs,
            batch_size,
            loss,
            optimizer,
            shuffle,
            shift,
            validate_every,
            early_stopping,
        }
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

    /// Returns an error if the network or the batches of a run are too large for a data set of this shape.
    pub fn check_sizes(&self, shape: Shape) -> Result<(), SettingError> {
        let (backend, origins) = (self.settings.backend, &self.origins);
        self.runs.iter().try_for_each(|run| Check { run, backend, origins }.sizes(shape))
    }

    /// Adds to an error of a setting its key as written and its origin.
    pub fn locate(&self, error: SettingError) -> SettingError {
        self.origins.locate(error, self.settings.hidden.len())
    }

    /// Returns every setting of the study as a config's keys and values. Reading them gives the same study.
    pub fn key_values(&self) -> KeyValues {
        let of_study = table::STUDY.iter().filter_map(|Setting { row, get, .. }| {
            let value = get(&self.settings)?;
            let is_silent = row.is_quiet && row.default.as_ref() == Some(&value);
            (!is_silent).then(|| (row.key.clone(), value))
        });
        let mut settings: KeyValues = of_study.collect();
        settings.extend(self.variant_settings.clone());
        // A swept key has its list instead of a value.
        settings.retain(|key, _| !self.is_swept(key));
        settings.extend(self.sweep.clone());
        settings
    }

    /// Formats every setting of the study as a config file in a folder, such as study.toml. TOML is UTF-8: another path is
    /// written relative to the folder, if that is UTF-8.
    pub fn to_toml(&self, folder: &Path) -> Result<String, SettingError> {
        let mut settings = self.key_values();
        let paths = [("data.dir", &self.settings.data.dir), (WEIGHTS, &self.settings.fit.weights)];
        for (key, path) in paths {
            if let Some(path) = path.as_deref().filter(|path| is_lossy(path)) {
                let relative = relative(path, folder);
                let text = relative.to_str().ok_or_else(|| {
                    let reason =
                        "a config cannot name this path, which is not UTF-8; rename its folder";
                    self.locate(SettingError::new(key, reason.to_owned()))
                })?;
                settings.insert(key.to_owned(), text.into());
            }
        }
        Ok(settings.into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect())
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

/// Returns whether the absolute form of a path is not UTF-8.
fn is_lossy(path: &Path) -> bool {
    std::path::absolute(path).is_ok_and(|path| path.to_str().is_none())
}

/// Returns a path relative to a folder.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    let resolved = |path: &Path| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        absolute.canonicalize().unwrap_or(absolute)
    };
    let (path, folder) = (resolved(path), resolved(folder));
    let common = path.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| "..");
    up.map(Path::new)
        .chain(path.components().skip(common).map(|part| Path::new(part.as_os_str())))
        .collect()
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
