//! A study as flat keys and values again: what study.toml and run.json hold, and what tells two
//! runs apart.

use std::collections::BTreeMap;

use model::{BlockConfig, LayerName, NetworkConfig, Regularizer, Regularizers};
use toml::Value;
use training::FitConfig;

use super::{DataSettings, Jobs, Run, Study, layers};
use crate::device::Backend;

/// The key of the number of epochs, the one setting that a finished run may have another value of: it
/// can go on.
pub const EPOCHS: &str = "fit.epochs";

/// The key of the start weights: a file in a config, its checksum in a run's settings.
pub const WEIGHTS: &str = "fit.weights";

/// The key of the hidden layers' units.
pub const HIDDEN: &str = "network.hidden";

/// Changes whenever the same settings begin to give other results, to the last bit.
const NUMERICS: i64 = 3;

/// Dotted config keys and their resolved values.
pub type Settings = BTreeMap<String, Value>;

/// A setting as text; empty where there is none.
#[must_use]
pub fn setting_text(settings: &Settings, key: &str) -> String {
    match settings.get(key) {
        Some(Value::String(text)) => text.clone(),
        // As few digits as tell it from other numbers, where TOML would write zeros.
        Some(Value::Float(number)) => format!("{number:?}"),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

impl Study {
    /// Every setting of the study. Written out as `key = value` lines it is a config for the same
    /// study.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let mut settings = common_settings(self.backend, &self.data, &self.fit);
        let sources = self.data.sources.iter().map(ToString::to_string);
        settings.insert("data.sources".to_owned(), sources.collect::<Vec<_>>().into());
        for (key, file) in [("data.dir", &self.data.dir), (WEIGHTS, &self.start_weights)] {
            settings.extend(file.as_deref().map(|file| (key.to_owned(), path(file))));
        }
        let every = self.checkpoint_every.map(|epochs| integer(epochs as u64));
        settings.extend(every.map(|every| ("fit.checkpoint_every".to_owned(), every)));
        let names = self.variants.iter().map(|variant| variant.name.clone());
        let seeds = self.seeds.iter().map(|&seed| integer(seed));
        settings.insert("output.tensorboard".to_owned(), self.output.tensorboard.into());
        settings.insert("variants".to_owned(), names.collect::<Vec<_>>().into());
        settings.insert("seeds".to_owned(), Value::Array(seeds.collect()));
        settings.insert(
            "jobs".to_owned(),
            match self.jobs {
                Jobs::Auto => "auto".into(),
                Jobs::Count(jobs) => integer(jobs as u64),
            },
        );
        let units = self.variants.first().map(|variant| network_settings(&variant.network));
        settings.extend(units.and_then(|mut settings| settings.remove_entry(HIDDEN)));
        settings.extend(self.variant_settings.clone());
        if !self.yielding.is_empty() {
            settings.insert(layers::YIELDING.to_owned(), self.yielding.clone().into());
        }
        // What is swept has its lists instead.
        settings.retain(|key, _| !self.is_swept(key));
        settings.extend(self.sweep.clone());
        settings
    }

    /// The study as a config file, every setting in it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let lines = self.settings().into_iter();
        lines.map(|(key, value)| format!("{key} = {value}\n")).collect()
    }

    /// The settings that a run's result depends on, its seed apart; the variant's own without its name. Where
    /// digits and start weights come from is not among them: their checksums tell more.
    #[must_use]
    pub fn run_settings(&self, run: &Run) -> Settings {
        let mut settings = dependencies(self.backend, &run.data, &run.fit);
        settings.extend(network_settings(&run.variant.network));
        settings
    }

    /// The settings that a finished run should have to stand beside this study's runs although it is none of
    /// them: its variant's, unless the study has none of that name. What is swept, there or here, may be as it was
    /// `found`.
    #[must_use]
    pub fn settings_beside(&self, variant: &str, point: &Settings, found: &Settings) -> Settings {
        let known = self.first_run_of(variant);
        let mut settings = known.map_or_else(
            || dependencies(self.backend, &self.data, &self.fit),
            |run| self.run_settings(run),
        );
        let depth = found.get(HIDDEN).and_then(Value::as_array).map_or(0, Vec::len);
        let is_swept = |key: &str| {
            let of_variant = format!("variant.{variant}.{key}");
            let other = layers::other_name(&of_variant, depth);
            [Some(key.to_owned()), Some(of_variant), other]
                .iter()
                .flatten()
                .any(|key| point.contains_key(key) || self.is_swept(key))
        };
        let of_layers = |key: &str| key.starts_with("hidden") || key.starts_with("output.");
        let any_layer = known.is_none() || is_swept(HIDDEN);
        let is_free = |key: &str| {
            is_swept(key) || (any_layer && of_layers(key)) || (known.is_none() && key == HIDDEN)
        };
        settings.retain(|key, _| !is_free(key));
        let free = found.iter().filter(|(key, _)| is_free(key));
        settings.extend(free.map(|(key, value)| (key.clone(), value.clone())));
        settings
    }
}

/// What a run depends on, its variant apart.
fn dependencies(backend: Backend, data: &DataSettings, fit: &FitConfig) -> Settings {
    let mut settings = common_settings(backend, data, fit);
    settings.insert("numerics".to_owned(), NUMERICS.into());
    settings
}

/// What a config says of it.
fn common_settings(backend: Backend, data: &DataSettings, fit: &FitConfig) -> Settings {
    let mut settings = BTreeMap::from([
        ("backend".to_owned(), backend.to_string().into()),
        ("data.pixels".to_owned(), data.pixels.to_string().into()),
        ("data.validation_split".to_owned(), data.validation_split.into()),
        (EPOCHS.to_owned(), integer(fit.epochs as u64)),
        ("fit.batch_size".to_owned(), integer(fit.batch_size as u64)),
        ("fit.learning_rate".to_owned(), fit.learning_rate.into()),
        ("fit.shuffle".to_owned(), fit.shuffle.into()),
    ]);
    let limit = data.limit.map(|limit| ("data.limit".to_owned(), integer(limit as u64)));
    settings.extend(limit);
    settings
}

/// A network's settings that differ from the plain network's, and its hidden layers' units.
fn network_settings(network: &NetworkConfig) -> Settings {
    let units = network.hidden.iter().map(|block| integer(block.units as u64));
    let mut settings = Settings::from([(HIDDEN.to_owned(), Value::Array(units.collect()))]);
    let mut extend = |name: LayerName, own: Settings, plain: &Settings| {
        let differing = own.into_iter().filter(|(key, value)| plain.get(key) != Some(value));
        settings.extend(differing.map(|(key, value)| (format!("{name}.{key}"), value)));
    };
    for (index, block) in network.hidden.iter().enumerate() {
        let plain = block_settings(&BlockConfig::plain(block.units));
        extend(LayerName::Hidden(index), block_settings(block), &plain);
    }
    let plain = regularizer_settings(&Regularizers::default());
    extend(LayerName::Output, regularizer_settings(&network.output), &plain);
    settings
}

/// All settings of a hidden layer but for its units.
pub(super) fn block_settings(block: &BlockConfig) -> Settings {
    let mut settings = regularizer_settings(&block.regularizers);
    settings.insert("batch_norm".to_owned(), block.batch_norm.into());
    settings.insert("dropout".to_owned(), block.dropout.into());
    settings
}

fn regularizer_settings(regularizers: &Regularizers) -> Settings {
    let Regularizers { kernel, bias, activity } = *regularizers;
    [("kernel", kernel), ("bias", bias), ("activity", activity)]
        .into_iter()
        .flat_map(|(part, Regularizer { l1, l2 })| {
            [
                (format!("{part}_regularizer.l1"), l1.into()),
                (format!("{part}_regularizer.l2"), l2.into()),
            ]
        })
        .collect()
}

fn path(path: &std::path::Path) -> Value {
    // From wherever study.toml is read again, it is the same file.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.to_string_lossy().into_owned().into()
}

/// Settings come from TOML's own integers, so they fit again.
fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
