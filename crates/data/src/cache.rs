//! Caches of the published data sets, each with its folders `train` and `test`. A file is read or written
//! there only if it has its published SHA-256. That of MNIST is burn-dataset's cache, of uncompressed files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::download::Downloader;
use crate::error::{Error, FileFault, Skipped};
use crate::files;
use crate::formats::idx::{Contents, IdxFile, pair};
use crate::image_set::ImageSet;
use crate::published::{File, Published};
use crate::raw_set::RawSet;

#[cfg(test)]
mod tests;

/// A data set in its cache, as far as it is there.
pub(crate) struct Cached<'a> {
    set: &'a Published,
    /// Each file, and what was read or the reason why it has to be downloaded.
    files: [(CachedFile<'a>, Result<IdxFile, Skipped>); 4],
}

impl<'a> Cached<'a> {
    /// Reads the files that are there.
    pub(crate) fn read(user_cache: &Path, set: &'a Published) -> Self {
        let root = user_cache.join(set.cache_folder);
        let files =
            set.files.each_ref().map(|file| CachedFile { file, folder: root.join(file.subfolder) });
        let files = in_parallel(files, |file| {
            let read = file.read();
            (file, read)
        });
        Self { set, files }
    }

    /// Returns whether no file has to be downloaded.
    pub(crate) fn is_complete(&self) -> bool {
        self.files.iter().all(|(_, read)| read.is_ok())
    }

    /// Returns the data set, after downloading the files that the cache lacks or that are not those published. Appends
    /// the reason for each download to `skipped`.
    ///
    /// # Errors
    ///
    /// [`Error::Download`] or [`Error::Write`] for the first file that fails; the other files are then not
    /// tried.
    pub(crate) fn complete(
        self,
        downloader: &Downloader<'_>,
        skipped: &mut Vec<Skipped>,
    ) -> Result<ImageSet, Error> {
        let [a, b, c, d] = self.files;
        let mut get = |(file, read): (CachedFile<'_>, Result<IdxFile, Skipped>)| {
            read.or_else(|reason| {
                skipped.push(reason);
                file.download(downloader)
            })
        };
        let (train, test) = (pair(get(a)?, get(b)?)?, pair(get(c)?, get(d)?)?);
        let class_names = self.set.class_names();
        let set = RawSet { test: Some(test), class_names, ..RawSet::new(train) };
        set.into_image_set(self.set.source.to_string(), false, 0.0, None)
    }
}

/// Runs `work` on all four files in parallel: decompressing and hashing one occupies a core.
fn in_parallel<T: Send, R: Send>(files: [T; 4], work: impl Fn(T) -> R + Sync) -> [R; 4] {
    let [a, b, c, d] = files;
    let ((a, b), (c, d)) =
        rayon::join(|| rayon::join(|| work(a), || work(b)), || rayon::join(|| work(c), || work(d)));
    [a, b, c, d]
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
        let read = match files::open(&path) {
            Ok(opened) => self.file.read(opened),
            Err(error) if files::is_missing(&error) => return Err(Skipped::CacheLacks(path)),
            Err(error) => Err(FileFault::Unreadable(error)),
        };
        let verified =
            read.and_then(
                |(contents, is_verified)| {
                    if is_verified { Ok(contents) } else { Err(FileFault::NotGzipped) }
                },
            );
        IdxFile::new(path, verified).map_err(Skipped::CacheBroken)
    }

    fn download(&self, downloader: &Downloader<'_>) -> Result<IdxFile, Error> {
        let path = self.path();
        // Before the download, so that it is not in vain if this fails.
        fs::create_dir_all(&self.folder)
            .map_err(|reason| Error::Write { path: self.folder.clone(), reason })?;
        let bytes = downloader.download(self.file)?;
        if let Err(reason) = write(&self.folder, &self.file.cached_name(), &bytes) {
            return Err(Error::Write { path, reason });
        }
        IdxFile::new(path, Contents::read(&bytes[..], self.file.kind))
    }
}

/// Writes a file atomically. Several processes may write the same file at once, as all of them write the same bytes.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    publish(files::temporary(folder, bytes, &temporary_prefix(name))?, folder, name)
}

/// Renames a complete temporary file to `name` and removes the other temporary files of that name.
fn publish(temporary: NamedTempFile, folder: &Path, name: &str) -> io::Result<()> {
    match files::publish(temporary, &folder.join(name)) {
        Ok(()) => remove_temporary_files(folder, name),
        // Another process has published the same bytes and removed this temporary file.
        Err(error) if files::is_missing(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

fn temporary_prefix(name: &str) -> String {
    format!(".{name}.")
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
