//! Reading a study: each entry of a config finds its row in the table of settings, and is set.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use model::{LayerName, NOTEBOOK_HIDDEN, presets};
use toml::Value;

use super::{
    KeyValues, Run, Study, Variant,
    checks::Check,
    keys::{self, HIDDEN, Key, LAST_HIDDEN, Origins},
    settings::{Settings, VariantSettings},
    sweep::Sweep,
};
use crate::config::{ConfigError, Entries, Entry, Origin, SettingError, values, values::Parsed};

impl Study {
    /// Reads a study from a config's entries. Missing settings have their defaults.
    pub fn read(name: &str, entries: &Entries) -> Result<Self, ConfigError> {
        let origins = Origins::of(entries);
        let mut entries = entries.clone();
        let sweep = Sweep::take(&mut entries)?;
        let hidden = entries.get(HIDDEN).map(|entry| depth_of(&entry.value));
        let depth = hidden.unwrap_or(NOTEBOOK_HIDDEN.len());
        let depths = sweep.values(HIDDEN).unwrap_or_default().iter().map(depth_of);
        let mut drafts = BTreeMap::new();
        for depth in depths.chain([depth]) {
            drafts.insert(depth, Draft::read(&entries, depth, &origins)?);
        }
        let settings = drafts[&depth].settings.clone();
        let checked = drafts[&depth].check_variants().and_then(|()| sweep.check(&settings));
        checked.map_err(|error| origins.locate(error, depth))?;

        let (backend, mut variants, mut runs) = (settings.backend, Vec::new(), Vec::new());
        for variant in &settings.variants {
            let first = runs.len();
            for point in sweep.points(variant) {
                let depth = point.get(HIDDEN).map_or(depth, depth_of);
                let run = drafts[&depth].run(variant, point)?;
                Check { run: &run, backend, origins: &origins }.all()?;
                runs.extend(settings.seeds.iter().map(|&seed| Run { seed, ..run.clone() }));
            }
            variants.push(runs[first].variant.clone());
        }
        sweep.check_names(&runs).map_err(|error| origins.locate(error, depth))?;
        Ok(Self {
            name: name.to_owned(),
            variant_settings: variant_settings(&entries, &settings.variants, &sweep),
            sweep: sweep.settings(),
            settings,
            variants,
            origins,
            runs,
        })
    }
}

/// Returns the label of a preset; `None` if it is its name.
fn preset_label(name: &str) -> Option<&'static str> {
    match name {
        "l2" => Some("L2"),
        "l1" => Some("L1"),
        "batch_norm" => Some("batch norm"),
        "batch_norm_dropout" => Some("batch norm + dropout"),
        _ => None,
    }
}

/// Returns the number of hidden layers; 1 if the value is not a list.
fn depth_of(hidden: &Value) -> usize {
    hidden.as_array().map_or(1, Vec::len).max(1)
}

/// Settings while they are read, for networks of one depth.
#[derive(Debug)]
struct Draft {
    depth: usize,
    settings: Settings,
    /// Settings of the variants, by name.
    variants: BTreeMap<String, VariantSettings>,
}

impl Draft {
    /// Reads a config's entries over the defaults and the presets.
    fn read(entries: &Entries, depth: usize, origins: &Origins) -> Result<Self, ConfigError> {
        let mut draft = Self { depth, settings: Settings::new(), variants: BTreeMap::new() };
        for (name, network) in presets(&[1]) {
            let variant = draft.variant(name);
            variant.layers.insert(LayerName::Hidden(depth - 1), (&network.hidden[0]).into());
            variant.label = preset_label(name).map(str::to_owned);
        }
        let mut written = BTreeMap::new();
        // A table comes before its keys, under whichever name of the last hidden layer.
        let mut ordered: Vec<_> = entries.iter().collect();
        ordered.sort_by_key(|(_, entry)| !entry.value.is_table());
        for (key, entry) in ordered {
            let canonical = keys::canonical(key, depth);
            let is_known = draft
                .set(&canonical, &entry.value, entry.origin.folder())
                .or_else(|reason| match &entry.origin {
                    // A date or a number may be meant as a word, such as a folder's name.
                    Origin::Argument { argument } if !entry.value.is_str() => {
                        let (_, text) = argument.split_once('=').unwrap_or_default();
                        let word = text.trim().into();
                        draft.set(&canonical, &word, Path::new("")).map_err(|_| reason)
                    }
                    _ => Err(reason),
                })
                .map_err(|reason| origins.locate(SettingError::new(&canonical, reason), depth))?;
            if !is_known {
                return Err(unknown_key(key, entry, &keys::known(&canonical, depth)));
            }
            if !entry.value.is_table()
                && let Some((other, origin)) = written.insert(canonical, (key, &entry.origin))
            {
                let advice = if origin.is_in_file_of(&entry.origin) {
                    "keep one of the two".to_owned()
                } else {
                    format!("use the name `{LAST_HIDDEN}` for both")
                };
                let reason =
                    format!("is the same setting as `{other}`, written at {origin}: {advice}");
                return Err(entry.error(&origins.as_written(key), reason).into());
            }
        }
        draft.yield_labels();
        Ok(draft)
    }

    /// Removes the labels of presets that are names or labels of other compared variants.
    fn yield_labels(&mut self) {
        let label = |draft: &Self, name: &String| draft.variants.get(name)?.label.clone();
        for name in &self.settings.variants {
            let own = label(self, name).filter(|own| preset_label(name) == Some(own));
            let mut others = self.settings.variants.iter().filter(|other| *other != name);
            let is_taken = |own: &String| {
                others.any(|other| other == own || label(self, other).as_ref() == Some(own))
            };
            if own.as_ref().is_some_and(is_taken)
                && let Some(variant) = self.variants.get_mut(name)
            {
                variant.label = None;
            }
        }
    }

    /// Parses and sets the value of a canonical key. Returns `false` if the key is neither a setting's nor a table's.
    fn set(&mut self, key: &str, value: &Value, folder: &Path) -> Parsed<bool> {
        keys::check_variant(key, self.depth)?;
        match Key::find(key) {
            Some(Key::Study(setting)) => (setting.set)(&mut self.settings, value, folder)?,
            Some(Key::Variant(name, setting)) => (setting.set)(self.variant(name), value, folder)?,
            Some(Key::Layer(name, layer, setting)) => {
                let layer = self.variant(name).layers.entry(layer).or_default();
                (setting.set)(layer, value, folder)?;
            }
            None => return self.set_table(key, value),
        }
        Ok(true)
    }

    /// Reads an empty table: it defines a variant, or sets an optional table to its defaults.
    fn set_table(&mut self, key: &str, value: &Value) -> Parsed<bool> {
        let prefix = format!("{key}.");
        let known = keys::known(key, self.depth);
        let mut inside = known.iter().filter_map(|other| other.strip_prefix(&prefix)).peekable();
        let Some(example) = inside.peek() else { return Ok(false) };
        if !value.is_table() {
            return Err(format!(
                "must be a table, not {value}: write for example `{prefix}{example} = …`"
            ));
        }
        if let Some((name, _)) = keys::split_variant(key) {
            self.variant(name);
        }
        for name in inside.filter(|rest| !rest.contains('.')) {
            let setting = format!("{prefix}{name}");
            let row = Key::find(&setting).map(|key| key.row()).filter(|row| row.is_kept);
            if let Some(default) = row.and_then(|row| row.default.as_ref()) {
                self.set(&setting, default, Path::new(""))?;
            }
        }
        Ok(true)
    }

    fn variant(&mut self, name: &str) -> &mut VariantSettings {
        self.variants.entry(name.to_owned()).or_default()
    }

    /// Checks that the compared variants are defined, and that their labels differ.
    fn check_variants(&self) -> Result<(), SettingError> {
        let mut labels = BTreeMap::new();
        for name in &self.settings.variants {
            let Some(settings) = self.variants.get(name) else {
                let known: Vec<&String> = self.variants.keys().collect();
                let unknown = values::unknown("variant", name, &known);
                let reason = format!("{unknown}; define more as [variant.NAME]");
                return Err(SettingError::new("variants", reason));
            };
            let label = settings.label.as_ref().unwrap_or(name);
            if let Some(other) = labels.insert(label, name) {
                let reason = format!("is `{label}`, as that of `{other}`: choose another");
                return Err(SettingError::new(&format!("variant.{name}.label"), reason));
            }
        }
        Ok(())
    }

    /// Returns a variant's run at a sweep point, without its seed. Reads no more than the point's values.
    fn run(&self, name: &str, point: KeyValues) -> Result<Run, ConfigError> {
        let variant = self.variants.get(name).map(|variant| (name.to_owned(), variant.clone()));
        let (settings, variants) = (self.settings.clone(), variant.into_iter().collect());
        let mut draft = Self { depth: self.depth, settings, variants };
        for (key, value) in &point {
            draft
                .set(&keys::canonical(key, self.depth), value, Path::new(""))
                .map_err(|reason| SettingError::new(key, reason))?;
        }
        let variant = draft.variants.remove(name).unwrap_or_default();
        let Settings { hidden, data, fit, .. } = draft.settings;
        Ok(Run { variant: Variant::new(name, variant, &hidden), seed: 0, point, data, fit })
    }
}

/// Creates the error of a key that is neither a setting's nor a table's.
fn unknown_key(key: &str, entry: &Entry, known: &BTreeSet<String>) -> ConfigError {
    let (table, name) = key.rsplit_once('.').unwrap_or((key, key));
    let similar = |key| values::did_you_mean(key, known.iter().map(String::as_str));
    let first =
        keys::split_variant(key).and_then(|(name, rest)| Some((name, rest.split('.').next()?)));
    let dotted = first.filter(|(_, rest)| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let dotted = dotted
        .map(|(name, rest)| format!("; a variant's name takes no dot: call it `{name}_{rest}`"));
    let hint = match name {
        _ if dotted.is_some() => dotted.as_deref().unwrap_or_default(),
        "mode" if table.ends_with(".early_stopping") => {
            "; there is no mode: it follows from `monitor`"
        }
        "baseline" if table.ends_with(".early_stopping") => "; there is no baseline: leave it out",
        _ if similar(key).is_empty() => &similar(table),
        _ => &similar(key),
    };
    let (origin, hint) = (entry.origin.clone(), hint.to_owned());
    ConfigError::UnknownKey { origin, key: key.to_owned(), hint }
}

/// Returns the settings of the compared variants as they are written, without those that are swept.
fn variant_settings(entries: &Entries, variants: &[String], sweep: &Sweep) -> KeyValues {
    let mut settings = KeyValues::new();
    for (key, entry) in entries.iter().filter(|(key, _)| sweep.values(key).is_none()) {
        let Some((name, _)) = keys::split_variant(key) else { continue };
        // An empty table of its own would close the table to its other keys.
        let is_open = entry.value.is_table()
            && entries.iter().any(|(other, _)| other != key && keys::is_in(other, key));
        if variants.iter().any(|variant| variant == name) && !is_open {
            settings.insert(key.to_owned(), entry.value.clone());
        }
    }
    settings
}
