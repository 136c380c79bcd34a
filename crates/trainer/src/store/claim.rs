//! Claiming a run: one process trains it, in a folder that holds nothing of another run.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{Error, Job, Lock, Record, RunFolders, StudyFolder, files};

/// File name of a run's inputs.
const INPUTS: &str = "inputs.json";

/// A finished run.
#[derive(Debug, Clone)]
pub struct FinishedRun {
    /// The run's folder.
    pub folder: PathBuf,
    /// The run's record.
    pub record: Record,
}

/// Finished runs by id.
pub type FinishedRuns = HashMap<String, FinishedRun>;

/// A run that this process trains. Dropping it releases the run's lock.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The run's folder, which exists and holds its inputs.json.
    pub folder: PathBuf,
    study: &'a StudyFolder,
    job: &'a Job<'a>,
    _lock: Lock,
}

/// Outcome of claiming a run.
#[derive(Debug)]
pub enum Claimed<'a> {
    /// This process trains it.
    Ours(Claim<'a>),
    /// Another process is training it.
    Held,
    /// It is finished.
    Finished(FinishedRun),
}

impl StudyFolder {
    /// Returns those of some runs that are finished and undamaged. Verifies their files.
    pub fn verified(&self, folders: &RunFolders, jobs: &[Job<'_>]) -> FinishedRuns {
        let finished = jobs.iter().filter_map(|job| {
            let folder = folders.get(job.id)?;
            let record = examine(folder, job).ok()??;
            Some((job.id.to_owned(), FinishedRun { folder: folder.to_owned(), record }))
        });
        finished.collect()
    }

    /// Claims a run, whose folder is `known` from a listing, if there was one. Looks again at what it holds: another
    /// process may have finished it meanwhile. A damaged run is moved away, and `warn` gets a message.
    pub fn claim<'a>(
        &'a self,
        job: &'a Job<'a>,
        known: Option<&Path>,
        warn: &dyn Fn(&str),
    ) -> Result<Claimed<'a>, Error> {
        let Some(lock) = self.lock_run(job.id)? else { return Ok(Claimed::Held) };
        let known = known.filter(|folder| folder.is_dir()).map(Path::to_owned);
        let folder = known.unwrap_or_else(|| self.run(&job.run.folder_name(job.id)));
        let mut claim = Claim { folder, study: self, job, _lock: lock };
        match examine(&claim.folder, job) {
            Ok(Some(record)) => {
                return Ok(Claimed::Finished(FinishedRun { folder: claim.folder, record }));
            }
            Ok(None) => claim.prepare()?,
            Err(damage) => claim.set_aside(&damage.to_string(), warn)?,
        }
        Ok(Claimed::Ours(claim))
    }
}

impl Claim<'_> {
    /// Returns the path of one of the run's files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Moves what the folder holds to the damaged runs, and starts a new one.
    pub fn set_aside(&mut self, reason: &str, warn: &dyn Fn(&str)) -> Result<(), Error> {
        let moved = self.study.set_aside(&self.folder)?;
        let (run, moved) = (self.job.run, moved.display());
        warn(&format!("{run} is damaged: {reason}\n  It is now {moved}, and is trained again."));
        self.folder = self.study.run(&run.folder_name(self.job.id));
        self.prepare()
    }

    fn prepare(&self) -> Result<(), Error> {
        files::make_subfolder(&self.folder)?;
        files::remove_temporary(&self.folder)?;
        let inputs = self.file(INPUTS);
        if inputs.exists() {
            return Ok(());
        }
        files::write(&inputs, self.job.inputs.json().as_bytes())
    }
}

/// Reads the record in a run's folder; `None` if the run has not finished. Returns an error if a file is damaged.
fn examine(folder: &Path, job: &Job<'_>) -> Result<Option<Record>, Error> {
    let inputs = files::read(&folder.join(INPUTS))?;
    let record = Record::read(folder)?;
    let damaged = |reason: &str| {
        Err(Error::Malformed { path: folder.join(INPUTS), reason: reason.to_owned() })
    };
    match (inputs, &record) {
        (Some(inputs), _) if inputs != job.inputs.json().as_bytes() => {
            damaged("not the inputs of this run")
        }
        (None, Some(_)) => damaged("missing"),
        (_, None) => Ok(None),
        (_, Some(found)) => found.verify(folder).map(|()| record),
    }
}

/// Reads a run's inputs; `None` if they are missing or unreadable.
pub(super) fn read_inputs(folder: &Path) -> Option<crate::study::Inputs> {
    serde_json::from_slice(&files::read(&folder.join(INPUTS)).ok()??).ok()
}
