//! Regular files: read, and written atomically.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Kinds of errors of a call that a disk does not offer: EINVAL, ENOSYS, EOPNOTSUPP, and EACCES or EISDIR for opening a
/// folder.
const NOT_OFFERED: [ErrorKind; 4] = [
    ErrorKind::InvalidInput,
    ErrorKind::Unsupported,
    ErrorKind::PermissionDenied,
    ErrorKind::IsADirectory,
];
/// EBADF and ENOTTY, errors of some network disks for syncing a folder.
const NOT_OFFERED_CODES: [i32; 2] = [9, 25];

/// Checks that a path, with symlinks followed, is that of a regular file. Nothing else may be opened: opening a FIFO
/// blocks, and a device may have no end.
///
/// # Errors
///
/// The system's error if there is no file, and [`ErrorKind::InvalidInput`] if it is not a regular one.
pub fn check_regular(path: &Path) -> io::Result<()> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let found = if kind.is_dir() { "a folder" } else { "a FIFO, a socket or a device" };
    let reason = format!("it is {found}, not a regular file");
    Err(io::Error::new(ErrorKind::InvalidInput, reason))
}

/// Opens a regular file for reading.
///
/// # Errors
///
/// Those of [`check_regular`], and the system's error.
pub fn open(path: &Path) -> io::Result<File> {
    check_regular(path)?;
    File::open(path)
}

/// Reads a regular file.
///
/// # Errors
///
/// Those of [`check_regular`], and the system's error.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    check_regular(path)?;
    fs::read(path)
}

/// Returns whether an error says that a file, or one of its parents, does not exist.
pub fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Writes a file atomically: a reader finds either the old contents or the new, even after a kill. The bytes go to a
/// temporary file in the same folder, whose name has this prefix, and which replaces the file once it is synced. The
/// folder must exist.
///
/// # Errors
///
/// The system's error.
pub fn write(path: &Path, bytes: &[u8], prefix: &str) -> io::Result<()> {
    publish(temporary(folder_of(path), bytes, prefix)?, path)
}

/// Writes a synced temporary file.
pub(crate) fn temporary(folder: &Path, bytes: &[u8], prefix: &str) -> io::Result<NamedTempFile> {
    // tempfile's own way to create a file hides an error's code, and sets 0o600 instead of asking the umask.
    let mut temporary = Builder::new()
        .prefix(prefix)
        .make_in(folder, |path| File::options().write(true).create_new(true).open(path))?;
    let file = temporary.as_file_mut();
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(temporary)
}

/// Renames a temporary file to its final name.
pub(crate) fn publish(temporary: NamedTempFile, path: &Path) -> io::Result<()> {
    // Some disks, such as VirtualBox's shared folders, rename no open file.
    temporary.into_temp_path().persist(path)?;
    sync_folder(folder_of(path))
}

/// Syncs a folder to disk, so that the names of its files survive a power failure, where the disk can do that.
///
/// # Errors
///
/// The system's error, such as a full disk.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Other systems than Unix open no folders.
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // The disk does not offer it: VirtualBox's shared folders, AFS, some mounts of SMB and 9p.
        Err(error)
            if NOT_OFFERED.contains(&error.kind())
                || error.raw_os_error().is_some_and(|code| NOT_OFFERED_CODES.contains(&code)) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// Returns the folder that a path's file is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != "").unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_writing_keep_the_systems_code() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("missing/file"), b"bytes", ".writing-").unwrap_err();
        let expected = File::create(folder.path().join("missing/file")).unwrap_err();
        assert!(expected.raw_os_error().is_some());
        assert_eq!(error.raw_os_error(), expected.raw_os_error());
        assert_eq!(error.to_string(), expected.to_string());
    }
}
