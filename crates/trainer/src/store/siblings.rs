//! Siblings of a run: finished runs whose inputs differ from its own only by the number of epochs.

use std::{collections::HashMap, path::PathBuf};

use super::{Claim, FinishedRun, Job, Record, RunFolders, claim};

/// A run's number of epochs, id and folder.
type Sibling = (u64, String, PathBuf);

/// Runs of a study's folder by their inputs other than epochs.
#[derive(Debug, Default)]
pub struct Siblings(HashMap<String, Vec<Sibling>>);

impl Siblings {
    /// Reads the inputs of all runs.
    pub fn read(folders: &RunFolders) -> Self {
        let mut siblings = Self::default();
        for (id, folder) in folders.iter() {
            if let Some(inputs) = claim::read_inputs(folder).filter(|inputs| inputs.id() == id) {
                let (epochs, others) = inputs.split_epochs();
                let sibling = (epochs, id.to_owned(), folder.to_owned());
                siblings.0.entry(others.json()).or_default().push(sibling);
            }
        }
        siblings
    }

    /// Adds a run that this process has trained.
    pub fn add(&mut self, job: &Job<'_>, claim: &Claim<'_>) {
        let (epochs, others) = job.inputs.clone().split_epochs();
        let sibling = (epochs, job.id.to_owned(), claim.folder.clone());
        self.0.entry(others.json()).or_default().push(sibling);
    }

    /// Returns the finished and undamaged siblings of a run with fewer epochs, those with most epochs first, each with
    /// its id.
    pub fn of(&self, job: &Job<'_>) -> impl Iterator<Item = (String, FinishedRun)> + use<> {
        let (epochs, others) = job.inputs.clone().split_epochs();
        let all = self.0.get(&others.json()).into_iter().flatten();
        let mut siblings: Vec<Sibling> = all.filter(|one| one.0 < epochs).cloned().collect();
        siblings.sort_by_key(|one| std::cmp::Reverse(one.0));
        siblings.into_iter().filter_map(|(_, id, folder)| {
            let record = Record::read(&folder).ok().flatten()?;
            record.verify(&folder).ok()?;
            Some((id, FinishedRun { folder, record }))
        })
    }
}
