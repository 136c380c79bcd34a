//! Resolving a config's entries to typed settings and variants, at one sweep point.

use std::collections::HashSet;

use model::{BlockConfig, LayerName, NOTEBOOK_HIDDEN, NetworkConfig};
use toml::Value;

use super::{
    HIDDEN, Variant,
    canonical_entries::{CanonicalEntries, canonical_entries, nest},
    canonical_value::canonical_value,
    errors,
    keys::{COMMON_KEYS, LAYER_KEYS, known_keys},
    layers,
    ranges::parse_hidden,
    schema::{
        Settings, VariantSettings,
        variant::{INPUT_KEYS, OUTPUT_KEYS},
    },
};
use crate::config::{ConfigError, Entries, values, values::Parsed};

/// Settings at one sweep point.
pub(super) struct Resolved {
    /// Settings without those of variants.
    pub(super) settings: Settings,
    /// Variants that the settings name, in this order.
    pub(super) variants: Vec<Variant>,
}

/// Resolves entries that hold no sweep.
pub(super) fn resolve(entries: &Entries) -> Result<Resolved, ConfigError> {
    let hidden = match entries.get(HIDDEN) {
        Some(entry) => parse_hidden(&entry.value).map_err(|reason| entry.error(HIDDEN, reason))?,
        None => NOTEBOOK_HIDDEN.to_vec(),
    };
    for (key, entry) in entries.iter() {
        check_variant_key(key, hidden.len()).map_err(|reason| entry.error(key, reason))?;
    }
    let canonical = canonical_entries(entries, hidden.len())?;
    let mut settings = deserialize(&canonical, hidden.len())?;
    // What an alias overrides has to be valid too.
    let counts = canonical.values().map(|(key, _)| *key).collect::<HashSet<_>>();
    for (key, entry) in
        entries.iter().filter(|(key, entry)| !counts.contains(key) && !entry.value.is_table())
    {
        canonical_value(key, &entry.value).map_err(|reason| entry.error(key, reason))?;
    }
    for (key, path) in
        [("data.dir", &mut settings.data.dir), ("fit.weights", &mut settings.fit.weights)]
    {
        if let (Some(path), Some(entry)) = (path, entries.get(key)) {
            *path = entry.origin.folder().join(&path);
        }
    }
    let defined = std::mem::take(&mut settings.variant);
    let variants = settings.variants.iter().map(|name| {
        let variant = defined.get(name).map(|variant| Variant {
            name: name.clone(),
            network: network(variant, &hidden),
            early_stopping: variant.early_stopping,
            weight_decay: variant.weight_decay.clone().filter(|decay| decay.rate > 0.0),
            shift: variant.shift,
        });
        variant.ok_or_else(|| {
            let known: Vec<&String> = defined.keys().collect();
            let known = values::unknown("variant", name, &known);
            let reason = format!("{known}; define more as [variant.NAME]");
            errors::at_entry(canonical.get("variants"), "variants", reason)
        })
    });
    let variants = variants.collect::<Result<_, _>>()?;
    Ok(Resolved { settings, variants })
}

/// Deserializes the settings.
fn deserialize(entries: &CanonicalEntries<'_>, depth: usize) -> Result<Settings, ConfigError> {
    let known_keys = || {
        let variants =
            entries.keys().filter_map(|key| key.strip_prefix("variant.")?.split('.').next());
        known_keys(variants, depth)
    };
    for (key, (written, entry)) in entries {
        // serde would read a date as a string, and a list as a table's values in order.
        if has_date(&entry.value) {
            return Err(
                entry.error(written, "is a date or a time, which no setting takes".to_owned())
            );
        }
        if entry.value.is_array() && !COMMON_KEYS.contains(key) {
            errors::check_table(entries, key, &known_keys())?;
        }
    }
    let table = nest(entries).map_err(|key| errors::not_a_table(entries, &key, &known_keys()))?;
    let mut unknown = Vec::new();
    let mut ignored = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
    let input = serde_ignored::Deserializer::new(Value::Table(table), &mut ignored);
    let settings = serde_path_to_error::deserialize(input)
        .map_err(|error| errors::invalid_value(entries, &error, &known_keys()))?;
    match unknown.first() {
        Some(key) => Err(errors::unknown_key(entries, key, &known_keys())),
        None => Ok(settings),
    }
}

/// Returns whether a value is or holds a date or a time.
fn has_date(value: &Value) -> bool {
    match value {
        Value::Datetime(_) => true,
        Value::Array(values) => values.iter().any(has_date),
        _ => false,
    }
}

/// Creates the config of a variant's network, given the units of its hidden layers.
fn network(variant: &VariantSettings, hidden: &[usize]) -> NetworkConfig {
    let layer = |name| variant.layers.get(&name).copied().unwrap_or_default();
    let block = |(index, &units)| BlockConfig { units, layer: layer(LayerName::Hidden(index)) };
    NetworkConfig {
        input: layer(LayerName::Input),
        hidden: hidden.iter().enumerate().map(block).collect(),
        output: layer(LayerName::Output),
        label_smoothing: variant.label_smoothing,
    }
}

/// Returns an error if a key of a variant has an invalid variant name, names a layer that the network lacks, or sets
/// for the output layer what only hidden layers take.
fn check_variant_key(key: &str, depth: usize) -> Parsed<()> {
    let Some(rest) = key.strip_prefix("variant.") else { return Ok(()) };
    let mut parts = rest.splitn(3, '.');
    check_variant_name(parts.next().unwrap_or_default())?;
    let layer = parts.next().unwrap_or_default();
    layers::check_name(layer, depth)?;
    let part = parts.next().and_then(|rest| rest.split('.').next()).unwrap_or_default();
    let taken: &[&str] = match layer.parse() {
        Ok(LayerName::Input) => &INPUT_KEYS,
        Ok(LayerName::Output) => &OUTPUT_KEYS,
        _ => return Ok(()),
    };
    if LAYER_KEYS.iter().any(|key| key.split('.').next() == Some(part)) && !taken.contains(&part) {
        let taken = values::listed(taken);
        return Err(format!("a hidden layer takes this; `{layer}` takes {taken}"));
    }
    Ok(())
}

/// Returns an error unless a variant's name consists of 1 to 64 ASCII letters, digits, `_` and `-`. The name becomes
/// part of a folder's name.
fn check_variant_name(name: &str) -> Parsed<()> {
    let is_valid = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_valid) {
        return Err(
            "a variant's name takes letters, digits, _ and -, at most 64 of them".to_owned()
        );
    }
    Ok(())
}
