//! Errors of config values, under their keys as written.

use std::collections::BTreeSet;

use super::{canonical_entries::CanonicalEntries, schema::variant::EARLY_STOPPING};
use crate::config::{ConfigError, Entry, Origin, values};

/// Creates the error for a value that failed to deserialize.
pub(super) fn invalid_value(
    entries: &CanonicalEntries<'_>,
    error: &serde_path_to_error::Error<toml::de::Error>,
    known_keys: &BTreeSet<String>,
) -> ConfigError {
    let key = key_at(error.path());
    let is_table = first_key_in(&key, known_keys).is_some();
    match entries.get(&key) {
        Some((_, entry)) if is_table && !entry.value.is_table() => {
            not_a_table(entries, &key, known_keys)
        }
        // A table was written where the setting takes a value.
        None if !is_table => unknown_key(entries, &key, known_keys),
        entry => at_entry(entry, &key, error.inner().message().to_owned()),
    }
}

/// Returns the key for a path of serde. An element of a list has the list's key.
fn key_at(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let names = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.as_str()),
        _ => None,
    });
    names.collect::<Vec<_>>().join(".")
}

/// Returns the first known key in a table.
fn first_key_in<'a>(table: &str, known_keys: &'a BTreeSet<String>) -> Option<&'a String> {
    let prefix = format!("{table}.");
    known_keys.range(prefix.clone()..).next().filter(|key| key.starts_with(&prefix))
}

/// Returns an error if a key is a table's, whose value is none.
pub(super) fn check_table(
    entries: &CanonicalEntries<'_>,
    key: &str,
    known_keys: &BTreeSet<String>,
) -> Result<(), ConfigError> {
    match first_key_in(key, known_keys) {
        Some(_) => Err(not_a_table(entries, key, known_keys)),
        None => Ok(()),
    }
}

/// Creates the error for a value whose key is a table.
pub(super) fn not_a_table(
    entries: &CanonicalEntries<'_>,
    key: &str,
    known_keys: &BTreeSet<String>,
) -> ConfigError {
    if first_key_in(key, known_keys).is_none() {
        // A setting, below which there is none.
        let prefix = format!("{key}.");
        let longer = entries.keys().find(|other| other.starts_with(&prefix));
        return unknown_key(entries, longer.map_or(key, String::as_str), known_keys);
    }
    let entry = entries.get(key);
    let value = entry.map_or(String::new(), |(_, entry)| format!(", not {}", entry.value));
    let example = first_key_in(key, known_keys)
        .map_or(String::new(), |key| format!(": write for example `{key} = …`"));
    at_entry(entry, key, format!("is a table{value}{example}"))
}

/// Creates the error for an unknown key or table.
pub(super) fn unknown_key(
    entries: &CanonicalEntries<'_>,
    key: &str,
    known_keys: &BTreeSet<String>,
) -> ConfigError {
    // An unknown table is reported at its first key.
    let prefix = format!("{key}.");
    let found = entries.iter().find(|(other, _)| *other == key || other.starts_with(&prefix));
    // A key inside a value is reported at that value.
    let holds = |other: &str| key.starts_with(&format!("{other}."));
    let holder = || entries.iter().rev().find(|(other, _)| holds(other));
    let origin = found.or_else(holder).map(|(_, (_, entry))| entry.origin.clone());
    let hint = |key: &str| match key.rsplit_once(&format!(".{EARLY_STOPPING}.")) {
        Some((_, "mode")) => "; Keras's mode follows from `monitor`".to_owned(),
        Some((_, "baseline")) => "; there is no baseline: leave it out".to_owned(),
        _ => values::did_you_mean(key, known_keys.iter().map(String::as_str)),
    };
    let hints = found.map(|(canonical, _)| hint(canonical)).into_iter().chain([hint(key)]);
    ConfigError::UnknownKey {
        origin: origin.unwrap_or(Origin::Argument),
        key: found.map_or(key, |(_, (written, _))| written).to_owned(),
        hint: hints.into_iter().find(|hint| !hint.is_empty()).unwrap_or_default(),
    }
}

/// Creates the error for an invalid value. `key` is used if there is no entry with the key as written.
pub(super) fn at_entry(entry: Option<&(&str, &Entry)>, key: &str, reason: String) -> ConfigError {
    match entry {
        Some((key, entry)) => entry.error(key, reason),
        None => ConfigError::Value { origin: Origin::Argument, key: key.to_owned(), reason },
    }
}
