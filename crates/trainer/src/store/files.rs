//! Files and folders: atomic writes, reads that allow for missing files, renames and removals.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use data::files::{self, is_missing};
use serde::Serialize;

use super::Error;

/// Prefix of the names of temporary files.
const TEMPORARY_PREFIX: &str = ".writing-";

/// Writes a file atomically: a reader finds either the old contents or the new, even after a kill. Its folder must exist.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    files::write(path, bytes, TEMPORARY_PREFIX)
        .map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Writes a value as an indented JSON file, atomically. `what` names it in the error.
pub fn write_json(path: &Path, what: &'static str, value: &impl Serialize) -> Result<(), Error> {
    write(path, to_json(what, value)?.as_bytes())
}

/// Formats a value as indented JSON. `what` names it in the error. Numbers that are not finite become null.
pub fn to_json(what: &'static str, value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string_pretty(value);
    json.map(|json| json + "\n")
        .map_err(|error| Error::Serialize { what, reason: error.to_string() })
}

/// Reads a file; `None` if it does not exist.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match files::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

/// Creates a folder and its missing parents.
pub fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Lists the subfolders of a folder; none if it does not exist.
pub fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let refused = |source| Error::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(refused(error)),
    };
    let entries: Vec<fs::DirEntry> = entries.collect::<Result<_, _>>().map_err(refused)?;
    let folders = entries.iter().filter(|entry| {
        // A link's own type says nothing about what it leads to.
        entry.file_type().is_ok_and(|kind| kind.is_dir() || entry.path().is_dir())
    });
    Ok(folders.map(fs::DirEntry::path).collect())
}

/// Creates a folder in one that exists, and syncs its name to disk.
pub fn make_subfolder(path: &Path) -> Result<(), Error> {
    match fs::create_dir(path) {
        Ok(()) => sync_parent(path),
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(Error::Write { path: path.to_owned(), source }),
    }
}

/// Renames a file or folder and syncs both names to disk.
pub fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|source| Error::Write { path: from.to_owned(), source })?;
    sync_parent(to)?;
    sync_parent(from)
}

/// Deletes a file, if there is one.
pub fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if !is_missing(&source) => Err(Error::Write { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

/// Syncs the parent folder of a path to disk, so that the name survives a power failure.
fn sync_parent(path: &Path) -> Result<(), Error> {
    let synced = path.parent().map_or(Ok(()), files::sync_folder);
    synced.map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Deletes the temporary files that killed processes left in a folder. No other process may be writing there.
pub fn remove_temporary(folder: &Path) -> Result<(), Error> {
    let refused = |source| Error::Write { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX) {
            fs::remove_file(entry.path()).map_err(refused)?;
        }
    }
    Ok(())
}
