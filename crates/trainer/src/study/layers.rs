//! The names of hidden layers in configs: `hidden1`, `hidden2`, …, and `last_hidden`, which is the last one's other
//! name however many there are.

use std::collections::{BTreeMap, BTreeSet};

use model::LayerName;
use toml::Value;

use super::{KeyValues, flat, sweep::sweep_key};
use crate::config::{ConfigError, Entries, Entry, values, values::Parsed};

/// The last hidden layer's other name.
pub(super) const LAST_HIDDEN: &str = "last_hidden";
/// The key of a list of keys, which study.toml has where two names of one layer were written at two levels: each
/// yields to the other name of its setting, unless that stands before it in the list.
pub(super) const YIELDING: &str = "yielding";
/// Up to so many layers are listed one by one.
const MOST_LISTED: usize = 8;

/// Lists the names of all layers of a network with so many hidden ones.
pub(super) fn all_names(depth: usize) -> impl Iterator<Item = String> {
    let own = (0..depth).map(LayerName::Hidden).chain([LayerName::Output]);
    own.map(|layer| layer.to_string()).chain([LAST_HIDDEN.to_owned()])
}

/// Puts each entry under its layer's own name. Of two names of one setting the one at the higher level counts; at
/// one level both are refused.
pub(super) fn under_own_names(
    entries: &Entries,
    depth: usize,
) -> Result<flat::Written<'_>, ConfigError> {
    let mut written = flat::Written::new();
    for (key, entry) in entries.iter() {
        let name = own_name(key, depth);
        if let Some((other_key, other)) = written.get(&name) {
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
        written.insert(name, (key, entry));
    }
    Ok(written)
}

/// Returns a key with its layer under its own name.
fn own_name(key: &str, depth: usize) -> String {
    let mut parts = key.splitn(4, '.');
    let (table, variant, layer) = (parts.next(), parts.next(), parts.next());
    match (table, variant, layer, depth.checked_sub(1)) {
        (Some("variant"), Some(variant), Some(LAST_HIDDEN), Some(last)) => {
            let rest = parts.next().map_or(String::new(), |rest| format!(".{rest}"));
            format!("variant.{variant}.{}{rest}", LayerName::Hidden(last))
        }
        _ => key.to_owned(),
    }
}

/// Refuses a hidden layer whose number is over the network's depth. Other names pass.
pub(super) fn check_name(layer: &str, depth: usize) -> Parsed<()> {
    let number = layer.strip_prefix("hidden").and_then(|number| number.parse::<usize>().ok());
    if number.is_none_or(|number| (1..=depth).contains(&number)) {
        return Ok(());
    }
    let last = LayerName::Hidden(depth - 1);
    let mut names: Vec<String> = if depth > MOST_LISTED {
        vec![format!("{} … {last}", LayerName::Hidden(0))]
    } else {
        (0..depth).map(|index| LayerName::Hidden(index).to_string()).collect()
    };
    names.extend([LAST_HIDDEN.to_owned(), LayerName::Output.to_string()]);
    Err(format!("the network has no `{layer}`: its layers are {}", values::listed(&names)))
}

/// The other name of a variant's setting, `variant.NAME.LAYER.…`, in a network of some depth.
pub(super) fn other_name(key: &str, depth: usize) -> Option<String> {
    let mut parts = key.splitn(4, '.');
    let (table, name, layer, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let last = LayerName::Hidden(depth.checked_sub(1)?).to_string();
    let other = match layer {
        LAST_HIDDEN => last.as_str(),
        layer if layer == last => LAST_HIDDEN,
        _ => return None,
    };
    (table == "variant").then(|| format!("{table}.{name}.{other}.{rest}"))
}

/// The settings of variants as one config has to write them.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The settings, by their keys as they were written.
    pub(super) settings: KeyValues,
    /// Keys, each with its level, that another name replaces in networks of some of the study's depths.
    yielding: BTreeSet<(usize, String)>,
}

impl Written {
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
