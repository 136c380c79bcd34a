//! Writing files whole or not at all.

use std::{fs, io::Write, path::Path};

use tempfile::Builder;

use crate::error::Error;

/// Writes a file beside its place and moves it there once it is on the disk, so that a reader, or a
/// kill at any moment, finds the old file or the new one. Makes the folder if need be.
///
/// # Errors
///
/// When the system refuses; what was there before is then untouched.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    try_write(path, bytes).map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn try_write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the user's umask decides. A temporary file would be private.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(".writing-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}
