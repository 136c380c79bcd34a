//! Errors of loading and training.

use std::path::PathBuf;

use super::device::DeviceError;
use crate::{config::SettingError, store};

/// Error of loading or training.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The backend cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The data set cannot be loaded.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// The source of the folder's study is not available, but another one is.
    #[error(
        "data.sources: {} was trained on `{expected}`, which is not available; `{found}` does not replace it. Tried: {tried}",
        folder.display()
    )]
    SourceLost {
        folder: PathBuf,
        /// The source of the folder's study.
        expected: String,
        /// The source that was found.
        found: String,
        /// The sources that were tried, each with the reason why it was skipped.
        tried: String,
    },
    /// A setting does not fit the data set or the start weights.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A device does not return its data.
    #[error(transparent)]
    Training(#[from] training::Error),
    /// The program or a driver panicked.
    #[error("internal failure: {0}")]
    Panic(String),
    /// A signal stopped the program.
    #[error("stopped on request; what is trained so far is kept")]
    Stopped { signal: u8 },
    /// The system does not let the program handle signals.
    #[error("cannot install signal handlers")]
    Signals(#[source] std::io::Error),
    /// Some runs failed.
    #[error("{} of the runs failed", failures.len())]
    Runs {
        /// Each with its run's name.
        failures: Vec<(String, Error)>,
    },
}
