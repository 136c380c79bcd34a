//! The error type of configs.

use std::path::PathBuf;

use super::Origin;

/// Error in a config. Its message names the location and the key, and says what is valid.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not exist or cannot be read.
    #[error("cannot read the config {}", path.display())]
    Unreadable {
        /// Path of the file.
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
        /// Location of the error.
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
    #[error("{origin}: extends: goes round in a circle: {cycle}")]
    Cycle {
        /// Location of the `extends` that closes the cycle.
        origin: Origin,
        /// Names of the files, each followed by the one that it extends.
        cycle: String,
    },
    /// No setting has the key.
    #[error("{origin}: unknown key `{key}`{hint}")]
    UnknownKey {
        /// Location of the key.
        origin: Origin,
        /// The key.
        key: String,
        /// Suggestion of a similar key; empty if none is similar.
        hint: String,
    },
    /// The value is invalid for its key.
    #[error("{origin}: {key}: {reason}")]
    Value {
        /// Location of the value.
        origin: Origin,
        /// The key.
        key: String,
        /// The valid values, and the value found.
        reason: String,
    },
    /// The `--set` argument has no equals sign or no valid key.
    #[error("--set {argument}: write it as KEY=VALUE, for example --set fit.epochs=5")]
    Argument {
        /// The argument as given.
        argument: String,
    },
}
