//! Locks between processes. The system releases a lock when its process ends, even by a kill.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use data::files::{check_regular, is_missing};

use super::Error;

/// A locked file. Dropping it releases the lock; the file stays.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Locks a file, which is created if it does not exist; `None` if another process has locked it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>, Error> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file, path: path.to_owned() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(Error::Lock { path: path.to_owned(), source }),
        }
    }

    /// Locks a file, which is created if it does not exist. Blocks while another process has locked it.
    pub(super) fn take(path: &Path) -> Result<Self, Error> {
        let file = open(path)?;
        file.lock().map_err(|source| Error::Lock { path: path.to_owned(), source })?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Locks a file for reading, beside others that read. Returns `None` if there is no such file or it cannot be
    /// locked, as on a disk that takes no locks.
    pub(super) fn share(path: &Path) -> Option<Self> {
        let file = data::files::open(path).ok()?;
        file.lock_shared().ok()?;
        Some(Self { file, path: path.to_owned() })
    }

    /// Writes a text into the file.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Error> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        let written = emptied.and_then(|()| self.file.write_all(text.as_bytes()));
        written.map_err(|source| Error::Write { path: self.path.clone(), source })
    }

    /// Reads the text in the file; empty if it cannot be read.
    pub(super) fn read(&mut self) -> String {
        let mut text = String::new();
        let _ = self.file.rewind().and_then(|()| self.file.read_to_string(&mut text));
        text
    }
}

fn open(path: &Path) -> Result<File, Error> {
    let file = match check_regular(path) {
        Err(error) if !is_missing(&error) => Err(error),
        _ => OpenOptions::new().create(true).read(true).write(true).truncate(false).open(path),
    };
    file.map_err(|source| Error::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_locked_once_and_keeps_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let mut lock = Lock::try_take(&path).unwrap().unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        lock.write("a longer text").unwrap();
        lock.write("text").unwrap();
        drop(lock);
        assert_eq!(Lock::take(&path).unwrap().read(), "text");
    }
}
