//! Locks between processes. The system lets go of one when its process ends, however it ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use crate::error::Error;

/// The name of a lock's file, in the folder that it guards.
const FILE: &str = ".lock";

/// A folder is this process's until this is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a folder; `None` where another process has it.
    ///
    /// # Errors
    ///
    /// When the system has no lock to give.
    pub fn try_take(folder: &Path) -> Result<Option<Self>, Error> {
        let file = open(folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => {
                Err(Error::Write { path: folder.join(FILE), source })
            }
        }
    }

    /// Waits for the lock of a folder.
    ///
    /// # Errors
    ///
    /// When the system has no lock to give.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let file = open(folder)?;
        file.lock().map_err(|source| Error::Write { path: folder.join(FILE), source })?;
        Ok(Self { _file: file })
    }
}

fn open(folder: &Path) -> Result<File, Error> {
    let path = folder.join(FILE);
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
    file.map_err(|source| Error::Write { path, source })
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
}
