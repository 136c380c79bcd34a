//! Why training failed, the exit code, and what to do.

use std::path::PathBuf;

use super::device::{self, DeviceError};
use crate::{
    config::ConfigError,
    report, results,
    store::{self, Mismatch},
    study::SettingError,
};

/// Why a study, or one of its runs, was not trained.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder's study.toml is no study.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The backend cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The data set cannot be loaded.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// A setting does not fit the data set or the start weights.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The folder holds a run of other settings.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The results cannot be written.
    #[error(transparent)]
    Results(#[from] results::Error),
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// A device does not return its data.
    #[error(transparent)]
    Training(#[from] training::Error),
    /// A bug, or a driver, has panicked.
    #[error("internal failure: {0}")]
    Panic(String),
    /// A signal has asked to stop.
    #[error("stopped on request; what is trained so far is kept")]
    Stopped {
        /// The signal's number.
        signal: u8,
    },
    /// The system does not let the program handle signals.
    #[error("cannot listen to signals")]
    Signals(#[source] std::io::Error),
    /// A folder that is to be set aside is no study's.
    #[error("--fresh: {} is no study's folder, so it stays as it is; name another with --out", folder.display())]
    NoStudy {
        /// The folder.
        folder: PathBuf,
    },
    /// Other processes train in a folder that is to be set aside.
    #[error("{} stays as it is: another process is training in it", folder.display())]
    Busy {
        /// The study's folder.
        folder: PathBuf,
    },
    /// Other processes train some of the runs.
    #[error("another process is training {}", runs.join(", "))]
    Held {
        /// The runs' names.
        runs: Vec<String>,
    },
    /// Some runs failed.
    #[error("{} of the runs failed", failures.len())]
    Runs {
        /// Each with its run's name.
        failures: Vec<(String, Error)>,
    },
}

impl Error {
    /// Returns the program's exit code: 2 where the request was wrong, 1 where the work failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Runs { failures } if failures.iter().all(|(_, error)| error.exit_code() == 2) => {
                2
            }
            Self::Config(_)
            | Self::Device(_)
            | Self::Setting(_)
            | Self::Mismatch(_)
            | Self::NoStudy { .. } => 2,
            Self::Data(_)
            | Self::Store(_)
            | Self::Results(_)
            | Self::Report(_)
            | Self::Training(_)
            | Self::Panic(_)
            | Self::Signals(_)
            | Self::Busy { .. }
            | Self::Held { .. }
            | Self::Runs { .. } => 1,
            // As a shell reports a process that a signal ended.
            Self::Stopped { signal } => 128 + signal,
        }
    }

    /// Returns what to do, where the message does not say so itself.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Device(_) => Some(device::advice()),
            Self::Mismatch(_) => Some(
                "take another folder with --out, the same settings, or --fresh to start anew"
                    .to_owned(),
            ),
            Self::Store(error)
            | Self::Results(results::Error::Store(error))
            | Self::Report(report::Error::Store(error)) => error.advice(),
            Self::Stopped { .. } => Some("the same command resumes from here".to_owned()),
            Self::Held { .. } => Some(
                "the other runs are done; run the same command again once it has ended".to_owned(),
            ),
            _ => None,
        }
    }
}
