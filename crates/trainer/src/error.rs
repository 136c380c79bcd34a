//! What can go wrong, what the program then returns, and what to tell the user.

use std::path::PathBuf;

use crate::{config::ConfigError, device, device::DeviceError, results::Mismatch};

/// Anything that ends a command early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The config is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The backend is not to be had.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The digits are not to be had.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// The settings do not fit the data.
    #[error("{key}: {reason}")]
    Unfit {
        /// The config key.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// The output folder belongs to another study.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// Output folders are not of one study.
    #[error(transparent)]
    Apart(Mismatch),
    /// An argument that names nothing.
    #[error("{0}")]
    Argument(String),
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Results cannot be put into words of a format.
    #[error("cannot be written as {format}: {reason}")]
    Unwritten {
        /// JSON, CSV, …
        format: &'static str,
        /// Why.
        reason: String,
    },
    /// There are no results yet.
    #[error("{} has no finished run{}", folder.display(), if *begun > 0 { " yet" } else { "" })]
    NoResults {
        /// The output folder.
        folder: PathBuf,
        /// How many runs have begun.
        begun: usize,
    },
    /// A state or weights cannot be saved.
    #[error(transparent)]
    Training(#[from] training::Error),
    /// Something that should not happen did.
    #[error("internal failure: {0}")]
    Panic(String),
    /// A signal asked to end.
    #[error("stopped on request; what is trained so far is kept")]
    Stopped {
        /// The signal's number.
        signal: u8,
    },
    /// The system does not let the program listen to signals.
    #[error("cannot listen to signals")]
    Signals(#[source] std::io::Error),
    /// Others train in a folder that is to be set aside.
    #[error("{} stays as it is: another process is training in it", folder.display())]
    Busy {
        /// The output folder.
        folder: PathBuf,
    },
    /// A folder is no longer the one that was begun in.
    #[error("{} was moved or deleted meanwhile", folder.display())]
    Gone {
        /// Where it was.
        folder: PathBuf,
    },
    /// Other processes train some of the runs.
    #[error("another process is training {}", runs.join(", "))]
    Held {
        /// Their names.
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
    /// The program's exit code: 2 where the request was wrong, 1 where the work failed.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Runs { failures } if failures.iter().all(|(_, error)| error.exit_code() == 2) => {
                2
            }
            Self::Config(_)
            | Self::Device(_)
            | Self::Unfit { .. }
            | Self::Mismatch(_)
            | Self::Apart(_)
            | Self::Argument(_) => 2,
            Self::Data(_)
            | Self::Write { .. }
            | Self::Read { .. }
            | Self::Malformed { .. }
            | Self::NoResults { .. }
            | Self::Unwritten { .. }
            | Self::Training(_)
            | Self::Panic(_)
            | Self::Signals(_)
            | Self::Held { .. }
            | Self::Busy { .. }
            | Self::Gone { .. }
            | Self::Runs { .. } => 1,
            // As a shell reports a process that a signal ended.
            Self::Stopped { signal } => 128 + signal,
        }
    }

    /// What to do about it, where the message does not say so itself.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Device(_) => Some(device::advice()),
            Self::Mismatch(_) => Some(
                "take another folder with --out, the same settings, or --fresh to begin anew"
                    .to_owned(),
            ),
            Self::Apart(_) => Some(
                "collect folders of one study: of the same settings, digits and version of this program"
                    .to_owned(),
            ),
            Self::Write { .. } => Some(
                "make room or name another place; finished runs are kept".to_owned(),
            ),
            Self::Stopped { .. } => Some("the same command goes on from here".to_owned()),
            Self::Held { .. } => Some(
                "the other runs are done; run the same command again once it has ended".to_owned(),
            ),
            Self::NoResults { begun: 0, .. } => Some("train first: trainer run".to_owned()),
            Self::NoResults { begun, .. } => Some(format!(
                "{begun} of its runs have begun; unless they are being trained now, trainer run goes on with them"
            )),
            _ => None,
        }
    }
}
