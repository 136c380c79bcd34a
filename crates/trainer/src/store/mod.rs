//! A study's folder: its runs, each under an id that its inputs give, and the files that describe the study.

pub mod calibration;
pub mod changed_labels;
pub mod checkpoint;
mod claim;
mod error;
pub mod failure;
pub mod files;
mod folder;
pub mod history;
mod lock;
mod manifest;
pub mod metrics;
pub mod predictions;
pub mod record;
mod saved_study;
mod siblings;

pub use self::{
    calibration::CalibrationBin,
    claim::{Claim, Claimed, FinishedRun, FinishedRuns, verify},
    error::Error,
    folder::{RunFolders, StudyFolder, display_name},
    history::FILE as HISTORY,
    lock::Lock,
    manifest::{DatasetName, Manifest},
    metrics::Recordings,
    predictions::{FILE as PREDICTIONS, Predictions},
    record::{Ending, Evaluated, MODEL, Record},
    saved_study::{Job, SavedStudy},
    siblings::Siblings,
};
