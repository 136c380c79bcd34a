//! `[sweep]`: from lists of values to the points at which each variant is trained.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::{
    KeyValues, Run,
    canonical::canonical,
    cell,
    keys::{SWEEP, common_keys, is_sweepable, sweep_key},
    layers,
};
use crate::config::{ConfigError, Entries, Entry, values, values::Parsed};

/// Added to the level of what is swept: more than files and arguments have.
const SWEPT: usize = 1 << 32;
/// The most bytes of a folder's name, as file systems have it.
const LONGEST_NAME: usize = 255;
/// The most runs of a study; more of them are a mistake.
const MOST_RUNS: usize = 100_000;

/// Each swept key's values, and where they were written.
#[derive(Debug)]
pub(super) struct Sweep(BTreeMap<String, (Vec<Value>, Entry)>);

impl Sweep {
    /// Takes the sweep out of a config's entries.
    pub(super) fn take(entries: &mut Entries) -> Result<Self, ConfigError> {
        let keys: Vec<String> = entries
            .iter()
            .map(|(key, _)| key.to_owned())
            .filter(|key| key.starts_with(SWEEP) || key == SWEEP.trim_end_matches('.'))
            .collect();
        let mut sweep = BTreeMap::new();
        for key in keys {
            let Some(entry) = entries.remove(&key) else { continue };
            // `[sweep]` with nothing below it.
            if entry.value.as_table().is_some_and(toml::Table::is_empty) {
                continue;
            }
            let swept = key.strip_prefix(SWEEP).unwrap_or_default();
            let values = check_key(swept)
                .and_then(|()| values::list(|value| swept_value(swept, value), &entry.value));
            let values = values.map_err(|reason| entry.refuse(&key, reason))?;
            sweep.insert(swept.to_owned(), (values, entry));
        }
        Ok(Self(sweep))
    }

    /// Ends the sweep of each variant's setting that has a value or a sweep from a higher level under its layer's
    /// other name, at all of these depths of the network.
    pub(super) fn end_replaced(&mut self, entries: &Entries, depths: &BTreeSet<usize>) {
        let levels: BTreeMap<String, usize> =
            self.0.iter().map(|(key, (_, entry))| (key.clone(), entry.level)).collect();
        self.0.retain(|key, (_, entry)| {
            let is_replaced = |&depth: &usize| {
                let Some(other) = layers::other_name(key, depth) else { return false };
                let written = entries.get(&other).map(|other| other.level);
                written.max(levels.get(&other).copied()) > Some(entry.level)
            };
            !depths.iter().all(is_replaced)
        });
    }

    /// The values of a key, if it is swept.
    pub(super) fn values(&self, key: &str) -> Option<&[Value]> {
        self.0.get(key).map(|(values, _)| values.as_slice())
    }

    /// The swept keys, with the levels at which their lists were written.
    pub(super) fn levels(&self) -> BTreeMap<&str, usize> {
        self.0.iter().map(|(key, (_, entry))| (key.as_str(), entry.level)).collect()
    }

    /// The lists, as a config has them.
    pub(super) fn settings(&self) -> KeyValues {
        let list = |(key, (values, _)): (&String, &(Vec<Value>, Entry))| {
            (sweep_key(key), Value::Array(values.clone()))
        };
        self.0.iter().map(list).collect()
    }

    /// A config's entries at a point.
    pub(super) fn at(&self, entries: &Entries, point: &KeyValues) -> Entries {
        let mut entries = entries.clone();
        for (key, value) in point {
            if let Some((_, Entry { origin, level: entry_level, .. })) = self.0.get(key) {
                let (value, origin) = (value.clone(), origin.clone());
                // Above every file and argument, in the order in which the sweeps were written.
                let level = SWEPT + entry_level;
                entries.insert(key, Entry { value, origin, level });
            }
        }
        entries
    }

    /// The first value of every key.
    pub(super) fn first(&self) -> KeyValues {
        let first = |(key, (values, _)): (&String, &(Vec<Value>, Entry))| {
            Some((key.clone(), values.first()?.clone()))
        };
        self.0.iter().filter_map(first).collect()
    }

    /// The points of a variant: every combination of the values of the keys that it uses.
    pub(super) fn points(&self, variant: &str) -> Vec<KeyValues> {
        let mut points = vec![KeyValues::new()];
        for (key, (values, _)) in self.of(variant) {
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

    /// Refuses what is swept of a variant that is not trained.
    pub(super) fn check_variants(&self, variants: &[&str]) -> Result<(), ConfigError> {
        for (key, (_, entry)) in &self.0 {
            let name = key.strip_prefix("variant.").and_then(|rest| rest.split('.').next());
            if let Some(name) = name.filter(|name| !variants.contains(name)) {
                let reason = format!(
                    "`{name}` is none of `variants`: name it there, or set `{key}` to one value, which ends its sweep"
                );
                return Err(entry.refuse(&sweep_key(key), reason));
            }
        }
        Ok(())
    }

    /// Refuses more runs than anyone means to have, before they are listed.
    pub(super) fn check_runs(
        &self,
        variants: &[&str],
        seeds: usize,
        entries: &Entries,
    ) -> Result<(), ConfigError> {
        let count = |variant: &&str| {
            let lengths = self.of(variant).map(|(_, (values, _))| values.len());
            lengths.fold(1, usize::saturating_mul)
        };
        let points = variants.iter().map(count).fold(0, usize::saturating_add);
        let runs = points.saturating_mul(seeds);
        if runs <= MOST_RUNS {
            return Ok(());
        }
        let limit = format!("{runs} runs: at most {MOST_RUNS} can be");
        match (self.0.first_key_value(), entries.get("seeds")) {
            (Some((key, (_, entry))), _) => {
                let reason = format!("and what else is swept make {limit}");
                Err(entry.refuse(&sweep_key(key), reason))
            }
            (None, Some(entry)) => Err(entry.refuse("seeds", format!("make {limit}"))),
            // One seed makes as many runs as variants.
            (None, None) => Ok(()),
        }
    }

    /// Refuses points whose folders would have longer names than file systems take.
    pub(super) fn check_names(&self, runs: &[Run]) -> Result<(), ConfigError> {
        let is_long = |run: &Run| cell(&run.variant.name, &run.point, ",").len() > LONGEST_NAME;
        let Some((key, (_, entry))) = self.0.first_key_value().filter(|_| runs.iter().any(is_long))
        else {
            return Ok(());
        };
        let reason = format!(
            "and what else is swept make names of over {LONGEST_NAME} letters: sweep fewer keys at a time, or shorter values"
        );
        Err(entry.refuse(&sweep_key(key), reason))
    }

    /// Tells an error at a swept key as one in its list.
    pub(super) fn name(&self, error: ConfigError) -> ConfigError {
        match error {
            ConfigError::Value { origin, key, reason } if self.0.contains_key(&key) => {
                ConfigError::Value { origin, key: sweep_key(&key), reason }
            }
            error => error,
        }
    }

    fn of(&self, variant: &str) -> impl Iterator<Item = (&String, &(Vec<Value>, Entry))> {
        let own = format!("variant.{variant}.");
        self.0.iter().filter(move |(key, _)| !key.starts_with("variant.") || key.starts_with(&own))
    }
}

fn check_key(key: &str) -> Parsed<()> {
    if key.is_empty() {
        return Err("must be a table: of lists, each by the key that is swept".to_owned());
    }
    let mut known = common_keys();
    known.retain(|key| is_sweepable(key));
    if key.starts_with("variant.") || known.contains(key) {
        return Ok(());
    }
    let hint = values::did_you_mean(key, known.iter().map(String::as_str));
    let known = values::listed(&known.iter().collect::<Vec<_>>());
    Err(format!("cannot be swept{hint}: only variants' settings and {known} can"))
}

/// Parses a value of a swept setting.
fn swept_value(key: &str, value: &Value) -> Parsed<Value> {
    match value {
        Value::Table(_) | Value::Datetime(_) => {
            Err(values::expected("a number, a word, true or false", value))
        }
        value => canonical(key, value),
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
    fn a_variant_has_points_of_the_keys_that_it_uses() {
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
