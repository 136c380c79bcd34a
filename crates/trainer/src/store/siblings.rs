//! Siblings of a run: runs whose inputs differ from its own only by the number of epochs.

use std::{
    cmp::Reverse,
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use super::{Claim, FinishedRun, Job, Record, RunFolders, claim};
use crate::study::Inputs;

/// A run's number of epochs, id and folder.
type Sibling = (u64, String, PathBuf);

/// Runs by their inputs other than epochs.
type Index = HashMap<String, Vec<Sibling>>;

/// Runs of a study's folder, to find the siblings of one.
#[derive(Debug)]
pub struct Siblings<'a> {
    /// Listed folders, `None` once their inputs are in the index, and the index.
    index: Mutex<(Option<&'a RunFolders>, Index)>,
}

impl<'a> Siblings<'a> {
    /// Prepares a search. The runs' inputs are read when it is first needed.
    pub fn new(folders: &'a RunFolders) -> Self {
        Self { index: Mutex::new((Some(folders), Index::new())) }
    }

    /// Adds a run that this process has trained.
    pub fn add(&self, job: &Job<'_>, claim: &Claim<'_>) {
        let (_, index) = &mut *self.index.lock().unwrap_or_else(PoisonError::into_inner);
        add(index, job.inputs.clone(), job.id, claim.folder.clone());
    }

    /// Returns the finished and undamaged siblings of a run with fewer epochs, those with most epochs first, each with
    /// its id.
    pub fn of(&self, job: &Job<'_>) -> impl Iterator<Item = (String, FinishedRun)> + use<> {
        let (folders, index) = &mut *self.index.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, folder) in folders.take().into_iter().flat_map(RunFolders::iter) {
            if let Some(inputs) = claim::read_inputs(folder).filter(|inputs| inputs.id() == id) {
                add(index, inputs, id, folder.to_owned());
            }
        }
        let (epochs, others) = job.inputs.clone().split_epochs();
        let all = index.get(&others.json()).into_iter().flatten();
        let mut siblings: Vec<Sibling> = all.filter(|one| one.0 < epochs).cloned().collect();
        siblings.sort_by_key(|one| Reverse(one.0));
        siblings.into_iter().filter_map(|(_, id, folder)| {
            let record = Record::read(&folder).ok().flatten()?;
            record.read_files(&folder).ok()?;
            Some((id, FinishedRun { folder, record }))
        })
    }
}

fn add(index: &mut Index, inputs: Inputs, id: &str, folder: PathBuf) {
    let (epochs, others) = inputs.split_epochs();
    index.entry(others.json()).or_default().push((epochs, id.to_owned(), folder));
}
