//! The settings of variants as study.toml holds them.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::{KeyValues, keys::sweep_key, layers::alias_of};
use crate::config::{ConfigError, Entries, Entry, values};

/// Key of a list of keys in study.toml, in ascending precedence; the keys outside the list have a higher precedence.
/// study.toml merges all files into one, where a setting and its alias would otherwise have the same precedence.
pub(super) const YIELDING: &str = "yielding";

/// Settings of variants as study.toml holds them.
#[derive(Debug, Default)]
pub(super) struct SavedVariants {
    /// Values by key as written.
    pub(super) settings: KeyValues,
    /// Precedence and key of what the alias overrides at some depths of the study and not at others.
    yielding: BTreeSet<(usize, String)>,
}

impl SavedVariants {
    /// Adds the settings of a variant and of its preset, except those that the alias overrides at all depths.
    pub(super) fn add(
        &mut self,
        variant: &str,
        entries: &Entries,
        swept: &BTreeMap<&str, usize>,
        depths: &BTreeSet<usize>,
    ) {
        let table = format!("variant.{variant}");
        let is_own = |key: &str| key.strip_prefix(&table).is_some_and(|rest| rest.starts_with('.'));
        let own = entries.iter().filter(|(key, entry)| is_own(key) && !entry.value.is_table());
        let mut settings = KeyValues::new();
        for (key, entry) in own {
            let precedence_of = |other: &str| entries.get(other).map(|other| other.precedence);
            // What is swept has its list instead.
            if swept.contains_key(key) {
                continue;
            }
            if self.add_key(key, key, entry.precedence, depths, &precedence_of) {
                settings.insert(key.to_owned(), entry.value.clone());
            }
        }
        for (key, precedence) in swept.iter().filter(|(key, _)| is_own(key)) {
            let precedence_of = |other: &str| swept.get(other).copied();
            self.add_key(key, &sweep_key(key), *precedence, depths, &precedence_of);
        }
        if settings.is_empty() {
            // Defines the variant, which otherwise would not exist.
            settings.insert(table, Value::Table(toml::Table::new()));
        }
        self.settings.extend(settings);
    }

    /// Returns whether a key counts at some depth. If its alias overrides it at others, adds it to those that yield.
    fn add_key(
        &mut self,
        key: &str,
        written_key: &str,
        precedence: usize,
        depths: &BTreeSet<usize>,
        precedence_of: &dyn Fn(&str) -> Option<usize>,
    ) -> bool {
        let is_overridden = |&&depth: &&usize| {
            alias_of(key, depth).and_then(|alias| precedence_of(&alias)) > Some(precedence)
        };
        let overridden = depths.iter().filter(is_overridden).count();
        if overridden > 0 && overridden < depths.len() {
            self.yielding.insert((precedence, written_key.to_owned()));
        }
        overridden < depths.len()
    }

    /// Returns the value of [`YIELDING`].
    pub(super) fn yielding(&self) -> Vec<String> {
        self.yielding.iter().map(|(_, key)| key.clone()).collect()
    }
}

/// Removes [`YIELDING`] from a config's entries and gives its keys the precedence that it says.
pub(super) fn take_yielding(entries: &mut Entries) -> Result<(), ConfigError> {
    let Some(Entry { value, origin, .. }) = entries.remove(YIELDING) else { return Ok(()) };
    let error =
        |reason| ConfigError::Value { origin: origin.clone(), key: YIELDING.to_owned(), reason };
    let text = |value: &Value| values::text(value).map(str::to_owned);
    let keys = values::list(text, &value).map_err(error)?;
    entries.raise_precedence(keys.len());
    for (precedence, key) in keys.iter().enumerate() {
        let entry = entries.get(key).cloned();
        let entry = entry.ok_or_else(|| error(format!("there is no `{key}` in this config")))?;
        entries.insert(key, Entry { precedence, ..entry });
    }
    Ok(())
}
