//! A study's folder: its runs, each under an id that its inputs give, and the files that describe the study.

pub mod checkpoint;
mod claim;
pub mod files;
mod folder;
mod lock;
pub mod predictions;
pub mod record;
mod saved_study;
pub mod tables;

use std::path::PathBuf;

pub use self::{
    claim::{Claim, Claimed, FinishedRun, FinishedRuns, verify},
    folder::{RunFolders, Siblings, StudyFolder, display_name},
    lock::Lock,
    predictions::{CalibrationBin, SavedPredictions},
    record::{Ending, Evaluated, Record},
    saved_study::{DatasetName, Job, Manifest, SavedStudy},
    tables::EpochTable,
};

/// Error of reading or writing a study's folder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot lock {}", path.display())]
    Lock { path: PathBuf, source: std::io::Error },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// A file has unexpected contents, or is missing.
    #[error("{}: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("cannot write {what}: {reason}")]
    Serialize { what: &'static str, reason: String },
    #[error(transparent)]
    Training(#[from] training::Error),
}
