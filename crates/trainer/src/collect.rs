//! `trainer collect`: brings output folders of one study together that were trained apart.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs,
    path::{Path, PathBuf},
};

use crate::{
    config::Entries,
    error::Error,
    files,
    lock::Lock,
    record::{HISTORY, MODEL, Record},
    results::{self, Mismatch},
    study::{Settings, Study, run_name},
};

/// What says how and where a study is trained, but not what it comes to.
const FREE: [&str; 6] = [
    "data.dir",
    "data.sources",
    "fit.checkpoint_every",
    "fit.weights",
    "jobs",
    "output.tensorboard",
];

/// Copies the finished runs of some folders into one, after all of them have been checked. Gives how many were new.
///
/// # Errors
///
/// When a folder holds no study or another one, a run is damaged, or two results for one run differ.
pub fn collect(output: &Path, folders: &[PathBuf]) -> Result<usize, Error> {
    let mut all = folders.to_vec();
    // What is there already has to belong to the others.
    all.extend(output.join("study.toml").exists().then(|| output.to_owned()));
    let (first, study) = (&all[0], read_study(&all[0])?);
    let mut records: BTreeMap<String, Record> = BTreeMap::new();
    for folder in &all {
        check_study(folder, &read_study(folder)?, first, &study)?;
        for record in Record::read_all(folder)? {
            record.check_files(&record.folder)?;
            check_record(&record, records.values().next())?;
            match records.entry(name(&record)) {
                Entry::Occupied(other) => check_equal(&record, other.get())?,
                Entry::Vacant(place) => drop(place.insert(record)),
            }
        }
    }
    files::make_folder(output)?;
    let _training = Lock::share(output)?;
    files::write(&output.join("study.toml"), study.to_toml().as_bytes())?;
    let mut new = 0;
    for record in records.values() {
        new += usize::from(copy(record, &all, output)?);
    }
    results::write_csv(&study, output)?;
    Ok(new)
}

fn read_study(folder: &Path) -> Result<Study, Error> {
    let path = folder.join("study.toml");
    let text = fs::read_to_string(&path).map_err(|error| {
        Error::Argument(format!("{} is no study's folder: {error}", folder.display()))
    })?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    Ok(Study::read(&name, &Entries::parse(&text, &path)?)?)
}

/// Refuses another study, by the settings that differ.
fn check_study(folder: &Path, study: &Study, first: &Path, expected: &Study) -> Result<(), Error> {
    let settings = |study: &Study| -> Settings {
        study.settings().into_iter().filter(|(key, _)| !FREE.contains(&key.as_str())).collect()
    };
    let differences = results::differences(&settings(study), &settings(expected));
    if differences.is_empty() {
        return Ok(());
    }
    let run = format!("another study than {}", first.display());
    Err(Mismatch { folder: folder.to_owned(), run, differences }.into())
}

/// Refuses a run of other digits, start weights or arithmetic than the first's.
fn check_record(record: &Record, first: Option<&Record>) -> Result<(), Error> {
    let Some(first) = first else { return Ok(()) };
    let of_all = |record: &Record| -> Settings {
        let keys = ["numerics", "fit.weights"];
        let shared = record.settings.iter().filter(|(key, _)| keys.contains(&key.as_str()));
        shared.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let mut differences = results::differences(&of_all(record), &of_all(first));
    if record.dataset_sha256 != first.dataset_sha256 {
        differences.push(format!("its digits are not those of {}", first.folder.display()));
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(Mismatch { folder: record.folder.clone(), run: name(record), differences }.into())
}

/// Refuses two results for one run that differ, but for where and how fast they were had.
fn check_equal(record: &Record, other: &Record) -> Result<(), Error> {
    let (sums, others) = (&record.files_sha256, &other.files_sha256);
    if record.settings == other.settings && sums == others {
        return Ok(());
    }
    let mut differences = results::differences(&record.settings, &other.settings);
    for (file, differs) in
        [(MODEL, sums.model != others.model), (HISTORY, sums.history != others.history)]
    {
        if differs {
            differences.push(format!("its {file} is not that of {}", other.folder.display()));
        }
    }
    Err(Mismatch { folder: record.folder.clone(), run: name(record), differences }.into())
}

/// A run's name, which no other run of its study has.
fn name(record: &Record) -> String {
    run_name(&record.variant, &record.point, record.seed)
}

/// Copies a run's files, its record last, unless the run is there. Gives whether it was not.
fn copy(record: &Record, folders: &[PathBuf], output: &Path) -> Result<bool, Error> {
    let inside = folders.iter().find_map(|folder| record.folder.strip_prefix(folder).ok());
    let Some(inside) = inside else { return Ok(false) };
    let folder = files::make_folder_in(output, inside)?;
    let Some(_lock) = Lock::try_take(&folder)? else {
        return Err(Error::Busy { folder });
    };
    if Record::read(&folder)?.is_some() {
        return Ok(false);
    }
    for file in [MODEL, HISTORY, crate::record::FILE] {
        let path = record.folder.join(file);
        let bytes = fs::read(&path).map_err(|source| Error::Read { path, source })?;
        files::write(&folder.join(file), &bytes)?;
    }
    Ok(true)
}
