//! A study as its folder holds it: study.toml and study.json.

use std::{collections::HashSet, fmt};

use super::{Error, Manifest, RunFolders, StudyFolder, files, manifest};
use crate::{
    config::Entries,
    store::{DatasetName, FinishedRun, FinishedRuns, Record, manifest::ManifestRow},
    study::{InputChecksums, Inputs, NUMERICS_VERSION, Run, Study},
};

/// File name of the resolved config.
const CONFIG: &str = "study.toml";
/// Files of results, which belong to the study in study.json.
const RESULTS: [&str; 3] = ["results.csv", "summary.csv", "report.html"];
/// Files of the old layout that are kept.
const KEPT: [&str; 2] = [CONFIG, "results.csv"];

/// A study with the ids of its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedStudy {
    /// The study. Its `data.sources` name only the source that was found.
    pub study: Study,
    /// Its manifest, with a row for each run of the study.
    pub manifest: Manifest,
}

/// A run of a study with its identity.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The run. It may be one of several with equal inputs.
    pub run: &'a Run,
    /// Its id.
    pub id: &'a str,
    /// Its inputs.
    pub inputs: Inputs,
}

impl fmt::Display for Job<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.run.fmt(formatter)
    }
}

impl SavedStudy {
    /// Identifies the runs of a study.
    pub fn new(study: Study, dataset: DatasetName, checksums: InputChecksums) -> Self {
        let row = |run: &Run| ManifestRow {
            variant: run.variant.name.clone(),
            point: run.point.clone(),
            seed: run.seed,
            run: study.inputs(run, &checksums).id(),
        };
        let rows = study.runs.iter().map(row).collect();
        let name = study.name.clone();
        let manifest = Manifest { name, dataset, checksums, numerics: NUMERICS_VERSION, rows };
        Self { study, manifest }
    }

    /// Reads the study of a folder; `None` if it has none.
    pub fn read(folder: &StudyFolder) -> Result<Option<Self>, Error> {
        let Some(manifest) = Manifest::read(folder)? else { return Ok(None) };
        let malformed = |reason: &str| Error::Malformed {
            path: folder.file(CONFIG),
            reason: format!("{reason}; to write it again, run the study again"),
        };
        let path = folder.file(CONFIG);
        let text = files::read(&path)?.ok_or_else(|| malformed("missing"))?;
        let entries = Entries::parse(&String::from_utf8_lossy(&text), &path)?;
        let study = Study::read(&manifest.name, &entries)?;
        let rows = study.runs.iter().map(|run| (&run.variant.name, &run.point, run.seed));
        if !rows.eq(manifest.rows.iter().map(|row| (&row.variant, &row.point, row.seed))) {
            return Err(malformed("not the study of study.json"));
        }
        Ok(Some(Self { study, manifest }))
    }

    /// Makes this the study of a folder, unless it is already. Results of another study are deleted, files of the old
    /// layout kept as `*.old`.
    pub fn write(&self, folder: &StudyFolder, folders: &RunFolders) -> Result<(), Error> {
        let _lock = folder.lock_set()?;
        // Files that killed processes have left incomplete. They are written under this lock only.
        files::remove_temporary(folder.path())?;
        let is_ours = self.is_current(folder)?;
        if !is_ours {
            if folders.old_layout > 0 && !Manifest::exists(folder) {
                keep_old_files(folder)?;
            }
            files::remove(&folder.file(manifest::FILE))?;
            RESULTS.iter().try_for_each(|file| files::remove(&folder.file(file)))?;
        }
        let (path, text) = (folder.file(CONFIG), self.study.to_toml());
        if files::read(&path)?.as_deref() != Some(text.as_bytes()) {
            files::write(&path, text.as_bytes())?;
        }
        if is_ours {
            Ok(())
        } else {
            files::write_json(&folder.file(manifest::FILE), manifest::FILE, &self.manifest)
        }
    }

    /// Returns whether this is the study that was begun last in a folder.
    pub fn is_current(&self, folder: &StudyFolder) -> Result<bool, Error> {
        // A damaged manifest is replaced.
        let current = Manifest::read(folder);
        Ok(current.ok().flatten().is_some_and(|current| current == self.manifest))
    }

    /// Lists the study's runs, or those at some indices, each with its id.
    pub fn jobs(&self, indices: Option<&[usize]>) -> Vec<Job<'_>> {
        let all: Vec<usize> = (0..self.study.runs.len()).collect();
        let mut seen = HashSet::new();
        let runs = indices.unwrap_or(&all).iter().filter_map(|&index| {
            Some((self.study.runs.get(index)?, self.manifest.rows.get(index)?.run.as_str()))
        });
        runs.filter(|(_, id)| seen.insert(*id))
            .map(|(run, id)| Job {
                run,
                id,
                inputs: self.study.inputs(run, &self.manifest.checksums),
            })
            .collect()
    }

    /// Lists the runs in the order of the table, each with its id.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = (&Run, &str)> {
        self.study.runs.iter().zip(self.manifest.rows.iter().map(|row| row.run.as_str()))
    }

    /// Returns the study's finished runs. Calls `warn` for each record that cannot be read.
    pub fn finished(&self, folders: &RunFolders, warn: &dyn Fn(&str)) -> FinishedRuns {
        let mut finished = FinishedRuns::new();
        self.add_finished(folders, &mut finished, warn);
        finished
    }

    /// Adds the finished runs that are not among `finished` yet. Calls `warn` for each record that cannot be read.
    pub fn add_finished(
        &self,
        folders: &RunFolders,
        finished: &mut FinishedRuns,
        warn: &dyn Fn(&str),
    ) {
        for (_, id) in self.runs() {
            let Some(folder) = folders.get(id).filter(|_| !finished.contains_key(id)) else {
                continue;
            };
            match Record::read(folder) {
                Ok(Some(record)) => {
                    let folder = folder.to_owned();
                    finished.insert(id.to_owned(), FinishedRun { folder, record });
                }
                Ok(None) => {}
                Err(error) => warn(&error.to_string()),
            }
        }
    }
}

/// Renames the files of the old layout, unless that was done before.
fn keep_old_files(folder: &StudyFolder) -> Result<(), Error> {
    for name in KEPT {
        let (path, kept) = (folder.file(name), folder.file(&format!("{name}.old")));
        if path.exists() && !kept.exists() {
            files::rename(&path, &kept)?;
        }
    }
    Ok(())
}
