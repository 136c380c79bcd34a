//! The error types of configs and settings.

use std::path::PathBuf;

use super::Origin;

/// Error of a setting: its value is invalid, contradicts another, or does not fit the data set or the start weights.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{key}: {reason}", origin.as_ref().map_or_else(String::new, |origin| format!("{origin}: ")))]
pub struct SettingError {
    /// Origin of the setting; `None` if it has its default, or is not located yet.
    pub origin: Option<Origin>,
    pub key: String,
    /// The problem, and how to solve it.
    pub reason: String,
}

impl SettingError {
    /// Creates an error of a setting that is not located yet.
    pub fn new(key: &str, reason: String) -> Self {
        Self { origin: None, key: key.to_owned(), reason }
    }

    /// Creates an error of a setting that is written at an origin.
    pub fn at(origin: &Origin, key: &str, reason: String) -> Self {
        Self { origin: Some(origin.clone()), key: key.to_owned(), reason }
    }
}

/// Error in a config. Its message names the location and the key, and says what is valid.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not exist or cannot be read.
    #[error("cannot read the config {}", path.display())]
    Unreadable {
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// No config has the name.
    #[error("{message}")]
    NotFound {
        /// The name, and the names of all configs.
        message: String,
    },
    /// The text is not TOML.
    #[error("{origin}: {message}")]
    Syntax {
        origin: Origin,
        /// Message of the TOML parser.
        message: String,
    },
    /// The file has no keys.
    #[error("{config} is empty: write at least `extends = \"mnist.toml\"`")]
    Empty {
        /// Path or name of the config.
        config: String,
    },
    /// The config extends itself, directly or through others.
    #[error("{origin}: extends: the configs form a cycle: {cycle}")]
    Cycle {
        /// Location of the `extends` that closes the cycle.
        origin: Origin,
        /// Names of the files, each followed by the one that it extends.
        cycle: String,
    },
    /// No setting has the key.
    #[error("{origin}: unknown key `{key}`{hint}")]
    UnknownKey {
        origin: Origin,
        key: String,
        /// Suggestion of a similar key; empty if none is similar.
        hint: String,
    },
    /// A setting has an invalid value.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The `--set` argument has no equals sign or no valid key.
    #[error("--set {argument}: write it as KEY=VALUE, for example --set fit.epochs=5")]
    Argument {
        /// The argument as given.
        argument: String,
    },
}
