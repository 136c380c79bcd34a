//! A config's entries by the own names of their layers.

use std::collections::BTreeMap;

use toml::Table;

use super::layers::own_name;
use crate::config::{ConfigError, Entries, Entry};

/// Entries by their keys with each layer under its own name. Each comes with its key as it was written.
pub(super) type NamedEntries<'a> = BTreeMap<String, (&'a str, &'a Entry)>;

/// Puts each entry under its layer's own name. Of two names of one setting the one of the higher precedence counts; two of
/// one precedence are refused.
pub(super) fn named_entries(
    entries: &Entries,
    depth: usize,
) -> Result<NamedEntries<'_>, ConfigError> {
    let mut named = NamedEntries::new();
    for (key, entry) in entries.iter() {
        let name = own_name(key, depth);
        if let Some((other_key, other)) = named.get(&name) {
            if other.level == entry.level {
                return Err(entry.refuse(
                    key,
                    format!(
                        "is the same setting as `{other_key}`, written at {}: keep one of the two",
                        other.origin
                    ),
                ));
            }
            if other.level > entry.level {
                continue;
            }
        }
        named.insert(name, (key, entry));
    }
    Ok(named)
}

/// Nests dotted keys in tables. Fails with the key of a value where a table has to be.
pub(super) fn nest(named: &NamedEntries<'_>) -> Result<Table, String> {
    let mut root = Table::new();
    for (key, (_, entry)) in named {
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
