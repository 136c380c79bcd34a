//! Origins of the settings of a study.

use std::fmt;

use super::{Study, keys::sweep_key, layers::canonical_key};
use crate::config::{Entries, Origin};

/// Error of a setting that does not fit the data set or the start weights.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{key}: {reason}", at(origin.as_ref()))]
pub struct SettingError {
    /// Origin of the setting; `None` if it has its default, or is not located yet.
    pub origin: Option<Origin>,
    /// Key of the setting.
    pub key: String,
    /// The problem, and how to solve it.
    pub reason: String,
}

/// Origins of the settings, by their keys as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origins(Vec<(String, Origin)>);

impl Origins {
    /// Lists the origins of a config's entries.
    pub(super) fn of(entries: &Entries) -> Self {
        Self(entries.iter().map(|(key, entry)| (key.to_owned(), entry.origin.clone())).collect())
    }
}

impl SettingError {
    /// Creates an error of a setting that is not located yet.
    pub fn new(key: &str, reason: String) -> Self {
        Self { origin: None, key: key.to_owned(), reason }
    }

    /// Adds the origin of the setting in a study's config, and its key there.
    #[must_use]
    pub fn located_in(self, study: &Study) -> Self {
        let depth = study.settings.network.hidden.len();
        let swept = sweep_key(&self.key);
        let is_setting =
            |written: &str| written == swept || canonical_key(written, depth) == self.key;
        match study.origins.0.iter().find(|(written, _)| is_setting(written)) {
            None => self,
            Some((key, origin)) => {
                Self { origin: Some(origin.clone()), key: key.clone(), reason: self.reason }
            }
        }
    }
}

/// Formats an origin before a key.
fn at(origin: Option<&Origin>) -> impl fmt::Display {
    origin.map_or_else(String::new, |origin| format!("{origin}: "))
}
