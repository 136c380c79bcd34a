//! Locks between processes. The system releases a lock when its process ends, even by a kill.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use super::Error;

/// A locked file. Dropping it releases the lock; the file stays.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held until it is dropped")] File);

impl Lock {
    /// Locks a file, which is created if it does not exist; `None` if another process has locked it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>, Error> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(Error::Write { path: path.to_owned(), source }),
        }
    }

    /// Locks a file, which is created if it does not exist. Blocks while another process has locked it.
    pub(super) fn take(path: &Path) -> Result<Self, Error> {
        let file = open(path)?;
        file.lock().map_err(|source| Error::Write { path: path.to_owned(), source })?;
        Ok(Self(file))
    }
}

fn open(path: &Path) -> Result<File, Error> {
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(path);
    file.map_err(|source| Error::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_locked_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let lock = Lock::try_take(&path).unwrap();
        assert!(lock.is_some());
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(lock);
        Lock::take(&path).unwrap();
    }
}
