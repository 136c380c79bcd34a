//! Why a config was refused.

use std::path::PathBuf;

use super::Origin;

/// Why a config was refused. Each says where, which key, and what would do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No such file, or it cannot be read.
    #[error("cannot read the config {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No config has the name.
    #[error("{message}")]
    NotFound {
        /// The name, and those that there are.
        message: String,
    },
    /// Not TOML.
    #[error("{origin}: {message}")]
    Syntax {
        /// The file and line.
        origin: Origin,
        /// The TOML parser's own words.
        message: String,
    },
    /// A file without a single key.
    #[error("{config} is empty: write at least `extends = \"mnist.toml\"`")]
    Empty {
        /// The config.
        config: String,
    },
    /// Files that extend one another in a circle.
    #[error("{origin}: extends: goes round in a circle: {circle}")]
    Circle {
        /// Where the circle closes.
        origin: Origin,
        /// The files, in order.
        circle: String,
    },
    /// A key that means nothing.
    #[error("{origin}: unknown key `{key}`{hint}")]
    UnknownKey {
        /// Where it was written.
        origin: Origin,
        /// The key.
        key: String,
        /// The nearest known key, if any is near.
        hint: String,
    },
    /// A value that a key does not take.
    #[error("{origin}: {key}: {reason}")]
    Value {
        /// Where it was written.
        origin: Origin,
        /// The key.
        key: String,
        /// What would do, and what was found.
        reason: String,
    },
    /// A `--set` without an equals sign.
    #[error("--set {argument}: write it as KEY=VALUE, for example --set fit.epochs=5")]
    Argument {
        /// The argument as given.
        argument: String,
    },
}
