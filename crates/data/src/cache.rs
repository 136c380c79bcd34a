//! burn-dataset's cache of MNIST: the uncompressed files in `burn-dataset/mnist/{train,test}/` in the
//! user's cache folder. A file is read or written there only if its SHA-256 is MNIST's.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::digits::Digits;
use crate::download::Downloader;
use crate::error::{Error, Skipped};
use crate::folder::{IdxFile, in_parallel, join, open_regular};
use crate::idx::Contents;
use crate::mnist::{File, Files};

#[cfg(test)]
mod tests;

/// Reads MNIST from the cache, after downloading the files that it lacks or that are not MNIST's.
/// Appends the reason for each download to `skipped`.
///
/// # Errors
///
/// [`Error::Download`] or [`Error::Write`] for the first file that fails; the other files are then not
/// tried.
pub(crate) fn read_or_download(
    user_cache: &Path,
    mnist: &Files,
    downloader: &Downloader<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<Digits, Error> {
    let root = user_cache.join("burn-dataset").join("mnist");
    let files = mnist.each_ref().map(|file| CachedFile { file, folder: root.join(file.subfolder) });
    let [a, b, c, d] = in_parallel(files, |file| {
        let read = file.read();
        (file, read)
    });
    let mut get = |(file, read): (CachedFile<'_>, Result<IdxFile, Skipped>)| {
        read.or_else(|reason| {
            skipped.push(reason);
            file.download(downloader)
        })
    };
    join([get(a)?, get(b)?, get(c)?, get(d)?])
}

/// One file of MNIST and its folder in the cache.
struct CachedFile<'a> {
    file: &'a File,
    folder: PathBuf,
}

impl CachedFile<'_> {
    fn path(&self) -> PathBuf {
        self.folder.join(self.file.name)
    }

    fn read(&self) -> Result<IdxFile, Skipped> {
        let path = self.path();
        let read = match open_regular(&path) {
            Ok(Some(opened)) => Contents::read(opened, self.file.kind),
            Ok(None) => return Err(Skipped::CacheLacks(path)),
            Err(fault) => Err(fault),
        };
        let verified = read.and_then(|contents| contents.verify(&self.file.sha256));
        IdxFile::new(path, verified).map_err(Skipped::CacheBroken)
    }

    fn download(&self, downloader: &Downloader<'_>) -> Result<IdxFile, Error> {
        let path = self.path();
        // Before the download, so that it is not in vain if this fails.
        fs::create_dir_all(&self.folder)
            .map_err(|reason| Error::Write { path: self.folder.clone(), reason })?;
        let bytes = downloader.download(self.file)?;
        if let Err(reason) = write_whole(&self.folder, self.file.name, &bytes) {
            return Err(Error::Write { path, reason });
        }
        IdxFile::new(path, Contents::read(&bytes[..], self.file.kind))
    }
}

/// Writes a file atomically: after a kill or a power failure it is complete or absent.
///
/// Several processes may write the same file at once, as all of them write the same bytes.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = temporary_file(folder, name)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    publish(temporary, folder, name)
}

fn temporary_file(folder: &Path, name: &str) -> io::Result<NamedTempFile> {
    Builder::new().prefix(&temporary_prefix(name)).tempfile_in(folder)
}

fn temporary_prefix(name: &str) -> String {
    format!(".{name}.")
}

/// Renames a complete temporary file to `name` and removes the other temporary files of that name.
fn publish(temporary: NamedTempFile, folder: &Path, name: &str) -> io::Result<()> {
    match temporary.persist(folder.join(name)) {
        Ok(_) => {}
        // Another process has published the same bytes and removed this temporary file.
        Err(failed) if failed.error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(failed) => return Err(failed.error),
    }
    // Other systems than Unix cannot sync a folder.
    if cfg!(unix) {
        fs::File::open(folder)?.sync_all()?;
    }
    remove_temporary_files(folder, name)
}

/// Removes the temporary files of killed processes. Those of running processes are removed too:
/// [`publish`] does without them.
fn remove_temporary_files(folder: &Path, name: &str) -> io::Result<()> {
    let prefix = temporary_prefix(name);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            // Another process may have removed it first.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}
