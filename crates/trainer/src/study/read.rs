//! From a config's keys to a study.

use std::{collections::BTreeMap, path::PathBuf};

use model::{LayerName, NetworkConfig, Regularizer, Variant, presets};
use toml::Value;

use super::{
    DataSettings, FitSettings, Jobs, OutputSettings, Pixels, Run, Settings, Study, sweep::Sweep,
};
use crate::{
    config::{ConfigError, Entries, Entry, Origin, Reader, values, values::Parsed},
    device::Backend,
};

/// Images of float32 that fit into 128 MiB, what many GPUs let one buffer have.
const LARGEST_GPU_BATCH: usize = 128 * 1024 * 1024 / (data::PIXELS * 4);

impl Study {
    /// Reads a study from a config's entries. What was not written has the default that the config
    /// `mnist` shows.
    ///
    /// # Errors
    ///
    /// When a key is unknown or a value impossible.
    pub fn read(name: &str, entries: &Entries) -> Result<Self, ConfigError> {
        let mut entries = entries.clone();
        let sweep = Sweep::take(&mut entries)?;
        let read_at = |name: &str, point: &Settings| {
            Self::read_one(name, &sweep.at(&entries, point)).map_err(|error| sweep.name(error))
        };
        let mut study = read_at(name, &sweep.first())?;
        let names: Vec<&str> = study.variants.iter().map(|variant| variant.name.as_str()).collect();
        sweep.check(&names, study.seeds.len())?;
        let mut runs = Vec::new();
        for (place, name) in names.iter().enumerate() {
            for point in sweep.points(name) {
                // Keys of other variants stand still.
                let values = [sweep.first(), point.clone()].into_iter().flatten().collect();
                let Self { variants, data, fit, .. } = read_at(name, &values)?;
                let Some(variant) = variants.into_iter().nth(place) else { continue };
                let run = |&seed: &u64| Run {
                    variant: variant.clone(),
                    seed,
                    point: point.clone(),
                    data: data.clone(),
                    fit: fit.clone(),
                };
                runs.extend(study.seeds.iter().map(run));
            }
        }
        sweep.check_names(&runs)?;
        (study.sweep, study.runs) = (sweep.settings(), runs);
        Ok(study)
    }

    /// Reads a study without a sweep, its runs not listed yet.
    fn read_one(name: &str, entries: &Entries) -> Result<Self, ConfigError> {
        let reader = Reader::new(entries);
        let known = read_variants(&reader, entries)?;
        let study = Self {
            name: name.to_owned(),
            backend: (reader.read("backend", |value| values::one_of(&Backend::ALL, value))?)
                .unwrap_or(Backend::Flex),
            variants: (reader.read("variants", |value| chosen(&known, value))?)
                .unwrap_or_else(|| preset_names().map(|name| known[&name].clone()).to_vec()),
            seeds: (reader.read("seeds", |value| values::list(values::seed, value))?)
                .unwrap_or_else(|| vec![0]),
            jobs: reader.read("jobs", jobs)?.unwrap_or(Jobs::Auto),
            data: read_data(&reader)?,
            fit: read_fit(&reader)?,
            output: OutputSettings {
                tensorboard: reader.read("output.tensorboard", values::boolean)?.unwrap_or(false),
            },
            sweep: Settings::new(),
            runs: Vec::new(),
        };
        reader.finish()?;
        if !study.backend.is_cpu() && study.fit.batch_size > LARGEST_GPU_BATCH {
            return Err(ConfigError::Value {
                origin: entries
                    .get("fit.batch_size")
                    .map_or(Origin::Argument, |entry| entry.origin.clone()),
                key: "fit.batch_size".to_owned(),
                reason: format!(
                    "is at most {LARGEST_GPU_BATCH} on a GPU: its buffers end at 128 MiB"
                ),
            });
        }
        Ok(study)
    }
}

fn read_data(reader: &Reader<'_>) -> Result<DataSettings, ConfigError> {
    let source = |value: &Value| values::one_of(&data::Source::ALL, value);
    let default = DataSettings::default();
    Ok(DataSettings {
        sources: (reader.read("data.sources", |value| values::list(source, value))?)
            .unwrap_or(default.sources),
        pixels: (reader.read("data.pixels", |value| values::one_of(&Pixels::ALL, value))?)
            .unwrap_or(default.pixels),
        dir: reader.read_entry("data.dir", path)?,
        validation_split: (reader.read("data.validation_split", values::share)?)
            .unwrap_or(default.validation_split),
        limit: reader.read("data.limit", values::count)?,
    })
}

fn read_fit(reader: &Reader<'_>) -> Result<FitSettings, ConfigError> {
    let default = FitSettings::default();
    Ok(FitSettings {
        epochs: reader.read("fit.epochs", values::count)?.unwrap_or(default.epochs),
        batch_size: (reader.read("fit.batch_size", values::count)?).unwrap_or(default.batch_size),
        learning_rate: (reader.read("fit.learning_rate", values::positive)?)
            .unwrap_or(default.learning_rate),
        shuffle: (reader.read("fit.shuffle", values::boolean)?).unwrap_or(default.shuffle),
        checkpoint_every: reader.read("fit.checkpoint_every", values::count)?,
        weights: reader.read_entry("fit.weights", path)?,
    })
}

/// The presets and the config's own variants, by name.
fn read_variants(
    reader: &Reader<'_>,
    entries: &Entries,
) -> Result<BTreeMap<String, Variant>, ConfigError> {
    let mut variants: BTreeMap<String, Variant> =
        presets().into_iter().map(|variant| (variant.name.clone(), variant)).collect();
    for (key, entry) in entries.iter() {
        if let Some(rest) = key.strip_prefix("variant.") {
            let name = variant_name(rest).map_err(|reason| ConfigError::Value {
                origin: entry.origin.clone(),
                key: key.to_owned(),
                reason,
            })?;
            let network = NetworkConfig::plain();
            (variants.entry(name.clone())).or_insert(Variant { name, network });
        }
    }
    for variant in variants.values_mut() {
        read_variant(reader, variant)?;
    }
    Ok(variants)
}

/// A variant's name becomes a folder's: letters, digits, `_` and `-`.
fn variant_name(rest: &str) -> Parsed<String> {
    let name = rest.split('.').next().unwrap_or_default();
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(
            "a variant's name takes letters, digits, _ and -, at most 64 of them".to_owned()
        );
    }
    Ok(name.to_owned())
}

/// Changes a variant, plain or a preset, by what the config says of it.
fn read_variant(reader: &Reader<'_>, variant: &mut Variant) -> Result<(), ConfigError> {
    // `[variant.mine]` with nothing below it is the plain network.
    reader.read(&format!("variant.{}", variant.name), empty_table)?;
    for name in LayerName::ALL {
        let prefix = format!("variant.{}.{}", variant.name, name);
        let layer = variant.network.layer_mut(name);
        for (part, regularizer) in [
            ("kernel", &mut layer.kernel_regularizer),
            ("bias", &mut layer.bias_regularizer),
            ("activity", &mut layer.activity_regularizer),
        ] {
            read_regularizer(reader, &format!("{prefix}.{part}_regularizer"), regularizer)?;
        }
        let hidden_only = format!("{name} is the last layer: only a hidden one takes this");
        let refuse_output = || match name {
            LayerName::Output => Err(hidden_only.clone()),
            LayerName::Hidden1 | LayerName::Hidden2 => Ok(()),
        };
        let batch_norm = |value: &Value| refuse_output().and_then(|()| values::boolean(value));
        if let Some(value) = reader.read(&format!("{prefix}.batch_norm"), batch_norm)? {
            layer.batch_norm = value;
        }
        let dropout = |value: &Value| refuse_output().and_then(|()| values::share(value));
        if let Some(value) = reader.read(&format!("{prefix}.dropout"), dropout)? {
            layer.dropout = value;
        }
    }
    Ok(())
}

fn read_regularizer(
    reader: &Reader<'_>,
    prefix: &str,
    regularizer: &mut Regularizer,
) -> Result<(), ConfigError> {
    if let Some(l1) = reader.read(&format!("{prefix}.l1"), values::not_negative)? {
        regularizer.l1 = l1;
    }
    if let Some(l2) = reader.read(&format!("{prefix}.l2"), values::not_negative)? {
        regularizer.l2 = l2;
    }
    Ok(())
}

fn preset_names() -> [String; 6] {
    presets().map(|variant| variant.name)
}

/// The variants that `variants` lists.
fn chosen(known: &BTreeMap<String, Variant>, value: &Value) -> Parsed<Vec<Variant>> {
    let names = values::list(|value| values::text(value).map(str::to_owned), value)?;
    (names.into_iter())
        .map(|name| {
            known.get(&name).cloned().ok_or_else(|| {
                let names: Vec<&String> = known.keys().collect();
                let hint = values::did_you_mean(&name, known.keys().map(String::as_str));
                let names = values::listed(&names);
                let hint = if hint.is_empty() { "." } else { &hint };
                format!("there is no variant `{name}`{hint} There are {names}; define more as [variant.NAME]")
            })
        })
        .collect()
}

fn jobs(value: &Value) -> Parsed<Jobs> {
    if value.as_str() == Some("auto") {
        return Ok(Jobs::Auto);
    }
    values::count(value)
        .map(Jobs::Count)
        .map_err(|_| values::expected("\"auto\" or a whole number of 1 or more", value))
}

fn empty_table(value: &Value) -> Parsed<()> {
    match value.as_table() {
        Some(_) => Ok(()),
        None => Err(values::expected("a table", value)),
    }
}

/// A path, from the folder of the file that wrote it.
fn path(entry: &Entry) -> Parsed<PathBuf> {
    let text = values::text(&entry.value)?;
    if text.is_empty() {
        // It would mean the folder of whatever file it is written in, study.toml's in the end.
        return Err(values::expected("a path", &entry.value));
    }
    Ok(entry.origin.folder().join(text))
}
