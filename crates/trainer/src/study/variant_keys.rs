//! The settings of variants as study.toml has them.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::{KeyValues, keys::sweep_key, layers::other_name};
use crate::config::{ConfigError, Entries, Entry, values};

/// The key of a list of keys, which study.toml has where two names of one layer were written at two levels: each
/// yields to the other name of its setting, unless that stands before it in the list.
pub(super) const YIELDING: &str = "yielding";
/// The settings of variants as one config has to write them.
#[derive(Debug, Default)]
pub(super) struct VariantKeys {
    /// The settings, by their keys as they were written.
    pub(super) settings: KeyValues,
    /// Keys, each with its level, that another name replaces in networks of some of the study's depths.
    yielding: BTreeSet<(usize, String)>,
}

impl VariantKeys {
    /// Adds a variant whose network has one of these depths: what was written of it, but for what another name has
    /// replaced at every depth, and what only its preset says.
    pub(super) fn add(
        &mut self,
        variant: &str,
        entries: &Entries,
        swept: &BTreeMap<&str, usize>,
        depths: &BTreeSet<usize>,
    ) {
        let table = format!("variant.{variant}");
        let own = |key: &str| key.strip_prefix(&table).is_some_and(|rest| rest.starts_with('.'));
        let written = entries.iter().filter(|(key, entry)| own(key) && !entry.value.is_table());
        let mut settings = KeyValues::new();
        for (key, entry) in written {
            let level = |other: &str| entries.get(other).map(|other| other.level);
            if self.keeps(key, key, entry.level, depths, &level) {
                settings.insert(key.to_owned(), entry.value.clone());
            }
        }
        for (key, level) in swept.iter().filter(|(key, _)| own(key)) {
            self.keeps(key, &sweep_key(key), *level, depths, &|other| swept.get(other).copied());
        }
        if settings.is_empty() {
            // A plain variant of one's own has to be named to exist.
            settings.insert(table, Value::Table(toml::Table::new()));
        }
        self.settings.extend(settings);
    }

    /// Whether a key has a value of its own at some depth. Where another name from a higher level replaces it at
    /// others, it yields.
    fn keeps(
        &mut self,
        key: &str,
        written: &str,
        own: usize,
        depths: &BTreeSet<usize>,
        level: &dyn Fn(&str) -> Option<usize>,
    ) -> bool {
        let is_replaced =
            |&&depth: &&usize| other_name(key, depth).and_then(|other| level(&other)) > Some(own);
        let replaced = depths.iter().filter(is_replaced).count();
        if replaced > 0 && replaced < depths.len() {
            self.yielding.insert((own, written.to_owned()));
        }
        replaced < depths.len()
    }

    /// The list [`YIELDING`] of the config, from the lowest level on.
    pub(super) fn yielding(&self) -> Vec<String> {
        self.yielding.iter().map(|(_, key)| key.clone()).collect()
    }
}

/// Takes the list [`YIELDING`] out of a config's entries: those keys get levels of their own below all others.
pub(super) fn take_yielding(entries: &mut Entries) -> Result<(), ConfigError> {
    let Some(Entry { value, origin, .. }) = entries.remove(YIELDING) else { return Ok(()) };
    let refused =
        |reason| ConfigError::Value { origin: origin.clone(), key: YIELDING.to_owned(), reason };
    let text = |value: &Value| values::text(value).map(str::to_owned);
    let keys = values::list(text, &value).map_err(refused)?;
    entries.raise(keys.len());
    for (level, key) in keys.iter().enumerate() {
        let entry = entries.get(key).cloned();
        let entry = entry.ok_or_else(|| refused(format!("there is no `{key}` in this config")))?;
        entries.insert(key, Entry { level, ..entry });
    }
    Ok(())
}
