//! Writing files whole or not at all.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::Builder;

use super::Error;

/// What the names of files begin with that are not whole yet.
const WRITING: &str = ".writing-";

/// Writes a file beside its place and moves it there once it is on the disk, so that a reader, or a
/// kill at any moment, finds the old file or the new one. The folder has to be there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    try_write(path, bytes).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Reads a file; `None` where there is none.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

/// Makes a folder and those above it, where they are not there yet.
pub fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Makes a folder inside another, which has to be there.
pub fn make_folder_in(base: &Path, inner: &Path) -> Result<PathBuf, Error> {
    let mut path = base.to_owned();
    for name in inner {
        path.push(name);
        match fs::create_dir(&path) {
            Ok(()) => sync_above(&path)?,
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::Write { path, source }),
        }
    }
    Ok(path)
}

/// Renames a folder, for good.
pub fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|source| Error::Write { path: from.to_owned(), source })?;
    sync_above(to)
}

/// Takes a file away, if there is one.
pub fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if !is_missing(&source) => Err(Error::Write { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

/// Has the disk know of a new name.
fn sync_above(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    if let Some(above) = path.parent() {
        (fs::File::open(above).and_then(|folder| folder.sync_all()))
            .map_err(|source| Error::Write { path: path.to_owned(), source })?;
    }
    Ok(())
}

/// Takes away what writes that a kill cut short have left in a folder. Nobody else may write there.
pub fn sweep(folder: &Path) -> Result<(), Error> {
    let refused = |source| Error::Write { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        if entry.file_name().to_string_lossy().starts_with(WRITING) {
            fs::remove_file(entry.path()).map_err(refused)?;
        }
    }
    Ok(())
}

/// Whether nothing is there, on the whole way.
pub fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn try_write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != "").unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the user's umask decides. A temporary file would be private.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(WRITING).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}
