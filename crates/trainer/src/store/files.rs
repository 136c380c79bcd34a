//! Files and folders: atomic writes, reads that allow for missing files, renames and removals.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::Builder;

use super::Error;

/// Prefix of the names of temporary files.
const TEMPORARY_PREFIX: &str = ".writing-";

/// Writes a file atomically: a reader finds either the old contents or the new, even after a kill. The bytes go to a
/// temporary file in the same folder, which replaces the file once it is synced. The folder must exist.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    try_write(path, bytes).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Reads a file; `None` if it does not exist.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

/// Creates a folder and its missing parents.
pub fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Creates the folder `base/inner` and returns its path. `base` must exist.
pub fn make_folder_in(base: &Path, inner: &Path) -> Result<PathBuf, Error> {
    let mut path = base.to_owned();
    for name in inner {
        path.push(name);
        match fs::create_dir(&path) {
            Ok(()) => sync_parent(&path)?,
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::Write { path, source }),
        }
    }
    Ok(path)
}

/// Renames a folder and syncs the new name to disk.
pub fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|source| Error::Write { path: from.to_owned(), source })?;
    sync_parent(to)
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
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        (fs::File::open(parent).and_then(|folder| folder.sync_all()))
            .map_err(|source| Error::Write { path: path.to_owned(), source })?;
    }
    Ok(())
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

/// Returns whether the file or one of its parents does not exist.
pub fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn try_write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != "").unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The umask decides, as for any new file. The default of tempfile is 0o600.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}
