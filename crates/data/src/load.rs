//! Loading the first available of several data sets.

use std::env;
use std::fmt;
use std::path::PathBuf;

use crate::cache;
use crate::digits::Digits;
use crate::download::{Downloader, Progress, Timeouts};
use crate::error::{Error, Skipped};
use crate::folder;
use crate::mnist::{self, Files};
use crate::synthetic;

#[cfg(test)]
mod tests;

/// A built-in data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// MNIST: 60 000 training and 10 000 test images of handwritten digits.
    Mnist,
    /// Synthetic digits, as many as MNIST: see [`synthetic()`].
    Synthetic,
}

impl Source {
    /// All sources, in the default order of trying them.
    pub const ALL: [Self; 2] = [Self::Mnist, Self::Synthetic];
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Mnist => "mnist",
            Self::Synthetic => "synthetic",
        })
    }
}

/// The data set to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Sources in the order of trying them; the first available one is loaded.
    pub sources: Vec<Source>,
    /// Folder with the four IDX files of any data set. If it is given, `sources` is ignored.
    pub dir: Option<PathBuf>,
}

/// Places to look for MNIST, tried in the order of the fields.
#[derive(Debug, Clone)]
pub struct Places {
    /// Folder with the four IDX files.
    pub mnist_dir: Option<PathBuf>,
    /// The user's cache folder, in which burn-dataset's cache is a subfolder.
    pub cache: Option<PathBuf>,
    /// HTTPS URL, ending in a slash, of the folder from which files are downloaded to the cache. Tests
    /// may use `http://127.0.0.1:<port>/`.
    pub base_url: String,
    /// Names and checksums of the four files; tests replace them by smaller files.
    pub(crate) files: Files,
    /// Timeouts of the download; tests use shorter ones.
    pub(crate) timeouts: Timeouts,
}

/// A loaded data set.
#[derive(Debug)]
pub struct Loaded {
    /// The data set.
    pub digits: Digits,
    /// Places that were tried before, in order, each with the reason why it was skipped.
    pub skipped: Vec<Skipped>,
}

impl Places {
    /// Returns `$MNIST_DIR` if it is set and not empty, the user's cache folder, and the server that
    /// burn-dataset uses.
    pub fn from_environment() -> Self {
        let mnist_dir = env::var_os("MNIST_DIR").filter(|dir| !dir.is_empty());
        Self {
            mnist_dir: mnist_dir.map(PathBuf::from),
            cache: dirs::cache_dir(),
            base_url: mnist::BASE_URL.to_owned(),
            files: mnist::files(),
            timeouts: Timeouts::default(),
        }
    }
}

/// Loads a data set. Calls `progress` many times a second during a download.
///
/// Blocks during a download. A server that cannot be reached is given up after 5 s. Otherwise each of
/// four attempts per file ends after 10 s without data, and after 2 min in any case.
///
/// # Errors
///
/// [`Error::NotFound`] if no source is available. Other errors concern the files in `dir` or
/// `$MNIST_DIR`: defects there are not skipped. Only a `$MNIST_DIR` that lacks a file is skipped.
pub fn load(
    request: &Request,
    places: &Places,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Loaded, Error> {
    let mut skipped = Vec::new();
    if let Some(dir) = &request.dir {
        let digits = folder::read(dir, &places.files)?;
        return Ok(Loaded { digits, skipped });
    }
    for source in &request.sources {
        let found = match source {
            Source::Mnist => find_mnist(places, progress, &mut skipped)?,
            Source::Synthetic => Some(synthetic()),
        };
        if let Some(digits) = found {
            return Ok(Loaded { digits, skipped });
        }
    }
    Err(Error::NotFound { skipped })
}

/// Looks for MNIST in one place after another. Returns `None` if it is in none of them.
fn find_mnist(
    places: &Places,
    progress: &dyn Fn(Progress<'_>),
    skipped: &mut Vec<Skipped>,
) -> Result<Option<Digits>, Error> {
    match &places.mnist_dir {
        None => skipped.push(Skipped::MnistDirUnset),
        Some(dir) => match folder::read_mnist(dir, &places.files) {
            Err(Error::Missing { path }) => skipped.push(Skipped::MnistDirLacks(path)),
            read => return read.map(Some),
        },
    }
    let Some(cache) = &places.cache else {
        skipped.push(Skipped::NoCache);
        return Ok(None);
    };
    let downloader = Downloader::new(&places.base_url, places.timeouts, progress);
    match cache::read_or_download(cache, &places.files, &downloader, skipped) {
        Ok(digits) => Ok(Some(digits)),
        Err(error) => {
            skipped.push(Skipped::Fetch(error));
            Ok(None)
        }
    }
}
