//! Errors of commands, and the exit code and advice of every error.

use std::{
    io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull},
    path::PathBuf,
};

use crate::{
    config::{ConfigError, SettingError},
    runner::{self, DeviceError},
    store,
};

/// Error of a command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument is wrong.
    #[error("{0}")]
    Argument(String),
    /// Other processes train some of the runs.
    #[error("another process is training {}", runs.join(", "))]
    Held { runs: Vec<String> },
    /// A study has no finished run.
    #[error("{} has no finished run{}", folder.display(), if *has_begun { " yet" } else { "" })]
    NoResults {
        folder: PathBuf,
        /// Whether a study has been begun in it.
        has_begun: bool,
    },
    /// A folder has runs, but no study.json that says which study they are of.
    #[error("{} has runs, but no study.json", folder.display())]
    NoStudy { folder: PathBuf },
    /// A config is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
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

impl Error {
    /// Returns the program's exit code: 2 where the request was wrong, 1 where the work failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Argument(_) | Self::Config(_) | Self::NoStudy { .. } => 2,
            Self::Held { .. } | Self::NoResults { .. } => 1,
            Self::Runner(error) => exit_code(error),
        }
    }

    /// Returns what to do, where the message does not say so itself.
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Argument(_) | Self::Config(_) => return None,
            Self::Held { .. } => {
                "the other runs are finished; once that process has ended, run the same command again".to_owned()
            }
            Self::NoResults { has_begun: false, .. } => "train first: trainer run".to_owned(),
            Self::NoResults { .. } => {
                "if no process is training its runs, resume them: trainer run".to_owned()
            }
            Self::NoStudy { folder } => format!(
                "to write it, run their config again: trainer run CONFIG --out {}",
                folder.display()
            ),
            Self::Runner(error) => return advice(error),
        })
    }
}

fn exit_code(error: &runner::Error) -> u8 {
    match error {
        runner::Error::Runs { failures } if failures.iter().all(|(_, e)| exit_code(e) == 2) => 2,
        runner::Error::Device(_) | runner::Error::Setting(_) | runner::Error::SourceLost { .. } => {
            2
        }
        // As a shell reports a process that a signal ended.
        runner::Error::Stopped { signal } => 128 + signal,
        _ => 1,
    }
}

/// Returns what to do about an error of the runner, where the message does not say so itself.
pub fn advice(error: &runner::Error) -> Option<String> {
    Some(match error {
        runner::Error::Device(_) => runner::device_advice(),
        runner::Error::SourceLost { found, .. } => format!(
            "make it available, or write data.sources = [\"{found}\"] to train on that instead"
        ),
        runner::Error::Stopped { .. } => "run the same command again to resume".to_owned(),
        runner::Error::Store(store::Error::Write { source, .. }) => {
            let is_full = matches!(source.kind(), FileTooLarge | QuotaExceeded | StorageFull);
            let free = if is_full { "free disk space or " } else { "" };
            format!("{free}choose another folder; finished runs are kept")
        }
        _ => return None,
    })
}
