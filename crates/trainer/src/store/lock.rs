//! Locks between processes. The system lets go of one when its process ends, however it ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use super::Error;

/// The name of the lock's file in a run's folder, and in the study's of that of what is written of all runs.
const FILE: &str = ".lock";
/// The name in a study's folder of the lock that everyone who trains there shares.
const STUDY: &str = ".training";

/// A folder is this process's until this is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock of a run's folder; `None` where another process has it.
    pub fn try_take(folder: &Path) -> Result<Option<Self>, Error> {
        try_take(&folder.join(FILE))
    }

    /// Waits for the lock of what a study's folder holds of all runs: results.csv, report.html.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let (path, file) = open(folder.join(FILE))?;
        file.lock().map_err(|source| Error::Write { path: path.clone(), source })?;
        Ok(Self { path, file })
    }

    /// Joins those who train in a study's folder.
    pub fn share(folder: &Path) -> Result<Self, Error> {
        let (path, file) = open(folder.join(STUDY))?;
        file.lock_shared().map_err(|source| Error::Write { path: path.clone(), source })?;
        Ok(Self { path, file })
    }

    /// Keeps everyone from training in a study's folder; `None` where somebody does.
    pub fn try_close(folder: &Path) -> Result<Option<Self>, Error> {
        try_take(&folder.join(STUDY))
    }
}

impl Lock {
    /// The folder that is held.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Refuses to go on where the folder has been moved or deleted: another process may have one of the same
    /// name by now, and a lock of its own there.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_in_place() {
            return Ok(());
        }
        Err(Error::Gone { folder: self.folder().to_owned() })
    }

    #[cfg(unix)]
    fn is_in_place(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        match (self.file.metadata(), std::fs::metadata(&self.path)) {
            (Ok(held), Ok(there)) => identity(held) == identity(there),
            _ => false,
        }
    }

    #[cfg(not(unix))]
    fn is_in_place(&self) -> bool {
        // Elsewhere a folder with open files in it can be neither moved nor deleted.
        true
    }
}

fn try_take(path: &Path) -> Result<Option<Lock>, Error> {
    let (path, file) = open(path.to_owned())?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { path, file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(Error::Write { path, source }),
    }
}

fn open(path: PathBuf) -> Result<(PathBuf, File), Error> {
    match OpenOptions::new().create(true).write(true).truncate(false).open(&path) {
        Ok(file) => Ok((path, file)),
        Err(source) => Err(Error::Write { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::try_take(folder.path()).unwrap();
        assert!(lock.is_some());
        assert!(Lock::try_take(folder.path()).unwrap().is_none());
        drop(lock);
        assert!(Lock::try_take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_lock_knows_that_its_folder_is_gone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("run");
        std::fs::create_dir(&folder).unwrap();
        let lock = Lock::try_take(&folder).unwrap().unwrap();
        assert_eq!(lock.folder(), folder);
        lock.check().unwrap();
        std::fs::rename(&folder, place.path().join("elsewhere")).unwrap();
        assert!(lock.check().is_err());
        std::fs::create_dir(&folder).unwrap();
        let _another = Lock::try_take(&folder).unwrap().unwrap();
        assert!(lock.check().is_err());
    }

    #[test]
    fn many_train_or_one_closes() {
        let folder = tempfile::tempdir().unwrap();
        let shared = [Lock::share(folder.path()).unwrap(), Lock::share(folder.path()).unwrap()];
        assert!(Lock::try_close(folder.path()).unwrap().is_none());
        drop(shared);
        assert!(Lock::try_close(folder.path()).unwrap().is_some());
    }
}
