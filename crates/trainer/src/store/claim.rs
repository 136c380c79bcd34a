//! Claiming a run: one process trains it, in a folder that holds nothing of another run.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{Error, Job, Lock, Record, RunFolders, StudyFolder, files, folder::FAILURE};
use crate::study::{Inputs, id_of};

/// File name of a run's inputs.
const INPUTS: &str = "inputs.json";

#[derive(Debug, Clone)]
pub struct FinishedRun {
    pub folder: PathBuf,
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
    lock: Lock,
}

/// Outcome of claiming a run.
#[derive(Debug)]
pub enum Claimed<'a> {
    /// This process trains it.
    Ours(Claim<'a>),
    /// Another process is training it.
    Held,
    Finished(Box<FinishedRun>),
}

impl RunFolders {
    /// Returns the runs of some jobs that are finished and undamaged. Verifies the checksums of their files.
    pub fn verified(&self, jobs: &[Job<'_>]) -> FinishedRuns {
        let finished = jobs.iter().filter_map(|job| {
            let run = first_finished(self.get(job.id), |folder| verify(folder, job.id));
            Some((job.id.to_owned(), run.ok()??))
        });
        finished.collect()
    }
}

impl StudyFolder {
    /// Claims a run, of which a listing has shown the folders `known`. Looks again at what they hold, and at the folder
    /// that the lock names as the last one used: another process may have finished the run meanwhile. A damaged run is
    /// moved away, and `warn` gets a message.
    pub fn claim<'a>(
        &'a self,
        job: &'a Job<'a>,
        known: &[PathBuf],
        warn: &dyn Fn(&str),
    ) -> Result<Claimed<'a>, Error> {
        let Some(mut lock) = self.lock_run(job.id)? else { return Ok(Claimed::Held) };
        let own = self.run(&job.run.folder_name(job.id));
        let name = lock.read();
        let is_run = name.ends_with(job.id) && !name.contains(['/', '\\']);
        let last = is_run.then(|| self.run(&name));
        let folders = known.iter().cloned().chain(last).chain([own.clone()]);
        let folders: Vec<PathBuf> =
            folders.filter(|path| path.symlink_metadata().is_ok()).collect();
        if let Ok(Some(run)) = first_finished(&folders, |folder| verify(folder, job.id)) {
            return Ok(Claimed::Finished(Box::new(run)));
        }
        let folder = folders.into_iter().next().unwrap_or(own);
        let mut claim = Claim { folder, study: self, job, lock };
        match verify(&claim.folder, job.id) {
            Ok(_) => claim.prepare()?,
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
        warn(&format!("{run} is damaged: {reason}\n  Moved to {moved}; it is trained again."));
        self.folder = self.study.run(&run.folder_name(self.job.id));
        self.prepare()
    }

    /// Writes the reason why the run failed.
    pub fn fail(&self, reason: &str) -> Result<(), Error> {
        files::write(&self.file(FAILURE), format!("{reason}\n").as_bytes())
    }

    fn prepare(&mut self) -> Result<(), Error> {
        files::make_subfolder(&self.folder)?;
        files::remove_temporary(&self.folder)?;
        files::remove(&self.file(FAILURE))?;
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        self.lock.write(&name)?;
        let inputs = self.file(INPUTS);
        if inputs.exists() {
            return Ok(());
        }
        files::write(&inputs, self.job.inputs.json().as_bytes())
    }
}

/// Returns the first of a run's folders that `read` finds finished, or else the first error.
pub(super) fn first_finished(
    folders: &[PathBuf],
    read: impl Fn(&Path) -> Result<Option<Record>, Error>,
) -> Result<Option<FinishedRun>, Error> {
    let mut outcome = Ok(None);
    for folder in folders {
        match read(folder) {
            Ok(Some(record)) => return Ok(Some(FinishedRun { folder: folder.clone(), record })),
            Err(error) if outcome.is_ok() => outcome = Err(error),
            _ => {}
        }
    }
    outcome
}

/// Reads the record of the run of this id; `None` if it has not finished. Returns an error if its inputs.json or
/// run.json is damaged.
pub(super) fn read(folder: &Path, id: &str) -> Result<Option<Record>, Error> {
    let path = folder.join(INPUTS);
    let damaged = |path, reason: &str| Err(Error::Malformed { path, reason: reason.to_owned() });
    if folder.symlink_metadata().is_ok() && !folder.is_dir() {
        return damaged(folder.to_owned(), "not a folder");
    }
    match (files::read(&path)?, Record::read(folder)?) {
        (Some(inputs), _) if id_of(&inputs) != id => damaged(path, "not the inputs of this run"),
        (None, Some(_)) => damaged(path, "missing"),
        (_, record) => Ok(record),
    }
}

/// Reads a record, checks the inputs beside it, and verifies the checksums of the run's other files.
pub fn verify(folder: &Path, id: &str) -> Result<Option<Record>, Error> {
    let record = read(folder, id)?;
    record.map(|record| record.verify(folder).map(|()| record)).transpose()
}

/// Reads a run's inputs; `None` if they are missing or unreadable.
pub(super) fn read_inputs(folder: &Path) -> Option<Inputs> {
    serde_json::from_slice(&files::read(&folder.join(INPUTS)).ok()??).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        config::Entries,
        store::{DatasetName, SavedStudy},
        study::{InputFiles, Study},
    };

    #[test]
    fn a_run_begun_under_another_name_is_found() {
        let study = |text: &str| {
            let study = Study::read("small", &Entries::parse(text, Path::new("")).unwrap());
            let dataset = DatasetName { name: "small".to_owned(), source: None };
            SavedStudy::new(study.unwrap(), dataset, InputFiles::default())
        };
        let none = study("variants = [\"none\"]");
        let plain = study("variants = [\"plain\"]\nvariant.plain.hidden1.dropout = 0");
        let (none, plain) = (&none.jobs(None)[0], &plain.jobs(None)[0]);
        assert_eq!(none.id, plain.id);
        let output = tempfile::tempdir().unwrap();
        let folder = StudyFolder::new(output.path().to_owned());
        folder.create().unwrap();
        let claim = |job| folder.claim(job, &[], &|message| panic!("{message}")).unwrap();
        let Claimed::Ours(first) = claim(none) else { panic!("it is free") };
        assert!(matches!(claim(plain), Claimed::Held));
        let begun = first.folder.clone();
        drop(first);
        let Claimed::Ours(second) = claim(plain) else { panic!("it is free") };
        assert_eq!(second.folder, begun);
        drop(second);
        // Where that folder is gone, the run gets one of its own name.
        fs::remove_dir_all(&begun).unwrap();
        let Claimed::Ours(third) = claim(plain) else { panic!("it is free") };
        assert_eq!(third.folder, folder.run(&plain.run.folder_name(plain.id)));
    }
}
