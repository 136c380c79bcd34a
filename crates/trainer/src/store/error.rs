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
    /// A folder was moved or deleted while it was locked.
    #[error("{} was moved or deleted meanwhile", folder.display())]
    Gone {
        /// The folder.
        folder: PathBuf,
    },
    /// Reading a run's state from the device failed, or a checkpoint is invalid.
    #[error(transparent)]
    Training(#[from] training::Error),
}

impl Error {
    /// Returns a hint for the user, where the message does not already contain one.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Write { .. } => {
                Some("free disk space or choose another folder; finished runs are kept".to_owned())
            }
            _ => None,
        }
    }
}
