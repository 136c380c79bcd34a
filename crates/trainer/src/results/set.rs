//! The study's own files while its runs are trained: study.toml, study.json, results.csv and summary.csv.

use std::time::{Duration, Instant};

use super::{Group, Row, export, groups, rows, unfinished};
use crate::store::{
    self, Error, FinishedRun, FinishedRuns, Job, RunFolders, SavedStudy, StudyFolder,
};

/// Minimum time between two writes of results.csv, as a multiple of the duration of the last one.
const REST: u32 = 20;

/// The files of a study while its runs are trained. They belong to the study that was begun last in the folder: once
/// another study is begun, nothing more is written.
#[derive(Debug)]
pub struct ResultSet<'a> {
    saved: &'a SavedStudy,
    folder: &'a StudyFolder,
    finished: FinishedRuns,
    /// Whether results.csv is written while runs finish. Hundreds of processes may train parts of a study.
    is_kept: bool,
    /// Whether runs have finished since the last write.
    is_behind: bool,
    /// Time of the last write, and its duration.
    written: (Instant, Duration),
}

impl<'a> ResultSet<'a> {
    /// Makes this the study of the folder, given its finished runs.
    pub fn begin(
        saved: &'a SavedStudy,
        folder: &'a StudyFolder,
        finished: FinishedRuns,
        is_kept: bool,
    ) -> Result<Self, Error> {
        folder.create()?;
        saved.begin(folder)?;
        let written = (Instant::now(), Duration::ZERO);
        let mut set = Self { saved, folder, finished, is_kept, is_behind: true, written };
        set.update()?;
        Ok(set)
    }

    /// Adds a run that has finished.
    pub fn add(&mut self, job: &Job<'_>, run: FinishedRun) -> Result<(), Error> {
        self.finished.insert(job.id.to_owned(), run);
        self.is_behind = true;
        let (written, took) = self.written;
        if written.elapsed() < took * REST { Ok(()) } else { self.update() }
    }

    /// Writes results.csv if runs have finished since the last write.
    pub fn update(&mut self) -> Result<(), Error> {
        if self.is_kept && self.is_behind {
            let begun = Instant::now();
            self.write(|_, _| Ok(()))?;
            self.written = (Instant::now(), begun.elapsed());
            self.is_behind = false;
        }
        Ok(())
    }

    /// Writes results.csv and what `and_then` writes from the groups of runs and the notes on unfinished runs. Includes
    /// runs that other processes have finished. Returns whether the files still belong to this study.
    pub fn write(
        &mut self,
        and_then: impl FnOnce(&[Group<'_>], Vec<String>) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let _lock = self.folder.lock_set()?;
        let folders = self.folder.runs()?;
        self.add_finished(&folders);
        if self.saved.is_replaced(self.folder) {
            return Ok(false);
        }
        self.saved.write(self.folder)?;
        let rows = self.rows();
        let groups = groups(&rows, self.saved.study.first_variant());
        export::write(self.folder, &rows, &groups)?;
        and_then(&groups, unfinished(self.saved, &self.finished, &folders))?;
        Ok(true)
    }

    /// Returns whether every run of the study is finished, in whichever process.
    pub fn is_complete(&mut self) -> Result<bool, Error> {
        let folders = self.folder.runs()?;
        // The last run is trained last.
        let mut runs = self.saved.runs().rev();
        if !runs.all(|(_, id)| self.finished.contains_key(id) || folders.is_finished(id)) {
            return Ok(false);
        }
        self.add_finished(&folders);
        Ok(self.saved.runs().all(|(_, id)| self.finished.contains_key(id)))
    }

    /// Adds what other processes have finished. A damaged run is found by the process that claims it.
    fn add_finished(&mut self, folders: &RunFolders) {
        self.saved.add_finished(folders, &mut self.finished, store::verify, &|_| {});
    }

    /// Returns whether a run is finished.
    pub fn has(&self, job: &Job<'_>) -> bool {
        self.finished.contains_key(job.id)
    }

    /// Returns the rows of the finished runs.
    pub fn rows(&self) -> Vec<Row> {
        rows(self.saved, &self.finished)
    }
}
