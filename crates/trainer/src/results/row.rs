//! Rows of the results: the study's runs with their records.

use std::path::PathBuf;

use super::BARELY_TRAINED;
use crate::{
    doubts::Doubts,
    store::{Ending, FinishedRun, FinishedRuns, Record, RunFolders, SavedStudy, record::MODEL},
    study::{Backend, KeyValues, Run},
};

/// A finished run of a study. Rows with equal inputs share a run.
#[derive(Debug, Clone)]
pub struct Row {
    pub run: Run,
    pub dataset: String,
    /// Backend that the study names.
    pub backend: Backend,
    pub folder: PathBuf,
    pub record: Record,
}

impl Row {
    pub fn variant(&self) -> &str {
        &self.run.variant.name
    }

    /// Returns the variant's name for people.
    pub fn label(&self) -> &str {
        self.run.variant.label()
    }

    pub fn point(&self) -> &KeyValues {
        &self.run.point
    }

    /// Returns the name of the run's folder.
    pub fn run_name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns whether some part of the run's images lacks classes that others have.
    pub(crate) fn lacks_classes(&self) -> bool {
        self.record.doubts.as_ref().is_some_and(Doubts::lacks_classes)
    }

    /// Returns the checksum of the final weights.
    pub(crate) fn weights(&self) -> Option<&str> {
        self.record.files.get(MODEL).map(String::as_str)
    }

    /// Returns whether another row has the same variant and point; their seeds may differ.
    pub fn is_beside(&self, other: &Self) -> bool {
        (self.variant(), self.point()) == (other.variant(), other.point())
    }

    /// Returns whether a loss or a weight of the run is not finite.
    pub fn diverged(&self) -> bool {
        self.record.ended == Ending::Diverged
    }

    /// Returns whether the run did not diverge but has a training accuracy below [`BARELY_TRAINED`].
    pub(crate) fn barely_trained(&self) -> bool {
        !self.diverged() && self.record.train.accuracy < BARELY_TRAINED
    }
}

/// Returns a row for each finished run of a study, in its order.
pub fn rows(saved: &SavedStudy, finished: &FinishedRuns) -> Vec<Row> {
    let rows = saved.runs().filter_map(|(run, id)| {
        let FinishedRun { folder, record } = finished.get(id)?.clone();
        let dataset = saved.manifest.dataset.name.clone();
        let backend = saved.study.settings.backend;
        Some(Row { run: run.clone(), dataset, backend, folder, record })
    });
    rows.collect()
}

/// Returns notes on the study's runs that have not finished: their number, and the reason for each failure.
pub fn unfinished(
    saved: &SavedStudy,
    finished: &FinishedRuns,
    folders: &RunFolders,
) -> Vec<String> {
    let runs: Vec<(&Run, &str)> =
        saved.runs().filter(|(_, id)| !finished.contains_key(*id)).collect();
    if runs.is_empty() {
        return Vec::new();
    }
    let count = format!("{} of {} runs have not finished", runs.len(), saved.study.runs.len());
    let failures = runs.iter().filter_map(|(run, id)| {
        let reason = folders.failure(id)?;
        Some(format!("{run} failed: {reason}"))
    });
    std::iter::once(count).chain(failures).collect()
}
