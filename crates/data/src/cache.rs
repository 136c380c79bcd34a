//! burn-dataset's cache of MNIST: `burn-dataset/mnist/{train,test}/` in the user's cache folder,
//! unpacked. A file there counts only with MNIST's SHA-256, and none gets there without it.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::digits::Digits;
use crate::download::Downloader;
use crate::error::{Error, FileFault, Skipped};
use crate::folder::{Found, in_parallel, join, open_regular};
use crate::idx::Part;
use crate::mnist::{File, Files};

#[cfg(test)]
mod tests;

/// Reads MNIST from the cache, after fetching into it what it lacks or has wrong: these files go to
/// `skipped`.
///
/// # Errors
///
/// [`Error::Download`] or [`Error::Write`] for the first file that could not be put there; the rest
/// is then not tried.
pub(crate) fn read_or_fetch(
    user_cache: &Path,
    mnist: &Files,
    downloader: &Downloader<'_>,
    skipped: &mut Vec<Skipped>,
) -> Result<Digits, Error> {
    let root = user_cache.join("burn-dataset").join("mnist");
    let slots = mnist.each_ref().map(|file| Slot { file, folder: root.join(file.half) });
    let [a, b, c, d] = in_parallel(slots, |slot| {
        let cached = slot.read();
        (slot, cached)
    });
    let mut get = |(slot, cached): (Slot<'_>, Result<Found, Skipped>)| {
        cached.or_else(|reason| {
            skipped.push(reason);
            slot.fetch(downloader)
        })
    };
    join([get(a)?, get(b)?, get(c)?, get(d)?])
}

/// The place of one file in the cache.
struct Slot<'a> {
    file: &'a File,
    folder: PathBuf,
}

impl Slot<'_> {
    fn path(&self) -> PathBuf {
        self.folder.join(self.file.name)
    }

    fn read(&self) -> Result<Found, Skipped> {
        let path = self.path();
        let read = match open_regular(&path) {
            Ok(Some(opened)) => Part::read(opened, self.file.kind),
            Ok(None) => return Err(Skipped::CacheLacks(path)),
            Err(fault) => Err(fault),
        };
        let checked = read.and_then(|part| self.check(part));
        Found::new(path, checked).map_err(Skipped::CacheBroken)
    }

    fn check(&self, part: Part) -> Result<Part, FileFault> {
        if part.sha256 == self.file.sha256 {
            Ok(part)
        } else {
            Err(FileFault::Checksum { found: part.sha256, expected: self.file.sha256.clone() })
        }
    }

    fn fetch(&self, downloader: &Downloader<'_>) -> Result<Found, Error> {
        let path = self.path();
        // Before the download, which would be for nothing if this fails.
        fs::create_dir_all(&self.folder)
            .map_err(|reason| Error::Write { path: self.folder.clone(), reason })?;
        let unpacked = downloader.fetch(self.file)?;
        if let Err(reason) = write_whole(&self.folder, self.file.name, &unpacked) {
            return Err(Error::Write { path, reason });
        }
        Found::new(path, Part::read(&unpacked[..], self.file.kind))
    }
}

/// Writes a file that is either whole or not there, after a kill or a power cut too.
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

/// Renames a whole temporary file to `name`, and removes the other temporary files of that name.
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

/// Removes the temporary files of killed processes, and those of running ones, which need them no
/// longer.
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
