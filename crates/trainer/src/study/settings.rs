//! A study as flat keys and values again: what study.toml and run.json hold, and what tells two
//! runs apart.

use std::collections::BTreeMap;

use model::{LayerName, NetworkConfig, Regularizer, Variant, presets};
use toml::Value;

use super::{DataSettings, FitSettings, Jobs, Run, Study};
use crate::device::Backend;

/// The key of the number of epochs, the one setting that a finished run may have another value of: it
/// can go on.
pub const EPOCHS: &str = "fit.epochs";

/// The key of the start weights: a file in a config, its checksum in a run's settings.
pub const WEIGHTS: &str = "fit.weights";

/// Changes whenever the same settings begin to give other results, to the last bit.
const NUMERICS: i64 = 2;

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
        for (key, file) in [("data.dir", &self.data.dir), (WEIGHTS, &self.fit.weights)] {
            settings.extend(file.as_deref().map(|file| (key.to_owned(), path(file))));
        }
        let every = self.fit.checkpoint_every.map(|epochs| integer(epochs as u64));
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
        for variant in &self.variants {
            let table = format!("variant.{}", variant.name);
            let own = variant_settings(variant);
            if own.is_empty() {
                // A plain variant of one's own has to be named to exist.
                settings.insert(table, Value::Table(toml::Table::new()));
            } else {
                settings
                    .extend(own.into_iter().map(|(key, value)| (format!("{table}.{key}"), value)));
            }
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
        let is_swept = |key: &str| {
            [key.to_owned(), format!("variant.{variant}.{key}")]
                .iter()
                .any(|key| point.contains_key(key) || self.is_swept(key))
        };
        let of_layers =
            |key: &str| LayerName::ALL.iter().any(|name| key.starts_with(&format!("{name}.")));
        let is_free = |key: &str| is_swept(key) || (known.is_none() && of_layers(key));
        settings.retain(|key, _| !is_free(key));
        let free = found.iter().filter(|(key, _)| is_free(key));
        settings.extend(free.map(|(key, value)| (key.clone(), value.clone())));
        settings
    }
}

/// What a run depends on, its variant apart.
fn dependencies(backend: Backend, data: &DataSettings, fit: &FitSettings) -> Settings {
    let mut settings = common_settings(backend, data, fit);
    settings.insert("numerics".to_owned(), NUMERICS.into());
    settings
}

/// What a config says of it.
fn common_settings(backend: Backend, data: &DataSettings, fit: &FitSettings) -> Settings {
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

/// A network's settings that differ from the plain network's.
fn network_settings(network: &NetworkConfig) -> Settings {
    differing(all_settings(network), &NetworkConfig::plain())
}

/// A variant's settings as a config has to write them: those that make it what it is, and those
/// that take away what the preset of its name has.
fn variant_settings(variant: &Variant) -> Settings {
    let mut settings = network_settings(&variant.network);
    if let Some(preset) = presets().iter().find(|preset| preset.name == variant.name) {
        settings.extend(differing(all_settings(&variant.network), &preset.network));
    }
    settings
}

fn differing(settings: Settings, base: &NetworkConfig) -> Settings {
    let base = all_settings(base);
    let differs = |(key, value): &(String, Value)| base.get(key) != Some(value);
    settings.into_iter().filter(differs).collect()
}

fn all_settings(network: &NetworkConfig) -> Settings {
    let mut settings = Settings::new();
    for name in LayerName::ALL {
        let layer = network.layer(name);
        for (part, Regularizer { l1, l2 }) in [
            ("kernel", layer.kernel_regularizer),
            ("bias", layer.bias_regularizer),
            ("activity", layer.activity_regularizer),
        ] {
            settings.insert(format!("{name}.{part}_regularizer.l1"), l1.into());
            settings.insert(format!("{name}.{part}_regularizer.l2"), l2.into());
        }
        if name != LayerName::Output {
            settings.insert(format!("{name}.batch_norm"), layer.batch_norm.into());
            settings.insert(format!("{name}.dropout"), layer.dropout.into());
        }
    }
    settings
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
