//! Caches of the published data sets, each with its folders `train` and `test`. A file is read or written
//! there only if it has its published SHA-256. That of MNIST is burn-dataset's cache, of uncompressed files.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::download::Downloader;
use crate::error::{Error, FileFault, Skipped};
use crate::folder::{IdxFile, in_parallel, join, open_regular};
use crate::idx::Contents;
use crate::image_set::ImageSet;
use crate::published::{File, Published, Verified};

#[cfg(test)]
mod tests;

/// Reads a data set from its cache, after downloading the files that it lacks or that are not those published.
/// Appends the reason for each download to `skipped`.
///
/// # Errors
///
/// [`Error::Download`] or [`Error::Write`] for the first file that fails; the other files are then not
/// tried.
pub(crate) fn read_or_download(
    user_cache: &Path,
    set: &Published,
    downloader: &Downloader<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<ImageSet, Error> {
    let root = user_cache.join(set.cache_folder);
    let files =
        set.files.each_ref().map(|file| CachedFile { file, folder: root.join(file.subfolder) });
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
    join(set.source.to_string(), [get(a)?, get(b)?, get(c)?, get(d)?], set.class_names())
}

/// One file of a data set and its folder in the cache.
struct CachedFile<'a> {
    file: &'a File,
    folder: PathBuf,
}

impl CachedFile<'_> {
    fn path(&self) -> PathBuf {
        self.folder.join(self.file.cached_name())
    }

    fn read(&self) -> Result<IdxFile, Skipped> {
        let path = self.path();
        let read = match open_regular(&path) {
            Ok(Some(opened)) => self.file.read(opened),
            Ok(None) => return Err(Skipped::CacheLacks(path)),
            Err(fault) => Err(fault),
        };
        let verified = read.and_then(|(contents, verified)| match verified {
            Verified::Yes => Ok(contents),
            Verified::CannotBe => Err(FileFault::NotGzipped),
        });
        IdxFile::new(path, verified).map_err(Skipped::CacheBroken)
    }

    fn download(&self, downloader: &Downloader<'_>) -> Result<IdxFile, Error> {
        let path = self.path();
        // Before the download, so that it is not in vain if this fails.
        fs::create_dir_all(&self.folder)
            .map_err(|reason| Error::Write { path: self.folder.clone(), reason })?;
        let bytes = downloader.download(self.file)?;
        if let Err(reason) = write_whole(&self.folder, &self.file.cached_name(), &bytes) {
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
