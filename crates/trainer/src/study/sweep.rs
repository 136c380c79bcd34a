//! `[sweep]`: lists of values, and the grid of sweep points at which each variant is trained.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::{
    ID_DIGITS, KeyValues, Run,
    canonical_value::canonical_value,
    keys::{COMMON_KEYS, SWEEP, is_sweepable, sweep_key},
    layers,
};
use crate::config::{ConfigError, Entries, Entry, values, values::Parsed};

/// Added to the precedence of swept values, so that they override all files and arguments.
const SWEEP_PRECEDENCE: usize = 1 << 32;
/// Maximum length of the name of a run's folder in bytes. Most file systems allow 255; a damaged run's has a number too.
const MAX_NAME_BYTES: usize = 250;
/// Maximum number of runs of a study; more are taken for a mistake.
const MAX_RUNS: usize = 100_000;

/// Values of each swept key in canonical form, with the entry of their list.
#[derive(Debug)]
pub(super) struct Sweep(BTreeMap<String, (Vec<Value>, Entry)>);

impl Sweep {
    /// Removes the sweep from a config's entries and parses it.
    pub(super) fn take(entries: &mut Entries) -> Result<Self, ConfigError> {
        let keys: Vec<String> = entries
            .iter()
            .map(|(key, _)| key.to_owned())
            .filter(|key| key.starts_with(SWEEP) || key == SWEEP.trim_end_matches('.'))
            .collect();
        let mut sweep = BTreeMap::new();
        for key in keys {
            let Some(entry) = entries.remove(&key) else { continue };
            // An empty `[sweep]` is valid.
            if entry.value.as_table().is_some_and(toml::Table::is_empty) {
                continue;
            }
            let swept = key.strip_prefix(SWEEP).unwrap_or_default();
            let values = check_key(swept)
                .and_then(|()| values::list(|value| parse_swept(swept, value), &entry.value));
            let values = values.map_err(|reason| entry.error(&key, reason))?;
            sweep.insert(swept.to_owned(), (values, entry));
        }
        Ok(Self(sweep))
    }

    /// Drops the lists that a value or a list of higher precedence overrides under the layer's alias, at all of these
    /// depths of the network.
    pub(super) fn drop_overridden(&mut self, entries: &Entries, depths: &BTreeSet<usize>) {
        let precedences: BTreeMap<String, usize> =
            self.0.iter().map(|(key, (_, entry))| (key.clone(), entry.precedence)).collect();
        self.0.retain(|key, (_, entry)| {
            let is_overridden = |&depth: &usize| {
                let Some(alias) = layers::alias_of(key, depth) else { return false };
                let of_value = entries.get(&alias).map(|value| value.precedence);
                let of_list = precedences.get(&alias).copied();
                of_value.max(of_list) > Some(entry.precedence)
            };
            !depths.iter().all(is_overridden)
        });
    }

    /// Returns the values of a key; `None` if it is not swept.
    pub(super) fn values(&self, key: &str) -> Option<&[Value]> {
        self.0.get(key).map(|(values, _)| values.as_slice())
    }

    /// Returns the precedence of each swept key's list.
    pub(super) fn precedences(&self) -> BTreeMap<&str, usize> {
        self.0.iter().map(|(key, (_, entry))| (key.as_str(), entry.precedence)).collect()
    }

    /// Returns the lists by their keys in a config.
    pub(super) fn settings(&self) -> KeyValues {
        let list = |(key, (values, _)): (&String, &(Vec<Value>, Entry))| {
            (sweep_key(key), Value::Array(values.clone()))
        };
        self.0.iter().map(list).collect()
    }

    /// Returns a config's entries, overridden by the values of a sweep point.
    pub(super) fn at(&self, entries: &Entries, point: &KeyValues) -> Entries {
        let mut entries = entries.clone();
        for (key, value) in point {
            if let Some((_, list)) = self.0.get(key) {
                let (value, origin) = (value.clone(), list.origin.clone());
                let precedence = SWEEP_PRECEDENCE + list.precedence;
                entries.insert(key, Entry { value, origin, precedence });
            }
        }
        entries
    }

    /// Returns the first value of every swept key.
    pub(super) fn first_values(&self) -> KeyValues {
        let first = |(key, (values, _)): (&String, &(Vec<Value>, Entry))| {
            Some((key.clone(), values.first()?.clone()))
        };
        self.0.iter().filter_map(first).collect()
    }

    /// Returns the sweep points of a variant: the cartesian product of the values of the swept keys that apply to it.
    pub(super) fn points(&self, variant: &str) -> Vec<KeyValues> {
        let mut points = vec![KeyValues::new()];
        for (key, (values, _)) in self.lists_for(variant) {
            let with = |point: &KeyValues, value: &Value| {
                let mut point = point.clone();
                point.insert(key.clone(), value.clone());
                point
            };
            let point_with = |point| values.iter().map(move |value| with(point, value));
            points = points.iter().flat_map(point_with).collect();
        }
        points
    }

    /// Returns an error if a key of a variant is swept that is not among these.
    pub(super) fn check_variants(&self, variants: &[&str]) -> Result<(), ConfigError> {
        for (key, (_, entry)) in &self.0 {
            let name = key.strip_prefix("variant.").and_then(|rest| rest.split('.').next());
            if let Some(name) = name.filter(|name| !variants.contains(name)) {
                let reason = format!(
                    "`{name}` is none of `variants`: name it there, or set `{key}` to one value, which ends its sweep"
                );
                return Err(entry.error(&sweep_key(key), reason));
            }
        }
        Ok(())
    }

    /// Returns an error if the study has more than [`MAX_RUNS`] runs. Counts them without listing them.
    pub(super) fn check_runs(
        &self,
        variants: &[&str],
        seeds: usize,
        entries: &Entries,
    ) -> Result<(), ConfigError> {
        let count = |variant: &&str| {
            let lengths = self.lists_for(variant).map(|(_, (values, _))| values.len());
            lengths.fold(1, usize::saturating_mul)
        };
        let points = variants.iter().map(count).fold(0, usize::saturating_add);
        let runs = points.saturating_mul(seeds);
        if runs <= MAX_RUNS {
            return Ok(());
        }
        let limit = format!("{runs} runs: at most {MAX_RUNS} can be");
        let key = if seeds > 1 { "seeds" } else { "variants" };
        match (self.0.first_key_value(), entries.get(key)) {
            (Some((key, (_, entry))), _) => {
                let reason = format!("the swept keys together make {limit}");
                Err(entry.error(&sweep_key(key), reason))
            }
            (None, Some(entry)) => Err(entry.error(key, format!("make {limit}"))),
            // The defaults are few.
            (None, None) => Ok(()),
        }
    }

    /// Returns an error if the name of a run's folder would exceed [`MAX_NAME_BYTES`].
    pub(super) fn check_names(&self, runs: &[Run]) -> Result<(), ConfigError> {
        let is_long = |run: &Run| run.folder_name(&"0".repeat(ID_DIGITS)).len() > MAX_NAME_BYTES;
        let Some((key, (_, entry))) = self.0.first_key_value().filter(|_| runs.iter().any(is_long))
        else {
            return Ok(());
        };
        let reason = format!(
            "the swept keys together make names of over {MAX_NAME_BYTES} letters: sweep fewer keys at a time, or shorter values"
        );
        Err(entry.error(&sweep_key(key), reason))
    }

    /// Changes the key of an error from a swept key to that of its list.
    pub(super) fn with_sweep_key(&self, error: ConfigError) -> ConfigError {
        match error {
            ConfigError::Value { origin, key, reason } if self.0.contains_key(&key) => {
                ConfigError::Value { origin, key: sweep_key(&key), reason }
            }
            error => error,
        }
    }

    /// Returns the lists of the swept keys that apply to a variant: its own and those outside variants.
    fn lists_for(&self, variant: &str) -> impl Iterator<Item = (&String, &(Vec<Value>, Entry))> {
        let own = format!("variant.{variant}.");
        self.0.iter().filter(move |(key, _)| !key.starts_with("variant.") || key.starts_with(&own))
    }
}

/// Returns an error if a key cannot be swept. Accepts all keys of variants; unknown ones are found later.
fn check_key(key: &str) -> Parsed<()> {
    if key.is_empty() {
        return Err("must be a table: of lists, each by the key that is swept".to_owned());
    }
    let mut known = COMMON_KEYS.clone();
    known.retain(|key| is_sweepable(key));
    if key.starts_with("variant.") || known.contains(key) {
        return Ok(());
    }
    // A setting that exists is no misspelling.
    let hint = if COMMON_KEYS.contains(key) {
        String::new()
    } else {
        values::did_you_mean(key, known.iter().map(String::as_str))
    };
    let known = values::listed(&known.iter().collect::<Vec<_>>());
    Err(format!("cannot be swept{hint}: only variants' settings and {known} can"))
}

/// Parses one value of a swept key and returns its canonical form.
fn parse_swept(key: &str, value: &Value) -> Parsed<Value> {
    match value {
        Value::Table(_) | Value::Datetime(_) => {
            Err(values::expected("a number, a word, true or false", value))
        }
        value => canonical_value(key, value),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::label, *};

    fn sweep(text: &str) -> Sweep {
        Sweep::take(&mut Entries::parse(text, Path::new("")).unwrap()).unwrap()
    }

    #[test]
    fn a_variant_has_points_of_the_keys_that_apply_to_it() {
        let sweep = sweep(
            "[sweep]\n\"fit.epochs\" = [1, 2]\n\"variant.mine.hidden2.dropout\" = [0.1, 0.2]\n\
             variant.mine2.hidden2.dropout = [0.1, 0.2]",
        );
        let labels =
            |variant: &str| -> Vec<String> { sweep.points(variant).iter().map(label).collect() };
        assert_eq!(labels("none"), ["epochs=1", "epochs=2"]);
        assert_eq!(
            labels("mine"),
            [
                "epochs=1,dropout=0.1",
                "epochs=1,dropout=0.2",
                "epochs=2,dropout=0.1",
                "epochs=2,dropout=0.2"
            ]
        );
        assert_eq!(self::sweep("[sweep]").points("none"), [KeyValues::new()]);
    }
}
