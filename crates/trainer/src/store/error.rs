//! Errors of reading and writing a study's folder.

use std::path::PathBuf;

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
    /// Reading a run's state from the device failed.
    #[error(transparent)]
    Training(#[from] training::Error),
}
