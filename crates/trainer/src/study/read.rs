//! From a config's keys to a study.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use data::Shape;
use model::{
    LayerName, NOTEBOOK_HIDDEN, NetworkConfig, Regularizer, Regularizers, Variant, presets,
};
use toml::Value;
use training::{FitConfig, LARGEST_GPU_BUFFER, Pixels};

use super::{
    DataSettings, Jobs, OutputSettings, Run, Settings, Study, layers, settings::HIDDEN,
    sweep::Sweep,
};
use crate::{
    config::{ConfigError, Entries, Entry, Origin, Reader, values, values::Parsed},
    device::Backend,
};

/// The most hidden layers.
const MOST_LAYERS: usize = 64;
/// The most units of a hidden layer.
const MOST_UNITS: usize = 65_536;
/// The most parameters of a network.
const MOST_PARAMETERS: usize = 100_000_000;
/// The sizes that the data set gives a network.
const SHAPE: Shape = Shape::MNIST;

impl Study {
    /// Reads a study from a config's entries. What was not written has the default that the config
    /// `mnist` shows.
    ///
    /// # Errors
    ///
    /// When a key is unknown or a value impossible.
    pub fn read(name: &str, entries: &Entries) -> Result<Self, ConfigError> {
        let mut entries = entries.clone();
        layers::take_yielding(&mut entries)?;
        let mut sweep = Sweep::take(&mut entries)?;
        let depths = depths(&sweep, &entries);
        sweep.end_replaced(&entries, &depths);
        let read_at = |name: &str, point: &Settings| {
            Self::read_one(name, &sweep.at(&entries, point)).map_err(|error| sweep.name(error))
        };
        let mut study = read_at(name, &sweep.first())?;
        let names: Vec<&str> = study.variants.iter().map(|variant| variant.name.as_str()).collect();
        sweep.check(&names, study.seeds.len())?;
        let (mut runs, mut written) = (Vec::new(), layers::Written::default());
        for (index, name) in names.iter().enumerate() {
            written.add(name, &entries, &sweep.levels(), &depths);
            for point in sweep.points(name) {
                // Keys of other variants stand still.
                let values = [sweep.first(), point.clone()].into_iter().flatten().collect();
                let Self { variants, data, fit, .. } = read_at(name, &values)?;
                let Some(variant) = variants.into_iter().nth(index) else { continue };
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
        (study.yielding, study.variant_settings) = (written.yielding(), written.settings);
        Ok(study)
    }

    /// Reads a study without a sweep, its runs not listed yet.
    fn read_one(name: &str, entries: &Entries) -> Result<Self, ConfigError> {
        let reader = Reader::new(entries);
        let hidden = reader.read(HIDDEN, hidden_units)?.unwrap_or_else(|| NOTEBOOK_HIDDEN.to_vec());
        let known = read_variants(&reader, entries, &hidden)?;
        let study = Self {
            name: name.to_owned(),
            backend: (reader.read("backend", |value| values::one_of(&Backend::ALL, value))?)
                .unwrap_or(Backend::Flex),
            variants: (reader.read("variants", |value| chosen(&known, value))?)
                .unwrap_or_else(|| presets(&[]).map(|preset| known[&preset.name].clone()).to_vec()),
            variant_settings: Settings::new(),
            yielding: Vec::new(),
            seeds: (reader.read("seeds", |value| values::list(values::seed, value))?)
                .unwrap_or_else(|| vec![0]),
            jobs: reader.read("jobs", jobs)?.unwrap_or(Jobs::Auto),
            data: read_data(&reader)?,
            fit: read_fit(&reader)?,
            start_weights: reader.read_entry("fit.weights", path)?,
            checkpoint_every: reader.read("fit.checkpoint_every", values::count)?,
            output: OutputSettings {
                tensorboard: reader.read("output.tensorboard", values::boolean)?.unwrap_or(false),
            },
            sweep: Settings::new(),
            runs: Vec::new(),
        };
        reader.finish()?;
        let sizes = study.check_sizes(&hidden, |key| entries.get(key).is_some());
        sizes.map_err(|(key, reason)| ConfigError::Value {
            origin: entries.get(key).map_or(Origin::Argument, |entry| entry.origin.clone()),
            key: key.to_owned(),
            reason,
        })?;
        Ok(study)
    }

    /// Refuses a network or a batch that is too large, by the key that is to blame.
    fn check_sizes(
        &self,
        hidden: &[usize],
        is_written: impl Fn(&str) -> bool,
    ) -> Result<(), (&'static str, String)> {
        let parameters =
            |variant: &Variant| variant.network.parameters(SHAPE.pixels(), SHAPE.classes);
        let parameters = self.variants.iter().map(parameters).max().unwrap_or(0);
        if parameters > MOST_PARAMETERS {
            let reason = format!(
                "makes a network of {parameters} parameters: at most {MOST_PARAMETERS} can be"
            );
            return Err((HIDDEN, reason));
        }
        if self.backend.is_cpu() {
            return Ok(());
        }
        let mut widths = vec![SHAPE.pixels()];
        widths.extend(hidden);
        widths.push(SHAPE.classes);
        let kernel = widths.windows(2).find(|pair| pair[0] * pair[1] > LARGEST_GPU_BUFFER);
        if let Some([inputs, units]) = kernel {
            let reason = format!(
                "makes a kernel of {inputs} × {units}, over the 128 MiB at which a GPU's buffers end"
            );
            return Err((HIDDEN, reason));
        }
        let largest_batch = LARGEST_GPU_BUFFER / widths.into_iter().max().unwrap_or(1);
        if self.fit.batch_size > largest_batch {
            // What has its default is not to blame.
            let (key, verb) = if is_written("fit.batch_size") {
                ("fit.batch_size", "is")
            } else {
                (HIDDEN, "takes batches of")
            };
            let limit = "on a GPU: its buffers end at 128 MiB";
            return Err((key, format!("{verb} at most {largest_batch} {limit}")));
        }
        Ok(())
    }
}

/// The numbers of hidden layers that networks of the study have.
fn depths(sweep: &Sweep, entries: &Entries) -> BTreeSet<usize> {
    let depth = |units: &Value| units.as_array().map_or(0, Vec::len);
    match (sweep.values(HIDDEN), entries.get(HIDDEN)) {
        (Some(values), _) => values.iter().map(depth).collect(),
        (None, Some(entry)) => BTreeSet::from([depth(&entry.value)]),
        (None, None) => BTreeSet::from([NOTEBOOK_HIDDEN.len()]),
    }
}

/// Units of the hidden layers, from the input on.
fn hidden_units(value: &Value) -> Parsed<Vec<usize>> {
    let expected = || {
        let example = NOTEBOOK_HIDDEN.map(|units| units.to_string()).join(", ");
        values::expected(
            &format!(
                "a list of 1 to {MOST_LAYERS} whole numbers from 1 to {MOST_UNITS}, such as [{example}]"
            ),
            value,
        )
    };
    let units = value.as_array().filter(|units| (1..=MOST_LAYERS).contains(&units.len()));
    let count = |value: &Value| values::count(value).ok().filter(|units| *units <= MOST_UNITS);
    units.and_then(|units| units.iter().map(count).collect()).ok_or_else(expected)
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

fn read_fit(reader: &Reader<'_>) -> Result<FitConfig, ConfigError> {
    let default = FitConfig::default();
    Ok(FitConfig {
        epochs: reader.read("fit.epochs", values::count)?.unwrap_or(default.epochs),
        batch_size: (reader.read("fit.batch_size", values::count)?).unwrap_or(default.batch_size),
        learning_rate: (reader.read("fit.learning_rate", values::positive)?)
            .unwrap_or(default.learning_rate),
        shuffle: (reader.read("fit.shuffle", values::boolean)?).unwrap_or(default.shuffle),
    })
}

/// The presets and the config's own variants, by name, of networks with so many units in their hidden layers.
fn read_variants(
    reader: &Reader<'_>,
    entries: &Entries,
    hidden: &[usize],
) -> Result<BTreeMap<String, Variant>, ConfigError> {
    let mut variants: BTreeMap<String, Variant> =
        presets(hidden).into_iter().map(|variant| (variant.name.clone(), variant)).collect();
    for (key, entry) in entries.iter() {
        if let Some(rest) = key.strip_prefix("variant.") {
            let layer = rest.split('.').nth(1).unwrap_or_default();
            let name = variant_name(rest)
                .and_then(|name| layers::check_name(layer, hidden.len()).map(|()| name));
            let name = name.map_err(|reason| ConfigError::Value {
                origin: entry.origin.clone(),
                key: key.to_owned(),
                reason,
            })?;
            let network = NetworkConfig::plain(hidden);
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
    let table = format!("variant.{}", variant.name);
    // `[variant.mine]` with nothing below it is the plain network.
    reader.read(&table, empty_table)?;
    let depth = variant.network.hidden.len();
    for (index, block) in variant.network.hidden.iter_mut().enumerate() {
        let names: Vec<String> =
            layers::names(index, depth).iter().map(|name| format!("{table}.{name}")).collect();
        read_regularizers(reader, &names, &mut block.regularizers)?;
        if let Some(value) = reader.read_named(&below(&names, "batch_norm"), values::boolean)? {
            block.batch_norm = value;
        }
        if let Some(value) = reader.read_named(&below(&names, "dropout"), values::share)? {
            block.dropout = value;
        }
    }
    let names = [format!("{table}.{}", LayerName::Output)];
    read_regularizers(reader, &names, &mut variant.network.output)?;
    for hidden_only in ["batch_norm", "dropout"] {
        let refuse = |_: &Value| -> Parsed<()> {
            Err(format!("{} is the last layer: only a hidden one takes this", LayerName::Output))
        };
        reader.read_named(&below(&names, hidden_only), refuse)?;
    }
    Ok(())
}

/// A key of a layer, under each of the layer's names.
fn below(names: &[String], key: &str) -> Vec<String> {
    names.iter().map(|name| format!("{name}.{key}")).collect()
}

fn read_regularizers(
    reader: &Reader<'_>,
    names: &[String],
    Regularizers { kernel, bias, activity }: &mut Regularizers,
) -> Result<(), ConfigError> {
    for (part, Regularizer { l1, l2 }) in
        [("kernel", kernel), ("bias", bias), ("activity", activity)]
    {
        for (factor, value) in [("l1", l1), ("l2", l2)] {
            let names = below(names, &format!("{part}_regularizer.{factor}"));
            if let Some(read) = reader.read_named(&names, values::not_negative)? {
                *value = read;
            }
        }
    }
    Ok(())
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
