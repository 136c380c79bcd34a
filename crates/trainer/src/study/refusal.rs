//! Refusing a config by its keys as they were written.

use std::collections::BTreeSet;

use super::named_entries::NamedEntries;
use crate::config::{ConfigError, Entry, Origin, values};

/// Refuses a value by the path at which deserializing it failed.
pub(super) fn value(
    named: &NamedEntries<'_>,
    error: &serde_path_to_error::Error<toml::de::Error>,
    keys: &BTreeSet<String>,
) -> ConfigError {
    let key = key_of(error.path());
    let is_table = below(&key, keys).is_some();
    match named.get(&key) {
        Some((_, entry)) if is_table && !entry.value.is_table() => not_a_table(named, &key, keys),
        // A table where a value has to be.
        None if !is_table => unknown_key(named, &key, keys),
        entry => refuse(entry, &key, error.inner().message().to_owned()),
    }
}

/// Returns the key at which deserializing failed; a list's is that of the whole list.
fn key_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let names = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.as_str()),
        _ => None,
    });
    names.collect::<Vec<_>>().join(".")
}

/// Returns the first key in a table.
fn below<'a>(table: &str, keys: &'a BTreeSet<String>) -> Option<&'a String> {
    let prefix = format!("{table}.");
    keys.range(prefix.clone()..).next().filter(|key| key.starts_with(&prefix))
}

pub(super) fn not_a_table(
    named: &NamedEntries<'_>,
    key: &str,
    keys: &BTreeSet<String>,
) -> ConfigError {
    let entry = named.get(key);
    let value = entry.map_or(String::new(), |(_, entry)| format!(", not {}", entry.value));
    let example =
        below(key, keys).map_or(String::new(), |key| format!(": write for example `{key} = …`"));
    refuse(entry, key, format!("is a table{value}{example}"))
}

pub(super) fn unknown_key(
    named: &NamedEntries<'_>,
    key: &str,
    keys: &BTreeSet<String>,
) -> ConfigError {
    // Of an unknown table, its first line.
    let prefix = format!("{key}.");
    let is_it = |other: &str| other == key || other.starts_with(&prefix);
    let found = named.iter().find(|(other, _)| is_it(other)).map(|(_, written)| written);
    ConfigError::UnknownKey {
        origin: found.map_or(Origin::Argument, |(_, entry)| entry.origin.clone()),
        key: found.map_or(key, |(key, _)| key).to_owned(),
        hint: values::did_you_mean(key, keys.iter().map(String::as_str)),
    }
}

/// Refuses a value by its key as it was written.
pub(super) fn refuse(written: Option<&(&str, &Entry)>, key: &str, reason: String) -> ConfigError {
    match written {
        Some((key, entry)) => entry.refuse(key, reason),
        None => ConfigError::Value { origin: Origin::Argument, key: key.to_owned(), reason },
    }
}
