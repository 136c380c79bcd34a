//! A folder's run of other settings than expected.

use std::{collections::BTreeSet, path::PathBuf};

use crate::study::KeyValues;

/// A folder holds a run of other settings.
#[derive(Debug, thiserror::Error)]
#[error("{} holds {run} with other settings: {}", folder.display(), differences.join(", "))]
pub struct Mismatch {
    /// The study's folder.
    pub folder: PathBuf,
    /// The run's name.
    pub run: String,
    /// Each difference, in words.
    pub differences: Vec<String>,
}

/// Describes each setting that differs between a run that was found and one that is expected.
pub fn differences(found: &KeyValues, expected: &KeyValues) -> Vec<String> {
    let shown = |value: Option<&toml::Value>| value.map_or("unset".to_owned(), ToString::to_string);
    let keys: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    (keys.into_iter())
        .map(|key| (key, found.get(key), expected.get(key)))
        .filter(|(_, found, expected)| found != expected)
        .map(|(key, found, expected)| {
            format!("{key} is {} there, {} here", shown(found), shown(expected))
        })
        .collect()
}
