//! A study's folder: its runs and locks, and the siblings of a run, whose inputs differ from its own only by the
//! number of epochs.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{Claim, Error, FinishedRun, Job, Record, SavedStudy, claim, files, lock::Lock, record};
use crate::study::{ID_DIGITS, Inputs, counted};

const RUNS: &str = "runs";
/// Folder of the locks: one for each run, by its id, and [`SET`].
const LOCKS: &str = ".locks";
/// Name of the lock of the study's own files, such as results.csv.
const SET: &str = "study";
/// Folder of the runs that were found damaged.
const DAMAGED: &str = "damaged";
/// Name of the file in a run's folder with the reason why it failed.
pub(super) const FAILURE: &str = "failure.txt";

#[derive(Debug, Clone)]
pub struct StudyFolder(PathBuf);

/// Folders of the runs in a study's folder, whichever study they belong to.
#[derive(Debug, Default)]
pub struct RunFolders {
    by_id: BTreeMap<String, Vec<PathBuf>>,
}

impl StudyFolder {
    /// Creates the handle of a folder, which need not exist.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of one of the study's own files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Returns the path of a run's folder, given its name.
    pub fn run(&self, name: &str) -> PathBuf {
        self.0.join(RUNS).join(name)
    }

    /// Creates the folders that training needs.
    pub fn create(&self) -> Result<(), Error> {
        files::make_folder(&self.0)?;
        files::make_subfolder(&self.0.join(RUNS))?;
        files::make_subfolder(&self.0.join(LOCKS))
    }

    /// Lists the folders of all runs.
    pub fn runs(&self) -> Result<RunFolders, Error> {
        let mut folders = RunFolders::default();
        let mut paths = files::subfolders(&self.0.join(RUNS))?;
        paths.sort();
        for path in paths {
            if let Some(id) = id_of(&path).map(str::to_owned) {
                folders.by_id.entry(id).or_default().push(path);
            }
        }
        Ok(folders)
    }

    /// Locks a run; `None` if another process is training it.
    pub fn lock_run(&self, id: &str) -> Result<Option<Lock>, Error> {
        Lock::try_take(&self.0.join(LOCKS).join(id))
    }

    /// Locks the study's own files for reading, where that is possible. Blocks while another process writes them.
    pub fn share_set(&self) -> Option<Lock> {
        Lock::share(&self.0.join(LOCKS).join(SET))
    }

    /// Locks the study's own files. Blocks while another process writes or reads them.
    pub fn lock_set(&self) -> Result<Lock, Error> {
        Lock::take(&self.0.join(LOCKS).join(SET))
    }

    /// Moves a locked run's folder to the damaged ones; returns its new path.
    pub fn set_aside(&self, run: &Path) -> Result<PathBuf, Error> {
        let damaged = self.0.join(DAMAGED);
        files::make_subfolder(&damaged)?;
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        let numbered = (1_u32..).map(|number| format!("{name}.{number}"));
        let names = std::iter::once(name.to_string()).chain(numbered);
        let mut paths = names.map(|name| damaged.join(name));
        let path = paths.find(|path| !path.exists()).unwrap_or(damaged);
        files::rename(run, &path)?;
        Ok(path)
    }
}

impl RunFolders {
    /// Returns the folders of a run, by its id. There are several if some were copied from elsewhere.
    pub fn get(&self, id: &str) -> &[PathBuf] {
        self.by_id.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns whether a run has a record, readable or not.
    pub fn is_finished(&self, id: &str) -> bool {
        self.get(id).iter().any(|folder| folder.join(record::FILE).exists())
    }

    /// Returns the reason why a run failed; `None` if it has not failed.
    pub fn failure(&self, id: &str) -> Option<String> {
        let reasons = self.get(id).iter().map(|folder| files::read(&folder.join(FAILURE)));
        let reason = reasons.flatten().flatten().next()?;
        Some(String::from_utf8_lossy(&reason).trim_end().to_owned())
    }

    /// Lists the ids and folders of all runs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.by_id
            .iter()
            .flat_map(|(id, paths)| paths.iter().map(|path| (id.as_str(), path.as_path())))
    }

    /// Describes the runs that are not of a study; `None` without any.
    pub fn note(&self, study: &SavedStudy) -> Option<String> {
        let own: HashSet<&str> = study.runs().map(|(_, id)| id).collect();
        let count = self.by_id.keys().filter(|id| !own.contains(id.as_str())).count();
        (count > 0)
            .then(|| format!("the folder also has {} with other inputs", counted(count, "run")))
    }
}

/// Returns the id at the end of a run folder's name; `None` if there is none.
fn id_of(run: &Path) -> Option<&str> {
    let (_, id) = run.file_name()?.to_str()?.rsplit_once('-')?;
    let is_hex = id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (id.len() == ID_DIGITS && is_hex).then_some(id)
}

/// Formats the name of a run for messages, `l2 l2=0.01 seed 3`, from that of its folder; `None` if it has no id.
pub fn display_name(run: &Path) -> Option<String> {
    let name = run.file_name()?.to_str()?.strip_suffix(id_of(run)?)?;
    let (variant, seed) = name.strip_suffix('-')?.rsplit_once("-seed-")?;
    Some(format!("{} seed {seed}", variant.replacen(',', " ", 1)))
}

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
            record.verify(&folder).ok()?;
            Some((id, FinishedRun { folder, record }))
        })
    }
}

fn add(index: &mut Index, inputs: Inputs, id: &str, folder: PathBuf) {
    let (epochs, others) = inputs.split_epochs();
    index.entry(others.json()).or_default().push((epochs, id.to_owned(), folder));
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_run_is_found_by_the_end_of_its_folders_name() {
        let output = tempfile::tempdir().unwrap();
        let folder = StudyFolder::new(output.path().to_owned());
        assert!(folder.runs().unwrap().iter().next().is_none());
        for name in [
            "none-seed-0-0123456789ab",
            "renamed-0123456789ab",
            "l2,l2=0.1-seed-1-ba9876543210",
            "too-short-0123",
        ] {
            fs::create_dir_all(folder.run(name)).unwrap();
        }
        fs::write(folder.run("renamed-0123456789ab").join(record::FILE), "").unwrap();
        let runs = folder.runs().unwrap();
        let both = ["none-seed-0-0123456789ab", "renamed-0123456789ab"];
        assert_eq!(runs.get("0123456789ab"), both.map(|name| folder.run(name)));
        assert!(runs.is_finished("0123456789ab") && !runs.is_finished("ba9876543210"));
        assert_eq!(runs.iter().count(), 3);
        let l2 = &runs.get("ba9876543210")[0];
        assert_eq!(display_name(l2).as_deref(), Some("l2 l2=0.1 seed 1"));

        // Names of damaged runs are numbered.
        for expected in ["l2,l2=0.1-seed-1-ba9876543210", "l2,l2=0.1-seed-1-ba9876543210.1"] {
            fs::create_dir_all(l2).unwrap();
            assert_eq!(folder.set_aside(l2).unwrap(), output.path().join("damaged").join(expected));
        }
    }
}
