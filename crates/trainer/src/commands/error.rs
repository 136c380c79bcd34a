//! Why a command failed, its exit code, and what to do.

use std::path::PathBuf;

use crate::{
    config::ConfigError,
    report, results,
    runner::{self, DeviceError},
    store::{self, Mismatch},
    study::SettingError,
};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The config is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A setting does not fit the data set.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An argument is wrong.
    #[error("{0}")]
    Argument(String),
    /// Folders that were to be collected are not of one study.
    #[error(transparent)]
    Apart(#[from] Mismatch),
    /// Another process trains in a folder.
    #[error("another process is training in {}", folder.display())]
    Busy {
        /// The run's folder.
        folder: PathBuf,
    },
    /// An output has no form in a format.
    #[error("cannot be written as {format}: {reason}")]
    Unwritten {
        /// JSON or PNG.
        format: &'static str,
        /// The format's error.
        reason: String,
    },
    /// A study has no finished run.
    #[error("{} has no finished run{}", folder.display(), if *begun > 0 { " yet" } else { "" })]
    NoResults {
        /// The study's folder.
        folder: PathBuf,
        /// The number of runs that have begun.
        begun: usize,
    },
    /// The backend cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Training failed.
    #[error(transparent)]
    Runner(#[from] runner::Error),
    /// The study's folder cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The results cannot be read or written.
    #[error(transparent)]
    Results(#[from] results::Error),
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// A saved model cannot be used.
    #[error(transparent)]
    Training(#[from] training::Error),
}

impl Error {
    /// Returns the program's exit code: 2 where the request was wrong, 1 where the work failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_)
            | Self::Setting(_)
            | Self::Argument(_)
            | Self::Apart(_)
            | Self::Device(_) => 2,
            Self::Runner(error) => error.exit_code(),
            Self::Busy { .. }
            | Self::NoResults { .. }
            | Self::Unwritten { .. }
            | Self::Store(_)
            | Self::Results(_)
            | Self::Report(_)
            | Self::Training(_) => 1,
        }
    }

    /// Returns what to do, where the message does not say so itself.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Apart(_) => Some(
                "collect folders of one study: of the same settings, data set and version of this program"
                    .to_owned(),
            ),
            Self::NoResults { begun: 0, .. } => Some("train first: trainer run".to_owned()),
            Self::NoResults { begun, .. } => Some(format!(
                "{begun} of its runs have begun; unless they are being trained now, trainer run resumes them"
            )),
            Self::Device(_) => Some(runner::device_advice()),
            Self::Runner(error) => error.advice(),
            Self::Store(error)
            | Self::Results(results::Error::Store(error))
            | Self::Report(report::Error::Store(error)) => error.advice(),
            _ => None,
        }
    }
}
