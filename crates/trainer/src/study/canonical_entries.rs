//! A config's entries by canonical key, and their values as nested tables.

use std::collections::BTreeMap;

use toml::Table;

use super::layers::canonical_key;
use crate::config::{ConfigError, Entries, Entry};

/// Entries by canonical key, in which each layer has its own name, with their keys as written.
pub(super) type CanonicalEntries<'a> = BTreeMap<String, (&'a str, &'a Entry)>;

/// Returns the entries by canonical key. If a setting has a value under both of its keys, the one of higher
/// precedence counts; equal precedence is an error.
pub(super) fn canonical_entries(
    entries: &Entries,
    depth: usize,
) -> Result<CanonicalEntries<'_>, ConfigError> {
    let mut canonical = CanonicalEntries::new();
    for (key, entry) in entries.iter() {
        let name = canonical_key(key, depth);
        if let Some((other_key, other)) = canonical.get(&name) {
            // An empty table sets nothing.
            if entry.value.is_table() {
                continue;
            }
            if other.value.is_table() {
                canonical.insert(name, (key, entry));
                continue;
            }
            if other.precedence == entry.precedence {
                return Err(entry.error(
                    key,
                    format!(
                        "is the same setting as `{other_key}`, written at {}: keep one of the two",
                        other.origin
                    ),
                ));
            }
            if other.precedence > entry.precedence {
                continue;
            }
        }
        canonical.insert(name, (key, entry));
    }
    Ok(canonical)
}

/// Nests dotted keys in tables. Fails with the key of a value that another key needs to be a table.
pub(super) fn nest(entries: &CanonicalEntries<'_>) -> Result<Table, String> {
    let mut root = Table::new();
    for (key, (_, entry)) in entries {
        let mut table = &mut root;
        let mut start = 0;
        for end in dots(key) {
            let inner = table.entry(&key[start..end]).or_insert_with(|| Table::new().into());
            table = inner.as_table_mut().ok_or_else(|| key[..end].to_owned())?;
            start = end + 1;
        }
        table.insert(key[start..].to_owned(), entry.value.clone());
    }
    Ok(root)
}

/// Finds the byte indices of a key's dots outside quotes.
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
