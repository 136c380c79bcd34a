//! `Study::read`: a config's entries become a study and its runs.

use std::collections::BTreeSet;

use model::{MinMaxNorm, NOTEBOOK_HIDDEN};
use toml::{Table, Value};
use training::{Monitor, WeightDecay};

use super::{
    HIDDEN, KeyValues, Origins, Run, Settings, Study, checks, presets,
    resolve::{Resolved, resolve},
    saved_variants::{SavedVariants, take_yielding},
    schema::variant::{EARLY_STOPPING, WEIGHT_DECAY},
    sweep::Sweep,
};
use crate::config::{ConfigError, Entries, Entry};

impl Study {
    /// Reads a study from a config's entries. Missing settings have their defaults.
    pub fn read(name: &str, entries: &Entries) -> Result<Self, ConfigError> {
        let mut entries = entries.clone();
        take_yielding(&mut entries)?;
        presets::add(&mut entries);
        enable_tables(&mut entries);
        let origins = Origins::of(&entries);
        let mut sweep = Sweep::take(&mut entries)?;
        let depths = depths(&sweep, &entries);
        sweep.drop_overridden(&entries, &depths);
        let resolve_at = |point: &KeyValues| {
            let entries = sweep.at(&entries, point);
            let resolved = resolve(&entries).and_then(|resolved| {
                checks::check(&resolved, &entries)?;
                Ok(resolved)
            });
            resolved.map_err(|error| sweep.with_sweep_key(error))
        };
        let Resolved { settings, variants } = resolve_at(&sweep.first_values())?;
        let names: Vec<&str> = settings.variants.iter().map(String::as_str).collect();
        sweep.check_variants(&names)?;
        sweep.check_runs(&names, settings.seeds.len(), &entries)?;
        let (mut runs, mut saved) = (Vec::new(), SavedVariants::default());
        for (index, name) in names.iter().enumerate() {
            saved.add(name, &entries, &sweep.precedences(), &depths);
            for point in sweep.points(name) {
                // The other variants' swept keys keep their first values.
                let values = [sweep.first_values(), point.clone()].into_iter().flatten().collect();
                let Resolved { settings: Settings { data, fit, .. }, variants } =
                    resolve_at(&values)?;
                let Some(variant) = variants.into_iter().nth(index) else { continue };
                let run = |&seed: &u64| Run {
                    variant: variant.clone(),
                    seed,
                    point: point.clone(),
                    data: data.clone(),
                    fit: fit.clone(),
                };
                runs.extend(settings.seeds.iter().map(run));
            }
        }
        sweep.check_names(&runs)?;
        Ok(Self {
            name: name.to_owned(),
            yielding: saved.yielding(),
            variant_settings: saved.settings,
            sweep: sweep.settings(),
            settings,
            variants,
            origins,
            runs,
        })
    }
}

/// Whether the parts of a key are those of a table.
type TableKey = fn(&[&str]) -> bool;

/// Writes a default into an empty table, such as `early_stopping = {}`, that sets no key otherwise. Empty tables alone set
/// nothing.
fn enable_tables(entries: &mut Entries) {
    let tables: [(TableKey, &str, Value); 3] = [
        (
            |key| matches!(*key, ["variant", _, EARLY_STOPPING]),
            "monitor",
            Monitor::default().to_string().into(),
        ),
        (
            |key| matches!(*key, ["variant", _, WEIGHT_DECAY]),
            "rate",
            WeightDecay::default().rate.into(),
        ),
        (
            |key| matches!(*key, ["variant", _, _, _, "min_max_norm"]),
            "min_value",
            MinMaxNorm::default().min_value.into(),
        ),
    ];
    for (is_table, first, default) in tables {
        let is_key = |key: &str| is_table(&key.split('.').collect::<Vec<_>>());
        let is_empty = |entry: &Entry| entry.value.as_table().is_some_and(Table::is_empty);
        let empty = entries.iter().filter(|(key, entry)| is_key(key) && is_empty(entry));
        let empty: Vec<String> = empty.map(|(key, _)| key.to_owned()).collect();
        for key in empty {
            let prefix = format!("{key}.");
            let has_keys = entries.iter().any(|(other, _)| other.starts_with(&prefix));
            let Some(entry) = entries.get(&key).cloned().filter(|_| !has_keys) else { continue };
            entries.insert(&format!("{prefix}{first}"), Entry { value: default.clone(), ..entry });
        }
    }
}

/// Returns the numbers of hidden layers of the study's networks.
fn depths(sweep: &Sweep, entries: &Entries) -> BTreeSet<usize> {
    let depth = |units: &Value| units.as_array().map_or(0, Vec::len);
    match (sweep.values(HIDDEN), entries.get(HIDDEN)) {
        (Some(values), _) => values.iter().map(depth).collect(),
        (None, Some(entry)) => BTreeSet::from([depth(&entry.value)]),
        (None, None) => BTreeSet::from([NOTEBOOK_HIDDEN.len()]),
    }
}
