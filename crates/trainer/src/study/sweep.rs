//! `[sweep]`: lists of values, and the grid of sweep points at which each variant is trained.

use std::collections::BTreeMap;

use toml::Value;

use super::{
    ID_DIGITS, KeyValues, Run,
    keys::{self, Key, SWEEP, VARIANT, sweep_key},
    setting::Row,
    settings::Settings,
    table,
};
use crate::config::{ConfigError, Entries, Entry, SettingError, values, values::Parsed};

/// Maximum length of the name of a run's folder in bytes. Most file systems allow 255; a damaged run's has a number
/// too.
const MAX_NAME_BYTES: usize = 250;
/// Maximum number of runs of a study; more are taken for a mistake.
const MAX_RUNS: usize = 100_000;

/// Values of each swept key in canonical form.
#[derive(Debug)]
pub(super) struct Sweep(BTreeMap<String, Vec<Value>>);

impl Sweep {
    /// Parses the sweep of a config's entries, and replaces it by the first value of every swept key.
    pub(super) fn take(entries: &mut Entries) -> Result<Self, ConfigError> {
        let table = SWEEP.trim_end_matches('.');
        let lists = entries.iter().filter(|(key, _)| keys::is_in(key, table));
        let lists: Vec<String> = lists.map(|(key, _)| key.to_owned()).collect();
        let mut sweep = BTreeMap::new();
        for key in lists {
            let Some(entry) = entries.remove(&key) else { continue };
            // An empty `[sweep]` is valid.
            if entry.value.as_table().is_some_and(toml::Table::is_empty) {
                continue;
            }
            let swept = key.strip_prefix(SWEEP).unwrap_or_default();
            let values = parse(swept, &entry.value).map_err(|reason| entry.error(&key, reason))?;
            entries.insert(swept, Entry { value: values[0].clone(), origin: entry.origin });
            sweep.insert(swept.to_owned(), values);
        }
        Ok(Self(sweep))
    }

    /// Returns the values of a key, if it is swept.
    pub(super) fn values(&self, key: &str) -> Option<&[Value]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// Returns the lists by their keys in a config.
    pub(super) fn settings(&self) -> KeyValues {
        let lists = self.0.iter();
        lists.map(|(key, values)| (sweep_key(key), Value::Array(values.clone()))).collect()
    }

    /// Returns the sweep points of a variant: the cartesian product of the values of the swept keys that apply to it.
    pub(super) fn points(&self, variant: &str) -> Vec<KeyValues> {
        let mut points = vec![KeyValues::new()];
        for (key, values) in self.lists_for(variant) {
            let mut longer = Vec::new();
            for point in &points {
                for value in values {
                    let mut point = point.clone();
                    point.insert(key.clone(), value.clone());
                    longer.push(point);
                }
            }
            points = longer;
        }
        points
    }

    /// Checks that the variants whose keys are swept are compared, and that there are at most [`MAX_RUNS`] runs, which
    /// it counts without listing them.
    pub(super) fn check(
        &self,
        Settings { variants, seeds, .. }: &Settings,
    ) -> Result<(), SettingError> {
        for key in self.0.keys() {
            let name = keys::split_variant(key).map(|(name, _)| name);
            if let Some(name) = name.filter(|name| variants.iter().all(|other| other != name)) {
                let reason = format!(
                    "`variants` does not name `{name}`: add it, or set `{key}` to a single value"
                );
                return Err(SettingError::new(key, reason));
            }
        }
        let points = variants.iter().map(|variant| {
            let lengths = self.lists_for(variant).map(|(_, values)| values.len());
            lengths.fold(1, usize::saturating_mul)
        });
        let runs = points.fold(0, usize::saturating_add).saturating_mul(seeds.len());
        if runs <= MAX_RUNS {
            return Ok(());
        }
        let (key, what) = match self.0.keys().next() {
            Some(key) => (key.as_str(), "the swept keys together make"),
            None => (if seeds.len() > 1 { "seeds" } else { "variants" }, "make"),
        };
        Err(SettingError::new(key, format!("{what} {runs} runs: the maximum is {MAX_RUNS}")))
    }

    /// Checks that no name of a run's folder exceeds [`MAX_NAME_BYTES`].
    pub(super) fn check_names(&self, runs: &[Run]) -> Result<(), SettingError> {
        let Some(key) = self.0.keys().next() else { return Ok(()) };
        let id = "0".repeat(ID_DIGITS);
        if runs.iter().all(|run| run.folder_name(&id).len() <= MAX_NAME_BYTES) {
            return Ok(());
        }
        let what = format!("folder names of over {MAX_NAME_BYTES} bytes");
        let advice = "sweep fewer keys at a time, or shorter values";
        Err(SettingError::new(key, format!("the swept keys together make {what}: {advice}")))
    }

    /// Returns the lists of the swept keys that apply to a variant: its own and those outside variants.
    fn lists_for(&self, variant: &str) -> impl Iterator<Item = (&String, &Vec<Value>)> {
        let own = format!("{VARIANT}{variant}.");
        self.0.iter().filter(move |(key, _)| !key.starts_with(VARIANT) || key.starts_with(&own))
    }
}

/// Parses the list of a swept key to the canonical forms of its values. Accepts all keys of variants: those that are
/// unknown are found when the first value is read.
fn parse(key: &str, list: &Value) -> Parsed<Vec<Value>> {
    if key.is_empty() {
        return Err("must be a table with a list for each swept key".to_owned());
    }
    let row = Key::find(&keys::canonical(key, 1)).map(|key| key.row());
    let can_be_swept = row.map_or(key.starts_with(VARIANT), Row::can_be_swept);
    if !can_be_swept {
        let swept =
            table::STUDY.iter().map(|setting| &setting.row).filter(|row| row.can_be_swept());
        let mut known: Vec<&String> = swept.map(|row| &row.key).collect();
        known.sort();
        // A setting that exists is no misspelling.
        let hint = match row {
            Some(_) => String::new(),
            None => values::did_you_mean(key, known.iter().map(|key| key.as_str())),
        };
        let listed = values::listed(&known);
        return Err(format!("cannot be swept{hint}: only variants' settings and {listed} can"));
    }
    values::list(
        1,
        |value| match (row, value) {
            (_, Value::Table(_) | Value::Datetime(_)) => {
                Err(values::expected("a number, a word, true or false", value))
            }
            (Some(row), value) => (row.canonical)(value),
            (None, value) => Ok(value.clone()),
        },
        list,
    )
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
