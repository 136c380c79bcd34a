//! Settings as dotted keys and values, and back as nested tables.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use toml::{Table, Value};

use super::{
    KeyValues, layers,
    schema::{LayerSettings, Settings},
};
use crate::config::Entry;

/// Entries by their keys, each layer under its own name, with the keys as they were written.
pub(super) type Written<'a> = BTreeMap<String, (&'a str, &'a Entry)>;

/// Nests dotted keys in tables. Fails with the key of a value where a table has to be.
pub(super) fn nest(written: &Written<'_>) -> Result<Table, String> {
    let mut root = Table::new();
    for (key, (_, entry)) in written {
        let mut table = &mut root;
        let (mut start, ends) = (0, dots(key));
        for end in ends {
            let below = table.entry(&key[start..end]).or_insert_with(|| Table::new().into());
            table = below.as_table_mut().ok_or_else(|| key[..end].to_owned())?;
            start = end + 1;
        }
        table.insert(key[start..].to_owned(), entry.value.clone());
    }
    Ok(root)
}

/// Finds the dots of a key that are not inside quotes.
fn dots(key: &str) -> Vec<usize> {
    let (mut quoted, mut escaped) = (false, false);
    let is_dot = |(index, character): (usize, char)| {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            '.' if !quoted => return Some(index),
            _ => {}
        }
        None
    };
    key.char_indices().filter_map(is_dot).collect()
}

/// Lists the settings of a layer that differ from a plain layer's.
pub(super) fn changed(layer: &LayerSettings) -> KeyValues {
    let plain = flat(&LayerSettings::default());
    flat(layer).into_iter().filter(|(key, value)| plain.get(key) != Some(value)).collect()
}

/// Flattens settings to dotted keys and their values. What is not set is left out.
pub(super) fn flat(settings: &impl Serialize) -> KeyValues {
    fn add(flat: &mut KeyValues, key: String, value: Value) {
        match value {
            Value::Table(table) if !table.is_empty() => {
                for (name, value) in table {
                    add(flat, if key.is_empty() { name } else { format!("{key}.{name}") }, value);
                }
            }
            value => drop(flat.insert(key, value)),
        }
    }
    let mut flat = KeyValues::new();
    // Every setting has a form in TOML.
    add(&mut flat, String::new(), Value::try_from(settings).unwrap_or(Table::new().into()));
    flat.retain(|_, value| !value.is_table());
    flat
}

/// Lists the keys outside variants, set or not.
pub(super) fn common_keys() -> BTreeSet<String> {
    keys_of(&Settings::default())
}

/// Lists the keys of settings, set or not, which as JSON are null.
fn keys_of(settings: &impl Serialize) -> BTreeSet<String> {
    fn add(keys: &mut BTreeSet<String>, key: &str, value: &serde_json::Value) {
        match value {
            serde_json::Value::Object(object) => {
                for (name, value) in object {
                    let dot = if key.is_empty() { "" } else { "." };
                    add(keys, &format!("{key}{dot}{name}"), value);
                }
            }
            _ => drop(keys.insert(key.to_owned())),
        }
    }
    let mut keys = BTreeSet::new();
    add(&mut keys, "", &serde_json::to_value(settings).unwrap_or_default());
    keys
}

/// Lists all keys of a config with these variants.
pub(super) fn keys(written: &Written<'_>, depth: usize) -> BTreeSet<String> {
    let mut keys = common_keys();
    let of_layer = keys_of(&LayerSettings::default());
    let variants = written.keys().filter_map(|key| key.strip_prefix("variant.")?.split('.').next());
    let variants: BTreeSet<&str> = variants.collect();
    for variant in variants {
        for layer in layers::all_names(depth) {
            keys.extend(of_layer.iter().map(|key| format!("variant.{variant}.{layer}.{key}")));
        }
    }
    keys
}
