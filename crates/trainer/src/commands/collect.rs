//! `trainer collect`: merges output folders of one study that were trained apart.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, btree_map::Entry},
    fs,
    path::{Path, PathBuf},
};

use clap::Args;

use super::Error;
use crate::{
    results,
    runner::{STUDY, resume, tensorboard},
    store::{
        self, Mismatch, differences, files,
        lock::Lock,
        record::{self, HISTORY, MODEL, Record},
    },
    study::{KeyValues, NOT_INPUTS, Run, Study, WEIGHTS, run_folder, run_name},
};

/// Arguments of `trainer collect`.
#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// Folder to merge into
    out: PathBuf,
    /// Folders to merge
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
}

impl Collect {
    /// Collects the runs; returns how many were new.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let new = collect(&self.out, &self.folders)?;
        let (runs, are) = if new == 1 { ("run", "is") } else { ("runs", "are") };
        Ok(format!("{new} new {runs} {are} in {}\n", self.out.display()))
    }
}

/// Copies the finished runs of folders into one, after checking all. Of several results for a run, the one with the
/// most epochs is taken. Returns the number of new runs.
fn collect(output: &Path, folders: &[PathBuf]) -> Result<usize, Error> {
    let mut all = folders.to_vec();
    // Runs that the folder holds already are checked too.
    all.extend(output.join(STUDY).exists().then(|| output.to_owned()));
    let (first, study) = (&all[0], read_study(&all[0])?);
    let records = checked_records(&study, first, &all)?;
    files::make_folder(output)?;
    let _training = Lock::share(output)?;
    files::write(&output.join(STUDY), study.to_toml().as_bytes())?;
    let mut new = 0;
    for record in records.values() {
        new += usize::from(copy(record, output)?);
    }
    let _lock = Lock::take(output)?;
    results::write(&study, output, &results::read(&study, output)?)?;
    Ok(new)
}

fn read_study(folder: &Path) -> Result<Study, Error> {
    let missing = || Error::Argument(format!("{} is no study's folder", folder.display()));
    resume::read_study(folder)?.ok_or_else(missing)
}

/// Returns the records of all folders, one for each run, by name.
fn checked_records(
    study: &Study,
    first: &Path,
    folders: &[PathBuf],
) -> Result<BTreeMap<String, Record>, Error> {
    let runs: HashMap<String, &Run> = study.runs.iter().map(|run| (run.to_string(), run)).collect();
    let mut records: BTreeMap<String, Record> = BTreeMap::new();
    for folder in folders {
        check_study(folder, &read_study(folder)?, first, study)?;
        for record in Record::read_all(folder)? {
            record.check_files(&record.folder)?;
            let name = run_name(&record.variant, &record.point, record.seed);
            resume::check_record(study, runs.get(&name).copied(), &record, folder)?;
            check_sums(&record, records.values().next())?;
            match records.entry(name) {
                Entry::Vacant(place) => drop(place.insert(record)),
                Entry::Occupied(mut other) => {
                    match record.asked_epochs().cmp(&other.get().asked_epochs()) {
                        Ordering::Greater => drop(other.insert(record)),
                        Ordering::Equal => check_equal(&record, other.get())?,
                        Ordering::Less => {}
                    }
                }
            }
        }
    }
    Ok(records)
}

/// Returns an error if a folder's study has other settings.
fn check_study(
    folder: &Path,
    study: &Study,
    first: &Path,
    expected: &Study,
) -> Result<(), Mismatch> {
    let settings = |study: &Study| -> KeyValues {
        let free = |key: &str| key == "jobs" || NOT_INPUTS.contains(&key);
        study.key_values().into_iter().filter(|(key, _)| !free(key)).collect()
    };
    let differences = differences(&settings(study), &settings(expected));
    if differences.is_empty() {
        return Ok(());
    }
    let run = format!("another study than {}", first.display());
    Err(Mismatch { folder: folder.to_owned(), run, differences })
}

/// Returns an error if a run has another data set or other start weights than the first.
fn check_sums(record: &Record, first: Option<&Record>) -> Result<(), Mismatch> {
    let Some(first) = first else { return Ok(()) };
    let there = format!("those of {}", first.folder.display());
    let mut differences = Vec::new();
    if record.dataset_sha256 != first.dataset_sha256 {
        differences.push(format!("its digits are not {there}"));
    }
    if record.setting(WEIGHTS) != first.setting(WEIGHTS) {
        differences.push(format!("its start weights are not {there}"));
    }
    mismatch(record, differences)
}

/// Returns an error if two results for a run differ in more than time and machine.
fn check_equal(record: &Record, other: &Record) -> Result<(), Mismatch> {
    let (sums, others) = (&record.files_sha256, &other.files_sha256);
    let files = [(MODEL, &sums.model, &others.model), (HISTORY, &sums.history, &others.history)];
    let differing = files.iter().filter(|(_, sum, other)| sum != other);
    let mut told: Vec<String> = differing
        .map(|(file, ..)| format!("its {file} is not that of {}", other.folder.display()))
        .collect();
    let scores = |record: &Record| {
        [record.acc_train, record.acc_test, record.loss_train, record.loss_test].map(f64::to_bits)
    };
    if scores(record) != scores(other) {
        told.push(format!("its scores are not those of {}", other.folder.display()));
    }
    mismatch(record, told)
}

fn mismatch(record: &Record, differences: Vec<String>) -> Result<(), Mismatch> {
    if differences.is_empty() {
        return Ok(());
    }
    let run = run_name(&record.variant, &record.point, record.seed);
    Err(Mismatch { folder: record.folder.clone(), run, differences })
}

/// Copies a run's files, its record last, unless the folder has the run with as many epochs. Returns whether it
/// copied.
fn copy(record: &Record, output: &Path) -> Result<bool, Error> {
    let inside = run_folder(&record.variant, &record.point, record.seed);
    let folder = files::make_folder_in(output, &inside)?;
    let Some(_lock) = Lock::try_take(&folder)? else {
        return Err(Error::Busy { folder });
    };
    if Record::read(&folder)?.is_some_and(|there| there.asked_epochs() >= record.asked_epochs()) {
        return Ok(false);
    }
    // Without a record the run counts as unfinished, not as damaged, if copying is interrupted.
    files::remove(&folder.join(record::FILE))?;
    let mut names = vec![MODEL.into(), HISTORY.into()];
    names.extend(tensorboard::event_files(&record.folder)?);
    names.push(record::FILE.into());
    for name in names {
        let path = record.folder.join(&name);
        let bytes = fs::read(&path).map_err(|source| store::Error::Read { path, source })?;
        files::write(&folder.join(&name), &bytes)?;
    }
    Ok(true)
}
