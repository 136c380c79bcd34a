//! Errors of reading and writing a study's folder.

use std::path::PathBuf;

use crate::config::ConfigError;

/// Error of reading or writing a study's folder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file has unexpected contents, or is missing.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Description of the defect.
        reason: String,
    },
    /// A result cannot be serialised.
    #[error("cannot write {what}: {reason}")]
    Serialize {
        /// The result, such as `results.csv`.
        what: &'static str,
        /// The serialiser's message.
        reason: String,
    },
    /// The folder's study.toml is not a valid config.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Reading a run's state from the device failed.
    #[error(transparent)]
    Training(#[from] training::Error),
}

impl Error {
    /// Returns the program's exit code: 2 if the request was wrong, 1 if the work failed.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Config(_)) { 2 } else { 1 }
    }

    /// Returns a hint for the user, where the message does not already contain one.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Write { source, .. } => {
                use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
                let is_full = matches!(source.kind(), FileTooLarge | QuotaExceeded | StorageFull);
                let free = if is_full { "free disk space or " } else { "" };
                Some(format!("{free}choose another folder; finished runs are kept"))
            }
            _ => None,
        }
    }
}
