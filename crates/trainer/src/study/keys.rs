//! The keys of settings in configs, and their origins.
//!
//! The last hidden layer has two names: its own, such as `hidden2`, and `last_hidden`, which stays valid when the
//! number of hidden layers changes. A canonical key has the layer's own name. The `depth` of a network is the number of
//! its hidden layers.

use std::collections::BTreeSet;

use model::{LayerName, presets};
use toml::Value;

use super::{
    setting::{Row, Setting},
    settings::{LayerSettings, Settings, VariantSettings},
    table,
};
use crate::config::{Entries, Origin, SettingError, values, values::Parsed};

/// Key of the numbers of units of the hidden layers.
pub const HIDDEN: &str = "network.hidden";
/// Key of the start weights: their file in a config, its checksum in a run's inputs.
pub const WEIGHTS: &str = "fit.weights";
/// Key of the number of epochs.
pub(super) const EPOCHS: &str = "fit.epochs";
/// Key of the number of images per optimizer step.
pub(super) const BATCH_SIZE: &str = "fit.batch_size";
/// Prefix of the keys of lists in a config.
pub(super) const SWEEP: &str = "sweep.";
/// Prefix of the keys of variants.
pub(super) const VARIANT: &str = "variant.";
/// The last hidden layer's other name.
pub(super) const LAST_HIDDEN: &str = "last_hidden";
/// Maximum number of hidden layers that an error lists one by one.
const MAX_LISTED: usize = 8;

/// Setting that a canonical key names.
pub(super) enum Key<'a> {
    /// Setting of the study.
    Study(&'static Setting<Settings>),
    /// Setting of the variant of this name.
    Variant(&'a str, &'static Setting<VariantSettings>),
    /// Setting of a layer of the variant of this name.
    Layer(&'a str, LayerName, &'static Setting<LayerSettings>),
}

impl<'a> Key<'a> {
    /// Finds the setting of a canonical key; `None` if there is none.
    pub(super) fn find(key: &'a str) -> Option<Self> {
        let Some((name, rest)) = split_variant(key) else {
            return table::STUDY.iter().find(|setting| setting.row.key == key).map(Self::Study);
        };
        if let Some(setting) = table::VARIANT.iter().find(|setting| setting.row.key == rest) {
            return Some(Self::Variant(name, setting));
        }
        let (layer, rest) = rest.split_once('.')?;
        let layer = layer.parse().ok()?;
        let setting = table::layer(layer).find(|setting| setting.row.key == rest)?;
        Some(Self::Layer(name, layer, setting))
    }

    pub(super) fn row(&self) -> &'static Row {
        match self {
            Self::Study(setting) => &setting.row,
            Self::Variant(_, setting) => &setting.row,
            Self::Layer(_, _, setting) => &setting.row,
        }
    }
}

/// Returns whether the range of a key ends at a number: whether the next number `above` or below it is refused.
pub fn is_bound(key: &str, value: &Value, above: bool) -> bool {
    let next = match value {
        Value::Integer(number) => Value::Integer(number.saturating_add(if above { 1 } else { -1 })),
        Value::Float(number) => {
            let step = 1e-9 * number.abs().max(1.0);
            Value::Float(if above { number + step } else { number - step })
        }
        _ => return true,
    };
    // All hidden layers have the same settings.
    let canonical = canonical(key, 1);
    let Some(setting) = Key::find(&canonical) else { return true };
    // A magnitude turns a negative number into a positive one.
    (setting.row().canonical)(&next).map_or(true, |found| found != next)
}

/// Returns the help of a key's setting: `rate of dropout`; the key itself if there is no such setting.
pub fn help(key: &str) -> String {
    let canonical = canonical(key, 1);
    Key::find(&canonical).map_or_else(|| key.to_owned(), |setting| setting.row().help.to_owned())
}

/// Splits a key of a variant into the variant's name and the rest.
pub(super) fn split_variant(key: &str) -> Option<(&str, &str)> {
    Some(split(key.strip_prefix(VARIANT)?))
}

fn split(key: &str) -> (&str, &str) {
    key.split_once('.').unwrap_or((key, ""))
}

/// Returns the canonical key at a depth of 1 or more.
pub(super) fn canonical(key: &str, depth: usize) -> String {
    match split_variant(key).map(|(variant, rest)| (variant, rest.strip_prefix(LAST_HIDDEN))) {
        Some((variant, Some(rest))) if rest.is_empty() || rest.starts_with('.') => {
            format!("{VARIANT}{variant}.{}{rest}", LayerName::Hidden(depth - 1))
        }
        _ => key.to_owned(),
    }
}

/// Returns the key of a swept key's list in a config.
pub(super) fn sweep_key(key: &str) -> String {
    format!("{SWEEP}{key}")
}

/// Lists the valid keys: those of the study, and those of the variant that a key names, or else of the presets.
pub(super) fn known(key: &str, depth: usize) -> BTreeSet<String> {
    let mut layers = vec![(LayerName::Hidden(0), LAST_HIDDEN.to_owned())];
    for layer in (0..depth).map(LayerName::Hidden).chain([LayerName::Input, LayerName::Output]) {
        layers.push((layer, layer.to_string()));
    }
    let variants = match split_variant(key) {
        Some((name, _)) => vec![name],
        None => presets(&[]).map(|(name, _)| name).to_vec(),
    };
    let mut known: BTreeSet<String> =
        table::STUDY.iter().map(|setting| setting.row.key.clone()).collect();
    for variant in variants {
        for Setting { row, .. } in table::VARIANT.iter() {
            known.insert(format!("{VARIANT}{variant}.{}", row.key));
        }
        for (layer, name) in &layers {
            for Setting { row, .. } in table::layer(*layer) {
                known.insert(format!("{VARIANT}{variant}.{name}.{}", row.key));
            }
        }
    }
    known
}

/// Checks a variant's canonical key: the variant's name, that the network has the layer, and that the layer takes the
/// setting.
pub(super) fn check_variant(key: &str, depth: usize) -> Parsed<()> {
    let Some((name, rest)) = split_variant(key) else { return Ok(()) };
    // The name becomes part of a folder's name.
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if name.is_empty() || name.len() > 64 || !is_plain {
        return Err("a variant's name has 1 to 64 letters, digits, _ and -".to_owned());
    }
    let (layer_name, rest) = split(rest);
    let number = layer_name.strip_prefix("hidden").and_then(|number| number.parse::<usize>().ok());
    if number.is_some_and(|number| !(1..=depth).contains(&number)) {
        let hidden = |index| LayerName::Hidden(index).to_string();
        let mut names = vec![LayerName::Input.to_string()];
        match depth {
            ..=MAX_LISTED => names.extend((0..depth).map(hidden)),
            _ => names.push(format!("{} … {}", hidden(0), hidden(depth - 1))),
        }
        names.extend([LAST_HIDDEN.to_owned(), LayerName::Output.to_string()]);
        let layers = values::listed(&names);
        return Err(format!("the network has no `{layer_name}`: its layers are {layers}"));
    }
    let Ok(layer) = layer_name.parse() else { return Ok(()) };
    let taken = |layer| {
        let mut parts: Vec<&str> =
            table::layer(layer).map(|setting| split(&setting.row.key).0).collect();
        parts.dedup();
        parts
    };
    let (part, taken_here) = (split(rest).0, taken(layer));
    if taken(LayerName::Hidden(0)).contains(&part) && !taken_here.contains(&part) {
        let listed = values::listed(&taken_here);
        return Err(format!("`{layer_name}` has no such setting, only {listed}"));
    }
    Ok(())
}

/// Origins of the settings, by their keys as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origins(Vec<(String, Origin)>);

impl Origins {
    /// Lists the origins of a config's entries.
    pub(super) fn of(entries: &Entries) -> Self {
        Self(entries.iter().map(|(key, entry)| (key.to_owned(), entry.origin.clone())).collect())
    }

    /// Returns a key as it is written: that of its list, if it is swept.
    pub(super) fn as_written(&self, key: &str) -> String {
        let list = sweep_key(key);
        let is_swept = self.0.iter().any(|(written, _)| *written == list);
        if is_swept { list } else { key.to_owned() }
    }

    /// Returns whether a config sets a setting outside variants.
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(1, |written| written == key).is_some()
    }

    /// Replaces the key of an error by the one that is written, and adds its origin. A setting that is not written gets
    /// the origin of another key in its table.
    pub(super) fn locate(&self, error: SettingError, depth: usize) -> SettingError {
        let canonical = canonical(&error.key, depth);
        if let Some((key, origin)) = self.find(depth, |key| key == canonical) {
            return SettingError::at(origin, key, error.reason);
        }
        let table = canonical.rsplit_once('.').map_or("", |(table, _)| table);
        let origin = self.find(depth, |key| is_in(key, table)).map(|(_, origin)| origin.clone());
        SettingError { origin, ..error }
    }

    /// Names a canonical key as it is written, with its origin if it is written.
    pub(super) fn describe(&self, key: &str, depth: usize) -> String {
        match self.find(depth, |other| is_in(other, key)) {
            Some((written, origin)) => format!("`{written}` ({origin})"),
            None => format!("`{key}`"),
        }
    }

    /// Finds a canonical key. The list of a swept key comes before its value.
    fn find(&self, depth: usize, is_wanted: impl Fn(&str) -> bool) -> Option<&(String, Origin)> {
        let found = self.0.iter().filter(|(written, _)| {
            is_wanted(&canonical(written.strip_prefix(SWEEP).unwrap_or(written), depth))
        });
        found.max_by_key(|(written, _)| written.starts_with(SWEEP))
    }
}

/// Returns whether a key is that of a table or of a setting in it.
pub(super) fn is_in(key: &str, table: &str) -> bool {
    key.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
