//! The error for a run whose settings differ from the expected ones, and the list of differences.

use std::{collections::BTreeSet, path::PathBuf};

use crate::study::KeyValues;

/// Error of a folder that holds a run with other settings than expected.
#[derive(Debug, thiserror::Error)]
#[error("{} holds {run} with other settings: {}", folder.display(), differences.join(", "))]
pub struct Mismatch {
    /// The study's folder.
    pub folder: PathBuf,
    /// The run's name.
    pub run: String,
    /// Descriptions of the differences.
    pub differences: Vec<String>,
}

/// Describes the settings that differ between a run on disk and the expected run.
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
