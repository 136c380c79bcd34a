//! Why a study's folder cannot be read or written.

use std::path::PathBuf;

/// Why a study's folder cannot be read or written.
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
    /// A file holds something else than it should.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The defect.
        reason: String,
    },
    /// A folder was moved or deleted while it was locked.
    #[error("{} was moved or deleted meanwhile", folder.display())]
    Gone {
        /// The folder.
        folder: PathBuf,
    },
    /// A device does not return a run's state.
    #[error(transparent)]
    Training(#[from] training::Error),
}

impl Error {
    /// Returns what to do, where the message does not say so itself.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Write { .. } => {
                Some("make room or name another place; finished runs are kept".to_owned())
            }
            _ => None,
        }
    }
}
