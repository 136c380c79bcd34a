//! Locks between processes. The system releases a lock when its process ends, even by a kill.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use super::Error;

/// File name of the lock of a run's folder, and of the lock of a study's results.
const FILE: &str = ".lock";
/// File name of the lock that all processes that train in a study's folder share.
const STUDY: &str = ".training";

/// A lock on a folder. Dropping it releases the lock.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Locks a run's folder; `None` if another process has locked it.
    pub fn try_take(folder: &Path) -> Result<Option<Self>, Error> {
        try_take(&folder.join(FILE))
    }

    /// Locks the files of the whole study, such as results.csv. Blocks until the lock is free.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let (path, file) = open(folder.join(FILE))?;
        file.lock().map_err(|source| Error::Write { path: path.clone(), source })?;
        Ok(Self { path, file })
    }

    /// Takes the study's shared training lock. Blocks while another process holds it exclusively.
    pub fn share(folder: &Path) -> Result<Self, Error> {
        let (path, file) = open(folder.join(STUDY))?;
        file.lock_shared().map_err(|source| Error::Write { path: path.clone(), source })?;
        Ok(Self { path, file })
    }

    /// Takes the study's training lock exclusively; `None` if a process trains in the folder.
    pub fn try_close(folder: &Path) -> Result<Option<Self>, Error> {
        try_take(&folder.join(STUDY))
    }
}

impl Lock {
    /// Returns the locked folder.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Returns [`Error::Gone`] if the folder has been moved or deleted. Another process may since have created and
    /// locked a folder of the same name.
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
            (Ok(locked), Ok(current)) => identity(locked) == identity(current),
            _ => false,
        }
    }

    #[cfg(not(unix))]
    fn is_in_place(&self) -> bool {
        // Other systems refuse to move or delete a folder with open files.
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
    fn only_one_lock_per_folder() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::try_take(folder.path()).unwrap();
        assert!(lock.is_some());
        assert!(Lock::try_take(folder.path()).unwrap().is_none());
        drop(lock);
        assert!(Lock::try_take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn detects_a_moved_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("run");
        std::fs::create_dir(&folder).unwrap();
        let lock = Lock::try_take(&folder).unwrap().unwrap();
        assert_eq!(lock.folder(), folder);
        lock.check().unwrap();
        std::fs::rename(&folder, parent.path().join("elsewhere")).unwrap();
        assert!(lock.check().is_err());
        std::fs::create_dir(&folder).unwrap();
        let _another = Lock::try_take(&folder).unwrap().unwrap();
        assert!(lock.check().is_err());
    }

    #[test]
    fn shared_locks_exclude_an_exclusive_one() {
        let folder = tempfile::tempdir().unwrap();
        let shared = [Lock::share(folder.path()).unwrap(), Lock::share(folder.path()).unwrap()];
        assert!(Lock::try_close(folder.path()).unwrap().is_none());
        drop(shared);
        assert!(Lock::try_close(folder.path()).unwrap().is_some());
    }
}
