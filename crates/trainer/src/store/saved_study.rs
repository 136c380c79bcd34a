//! A study as its folder holds it: study.toml, its resolved config, and study.json, its manifest.

use std::{collections::HashSet, fmt, path::Path};

use data::MAX_CLASSES;
use serde::{Deserialize, Serialize};

use super::{Error, FinishedRuns, Record, RunFolders, StudyFolder, claim, files};
use crate::{
    config::Entries,
    study::{InputFiles, Inputs, KeyValues, NUMERICS_VERSION, Run, Study},
};

/// File name of the resolved config.
const CONFIG: &str = "study.toml";
/// File name of the manifest.
const MANIFEST: &str = "study.json";
/// Files of results, which belong to the study in study.json.
const RESULTS: [&str; 3] = ["results.csv", "summary.csv", "report.html"];

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
    pub id: &'a str,
    pub inputs: Inputs,
}

impl fmt::Display for Job<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.run.fmt(formatter)
    }
}

impl SavedStudy {
    /// Identifies the runs of a study.
    pub fn new(study: Study, dataset: DatasetName, files: InputFiles) -> Self {
        let of_runs = study.runs.iter().map(|run| ManifestRow {
            variant: run.variant.name.clone(),
            point: run.point.clone(),
            seed: run.seed,
            run: study.inputs(run, &files).id(),
        });
        let rows = of_runs.collect();
        let name = study.name.clone();
        let manifest = Manifest { name, dataset, files, numerics: NUMERICS_VERSION, rows };
        Self { study, manifest }
    }

    /// Reads the study of a folder; `None` if it has none. Blocks while another process writes its files.
    pub fn read(folder: &StudyFolder) -> Result<Option<Self>, Error> {
        let _lock = folder.share_set();
        Self::read_locked(folder)
    }

    /// Reads the study of a folder, whose own files this process has locked.
    pub fn read_locked(folder: &StudyFolder) -> Result<Option<Self>, Error> {
        let Some(manifest) = Manifest::read(folder)? else { return Ok(None) };
        let path = folder.file(CONFIG);
        let parse = || {
            let text = files::read(&path).map_err(|error| error.to_string())?.ok_or("missing")?;
            let text = String::from_utf8_lossy(&text);
            let entries = Entries::parse(&text, &path).map_err(|error| error.to_string())?;
            let study = Study::read(&manifest.name, &entries).map_err(|error| error.to_string())?;
            let rows = study.runs.iter().map(|run| (&run.variant.name, &run.point, run.seed));
            if rows.eq(manifest.rows.iter().map(|row| (&row.variant, &row.point, row.seed))) {
                Ok(study)
            } else {
                Err("differs from study.json".to_owned())
            }
        };
        match parse() {
            Ok(study) => Ok(Some(Self { study, manifest })),
            Err(reason) => {
                let reason = format!("{reason}; to write it again, run the study again");
                Err(Error::Malformed { path: folder.file(CONFIG), reason })
            }
        }
    }

    /// Makes this the study of a folder.
    pub fn begin(&self, folder: &StudyFolder) -> Result<(), Error> {
        let _lock = folder.lock_set()?;
        // Files that killed processes have left incomplete. They are written under this lock only.
        files::remove_temporary(folder.path())?;
        self.write(folder)
    }

    /// Writes study.toml and study.json into a folder, whose own files this process has locked. Results of another
    /// study are deleted.
    pub fn write(&self, folder: &StudyFolder) -> Result<(), Error> {
        // A damaged file is replaced.
        let is_ours = Manifest::read(folder).ok().flatten().as_ref() == Some(&self.manifest);
        if !is_ours {
            files::remove(&folder.file(MANIFEST))?;
            RESULTS.iter().try_for_each(|file| files::remove(&folder.file(file)))?;
        }
        let path = folder.file(CONFIG);
        let text = self.study.to_toml(folder.path());
        let text =
            text.map_err(|error| Error::Serialize { what: CONFIG, reason: error.to_string() })?;
        if files::read(&path).ok().flatten().as_deref() != Some(text.as_bytes()) {
            files::write(&path, text.as_bytes())?;
        }
        if is_ours {
            return Ok(());
        }
        files::write_json(&folder.file(MANIFEST), MANIFEST, &self.manifest)
    }

    /// Returns whether another study was begun in a folder since this one. A missing or damaged study.json does not
    /// count.
    pub fn is_replaced(&self, folder: &StudyFolder) -> bool {
        let current = Manifest::read(folder).ok().flatten();
        current.is_some_and(|current| current != self.manifest)
    }

    /// Lists the study's runs, or those at some indices, each with its id.
    pub fn jobs(&self, indices: Option<&[usize]>) -> Vec<Job<'_>> {
        let all: Vec<usize> = (0..self.study.runs.len()).collect();
        let mut seen = HashSet::new();
        let runs = indices.unwrap_or(&all).iter().filter_map(|&index| {
            Some((self.study.runs.get(index)?, self.manifest.rows.get(index)?.run.as_str()))
        });
        runs.filter(|(_, id)| seen.insert(*id))
            .map(|(run, id)| Job { run, id, inputs: self.study.inputs(run, &self.manifest.files) })
            .collect()
    }

    /// Lists the runs in the order of the table, each with its id.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = (&Run, &str)> {
        self.study.runs.iter().zip(self.manifest.rows.iter().map(|row| row.run.as_str()))
    }

    /// Returns the study's finished runs. Calls `warn` for each that is damaged, as far as its inputs and its record
    /// show it.
    pub fn finished(&self, folders: &RunFolders, warn: &dyn Fn(&str)) -> FinishedRuns {
        let mut finished = FinishedRuns::new();
        self.add_finished(folders, &mut finished, claim::read, warn);
        finished
    }

    /// Adds the finished runs that are not among `finished` yet, as `read` finds them. Calls `warn` for each that is
    /// damaged.
    pub fn add_finished(
        &self,
        folders: &RunFolders,
        finished: &mut FinishedRuns,
        read: impl Fn(&Path, &str) -> Result<Option<Record>, Error>,
        warn: &dyn Fn(&str),
    ) {
        for (_, id) in self.runs() {
            if finished.contains_key(id) {
                continue;
            }
            match claim::first_finished(folders.get(id), |folder| read(folder, id)) {
                Ok(run) => finished.extend(run.map(|run| (id.to_owned(), run))),
                Err(error) => warn(&error.to_string()),
            }
        }
    }
}

/// Manifest of a study. It is written last of the study's own files: without it, they are incomplete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub name: String,
    pub dataset: DatasetName,
    /// Files that the study reads.
    #[serde(flatten)]
    pub files: InputFiles,
    /// Version of the arithmetic.
    pub numerics: u32,
    /// Rows of the results, in the table's order.
    pub rows: Vec<ManifestRow>,
}

/// Name of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetName {
    /// Name for people: that of the source, or of the folder.
    pub name: String,
    /// Source in `data.sources`; `None` if the data set comes from `data.dir`.
    pub source: Option<String>,
}

/// A row of the results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestRow {
    pub variant: String,
    #[serde(default, skip_serializing_if = "KeyValues::is_empty")]
    pub point: KeyValues,
    pub seed: u64,
    /// Id of the run. Rows with equal inputs share one.
    pub run: String,
}

impl Manifest {
    /// Returns whether a folder has a manifest.
    pub fn exists(folder: &StudyFolder) -> bool {
        folder.file(MANIFEST).exists()
    }

    /// Reads the manifest of a study's folder; `None` if there is none.
    pub fn read(folder: &StudyFolder) -> Result<Option<Self>, Error> {
        let path = folder.file(MANIFEST);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let manifest = serde_json::from_slice(&bytes).map_err(|error| error.to_string());
        let manifest = manifest.and_then(|manifest: Self| match manifest.files.classes() {
            2..=MAX_CLASSES => Ok(Some(manifest)),
            classes => Err(format!("it has {classes} classes, but 2 to {MAX_CLASSES} are allowed")),
        });
        manifest.map_err(|error| Error::Malformed {
            reason: format!(
                "not a study's manifest: {error}; to write it again, run the study again"
            ),
            path,
        })
    }
}
