//! Why a command failed, its exit code, and what to do.

use std::path::PathBuf;

use crate::{
    config::{ConfigError, SettingError},
    runner::{self, DeviceError},
    store,
};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument is wrong.
    #[error("{0}")]
    Argument(String),
    /// Other processes train some of the runs.
    #[error("another process is training {}", runs.join(", "))]
    Held {
        /// The runs' names.
        runs: Vec<String>,
    },
    /// A study has no finished run.
    #[error("{} has no finished run{}", folder.display(), if *has_begun { " yet" } else { "" })]
    NoResults {
        /// The study's folder.
        folder: PathBuf,
        /// Whether a study has been begun in it.
        has_begun: bool,
    },
    /// A folder has runs, but no study.json that says which study they are of.
    #[error("{} has runs, but no study.json", folder.display())]
    NoStudy {
        /// The folder.
        folder: PathBuf,
    },
    /// Loading or training failed.
    #[error(transparent)]
    Runner(#[from] runner::Error),
}

/// Errors of lower modules are errors of the runner too.
macro_rules! from {
    ($($error:ty),+) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Runner(error.into())
            }
        })+
    };
}
from!(DeviceError, SettingError, store::Error, training::Error);

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        store::Error::from(error).into()
    }
}

impl Error {
    /// Returns the program's exit code: 2 where the request was wrong, 1 where the work failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Argument(_) | Self::NoStudy { .. } => 2,
            Self::Held { .. } | Self::NoResults { .. } => 1,
            Self::Runner(error) => error.exit_code(),
        }
    }

    /// Returns what to do, where the message does not say so itself.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Argument(_) => None,
            Self::Held { .. } => Some(
                "the other runs are done; run the same command again once it has ended".to_owned(),
            ),
            Self::NoResults { has_begun: false, .. } => Some("train first: trainer run".to_owned()),
            Self::NoResults { .. } => {
                Some("unless its runs are being trained now, trainer run resumes them".to_owned())
            }
            Self::NoStudy { folder } => Some(format!(
                "to write it, run their config again: trainer run CONFIG --out {}",
                folder.display()
            )),
            Self::Runner(error) => error.advice(),
        }
    }
}
