//! Errors of commands, and the exit code and advice of every error.

use std::{
    io::{
        self,
        ErrorKind::{
            AlreadyExists, FileTooLarge, InvalidInput, NotADirectory, NotFound, PermissionDenied,
            QuotaExceeded, ReadOnlyFilesystem, StorageFull, Unsupported,
        },
    },
    path::{Path, PathBuf},
};

use crate::{
    config::{ConfigError, SettingError},
    runner::{self, DeviceError},
    store,
};

/// Errors of too many open files, in the system and in the process.
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;
/// Errors of a disk without locks.
const EBADF: i32 = 9;
const ENOTTY: i32 = 25;
const ENOLCK: i32 = 37;

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
    #[error("{} has no finished run{}", folder.display(), if untrained.is_none() { " yet" } else { "" })]
    NoResults {
        folder: PathBuf,
        /// Argument of `trainer run` that trains it; `None` if it has been begun.
        untrained: Option<String>,
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
            Self::NoResults { untrained: Some(run), .. } => format!("train first: trainer run {run}"),
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
        runner::Error::Store(store::Error::Lock { path, source }) => {
            let is_offered = !matches!(source.kind(), Unsupported | InvalidInput)
                && !matches!(source.raw_os_error(), Some(EBADF | ENOTTY | ENOLCK));
            if is_offered {
                return file_advice(path, source);
            }
            "this disk offers no locks; choose a folder on another disk".to_owned()
        }
        runner::Error::Store(
            store::Error::Write { path, source } | store::Error::Read { path, source },
        ) => return file_advice(path, source),
        _ => return None,
    })
}

/// Returns what to do about a system's error with a path.
fn file_advice(path: &Path, error: &io::Error) -> Option<String> {
    let dangling = path.ancestors().find(|path| path.is_symlink() && !path.exists());
    Some(match error.kind() {
        _ if matches!(error.raw_os_error(), Some(ENFILE | EMFILE)) => {
            "too many files are open; raise the limit: ulimit -n 4096".to_owned()
        }
        FileTooLarge | QuotaExceeded | StorageFull => {
            "free disk space, and run the same command again; finished runs are kept".to_owned()
        }
        PermissionDenied | ReadOnlyFilesystem => {
            "this program has no permission there; choose another folder".to_owned()
        }
        AlreadyExists | NotFound if let Some(link) = dangling => {
            format!("the link {} leads nowhere; remove it or make its target", link.display())
        }
        AlreadyExists | NotADirectory => "a file is in the way; choose another folder".to_owned(),
        NotFound => {
            let folder = path.parent().filter(|folder| !folder.exists())?;
            format!("make the folder first: mkdir -p {}", folder.display())
        }
        _ => return None,
    })
}
