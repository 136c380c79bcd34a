//! Checks of what a study's folder holds: whether it belongs to the study, and which runs are left to train.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use super::{Error, STUDY, run::Plan};
use crate::{
    config::Entries,
    store::{
        Mismatch,
        checkpoint::{self, Header},
        differences, files,
        record::{self, Record},
    },
    study::{EPOCHS, KeyValues, Run, Study, WEIGHTS, run_name},
};

/// File with the checksums of the data set and the start weights used in a folder.
const INPUTS: &str = ".inputs";

/// Returns whether a run is finished according to its record.
pub fn is_finished(study: &Study, run: &Run, output: &Path) -> Result<bool, Error> {
    let Some(record) = Record::read(&output.join(run.folder()))? else { return Ok(false) };
    check_record(study, Some(run), &record, output)?;
    Ok(record.is_finished(run.fit.epochs))
}

/// Returns an error if a record has other settings than a run of the study, or than a run outside the study may have.
/// Does not compare data sets and start weights.
pub fn check_record(
    study: &Study,
    run: Option<&Run>,
    record: &Record,
    output: &Path,
) -> Result<(), Mismatch> {
    let found = Found::record(record);
    let goes_on = run.is_some_and(|run| record.goes_on(run.fit.epochs));
    let mut here = expected(study, run, &found, goes_on);
    take_over(WEIGHTS, found.settings, &mut here);
    refuse(output, found.name(), differences(found.settings, &here))
}

/// Returns the settings that a run in the folder has to have, without start weights. One that `goes_on` may have
/// another number of epochs.
fn expected(study: &Study, run: Option<&Run>, found: &Found<'_>, goes_on: bool) -> KeyValues {
    let Some(run) = run else {
        return study.settings_beside(found.variant, found.point, found.settings);
    };
    let mut settings = study.run_settings(run);
    if goes_on {
        take_over(EPOCHS, found.settings, &mut settings);
    }
    settings
}

/// Returns an error if there are differences.
fn refuse(output: &Path, run: String, differences: Vec<String>) -> Result<(), Mismatch> {
    if differences.is_empty() {
        return Ok(());
    }
    Err(Mismatch { folder: output.to_owned(), run, differences })
}

/// Returns whether every run of a study is finished. Starts with the last, which is trained last.
pub fn is_complete(study: &Study, output: &Path) -> Result<bool, Error> {
    for run in study.runs.iter().rev() {
        if !is_finished(study, run, output)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads a folder's study.toml; `None` if there is none.
pub fn read_study(folder: &Path) -> Result<Option<Study>, Error> {
    let path = folder.join(STUDY);
    let Some(bytes) = files::read(&path)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    Ok(Some(Study::read(&name, &Entries::parse(&text, &path)?)?))
}

/// Copies a setting, if it is set.
fn take_over(key: &str, there: &KeyValues, here: &mut KeyValues) {
    if let Some(value) = there.get(key) {
        here.insert(key.to_owned(), value.clone());
    }
}

/// Identity of a run according to its record or checkpoint.
struct Found<'a> {
    variant: &'a str,
    seed: u64,
    point: &'a KeyValues,
    settings: &'a KeyValues,
    sha256: &'a str,
}

impl<'a> Found<'a> {
    fn record(record: &'a Record) -> Self {
        let Record { variant, seed, point, settings, dataset_sha256: sha256, .. } = record;
        Self { variant, seed: *seed, point, settings, sha256 }
    }

    fn header(header: &'a Header) -> Self {
        let Header { variant, seed, point, settings, dataset_sha256: sha256, .. } = header;
        Self { variant, seed: *seed, point, settings, sha256 }
    }

    fn name(&self) -> String {
        run_name(self.variant, self.point, self.seed)
    }
}

impl Plan<'_> {
    /// Lists the runs that are not finished. Returns an error if a run in the folder has other settings.
    pub(crate) fn unfinished(&self, output: &Path) -> Result<Vec<Run>, Error> {
        let runs = self.study.runs.iter().map(|run| (output.join(run.folder()), run));
        let runs: HashMap<PathBuf, &Run> = runs.collect();
        let mut finished = HashSet::new();
        for folder in record::run_folders(output)? {
            let run = runs.get(&folder).copied();
            if run.is_none()
                && Record::read(&folder)?.is_some_and(|record| !record.is_in_place(output))
            {
                // A copied or renamed folder is ignored.
                continue;
            }
            if self.check_run(output, &folder, run)? {
                finished.insert(folder);
            }
        }
        let is_left = |run: &&Run| !finished.contains(&output.join(run.folder()));
        Ok(self.study.runs.iter().filter(is_left).cloned().collect())
    }

    /// Lists those of the given runs that are not finished. Of all other runs in the folder, only one is checked.
    pub(crate) fn unfinished_of(&self, runs: &[Run], output: &Path) -> Result<Vec<Run>, Error> {
        self.check_any(output)?;
        let mut left = Vec::new();
        for run in runs {
            if !self.check_run(output, &output.join(run.folder()), Some(run))? {
                left.push(run.clone());
            }
        }
        Ok(left)
    }

    /// Returns an error if other processes train in the folder with another data set or other start weights.
    pub(crate) fn check_inputs(&self, output: &Path) -> Result<(), Error> {
        let there = files::read(&output.join(INPUTS))?;
        let differs = there.is_some_and(|there| there != self.inputs().as_bytes());
        let difference = differs.then(|| "their digits or start weights are others".to_owned());
        Ok(refuse(output, "runs under way".to_owned(), Vec::from_iter(difference))?)
    }

    /// Writes the checksums of the data set and the start weights, for processes that start before a run has files.
    pub(crate) fn write_inputs(&self, output: &Path) -> Result<(), Error> {
        Ok(files::write(&output.join(INPUTS), self.inputs().as_bytes())?)
    }

    fn inputs(&self) -> String {
        let start = self.start.map_or("none", |start| &start.sha256);
        format!("digits {}\nstart weights {start}\n", self.splits.sha256)
    }

    /// Returns an error if one of the folder's runs has other settings.
    fn check_any(&self, output: &Path) -> Result<(), Error> {
        let Some(folder) = record::any_run(output)? else { return Ok(()) };
        let run = self.study.runs.iter().find(|run| output.join(run.folder()) == folder);
        self.check_run(output, &folder, run).map(drop)
    }

    /// Returns an error if the folder's study.toml gives its runs other settings. Their epochs may be fewer, unless
    /// they are `under_way`.
    pub(crate) fn check_study(&self, output: &Path, under_way: bool) -> Result<(), Error> {
        let study = self.study;
        let Some(there) = read_study(output)? else { return Ok(()) };
        for run in study.variants.iter().filter_map(|variant| study.first_run_of(&variant.name)) {
            let mut here = study.run_settings(run);
            let settings = there.settings_beside(&run.variant.name, &run.point, &here);
            if !under_way && there.settings.fit.epochs < run.fit.epochs {
                take_over(EPOCHS, &settings, &mut here);
            }
            refuse(output, "a study".to_owned(), differences(&settings, &here))?;
        }
        Ok(())
    }

    /// Returns whether the run in a folder is finished. Returns an error if it has other settings or is damaged.
    pub(crate) fn check_run(
        &self,
        output: &Path,
        folder: &Path,
        run: Option<&Run>,
    ) -> Result<bool, Error> {
        let epochs = run.map_or(self.study.settings.fit.epochs, |run| run.fit.epochs);
        let record = Record::read(folder)?;
        if let Some(record) = &record {
            self.check_same(output, run, &Found::record(record), record.goes_on(epochs))?;
        }
        let record = record.filter(|record| record.is_finished(epochs));
        if let Some(record) = &record {
            record.check_files(folder)?;
        } else if let Some((header, checkpoint)) = checkpoint::read(folder)? {
            let goes_on = checkpoint.epochs() <= epochs;
            self.check_same(output, run, &Found::header(&header), goes_on)?;
        }
        Ok(record.is_some())
    }

    /// Returns an error if a run has other settings or another data set. One of this study that `goes_on` may have
    /// another number of epochs.
    fn check_same(
        &self,
        output: &Path,
        run: Option<&Run>,
        there: &Found<'_>,
        goes_on: bool,
    ) -> Result<(), Mismatch> {
        let name = there.name();
        let here = self.with_start(expected(self.study, run, there, goes_on));
        let mut differences = differences(there.settings, &here);
        if let Some(run) = run.filter(|run| run.to_string() != name) {
            differences.push(format!("it lies in the folder of {run}"));
        }
        if there.sha256 != self.splits.sha256 {
            differences.push(format!("the data set there is another than `{}`", self.splits.name));
        }
        refuse(output, name, differences)
    }
}
