//! From what a study asks for to the digits: which sources, in which places, in which order.

use std::env;
use std::fmt;
use std::path::PathBuf;

use crate::cache;
use crate::digits::Digits;
use crate::download::{Downloader, Patience, Progress};
use crate::error::{Error, Skipped};
use crate::folder;
use crate::mnist::{self, Files};
use crate::synthetic;

#[cfg(test)]
mod tests;

/// Where digits may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Handwritten: 60 000 to learn from and 10 000 to test with.
    Mnist,
    /// Drawn by the program: as many, the same every time.
    Synthetic,
}

impl Source {
    /// All sources, in the order in which they are tried by default.
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

/// What a study asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The first that can be had is taken.
    pub sources: Vec<Source>,
    /// A folder with the four IDX files. If it is given, the digits are there or nowhere, and
    /// `sources` does not count.
    pub dir: Option<PathBuf>,
}

/// Where MNIST is looked for, in the order of the fields.
#[derive(Debug, Clone)]
pub struct Places {
    /// A folder with the four IDX files.
    pub mnist_dir: Option<PathBuf>,
    /// The user's cache folder, in which burn-dataset has its own.
    pub cache: Option<PathBuf>,
    /// The folder on a server, with a slash at the end, from which the cache is filled: HTTPS, or
    /// `http://127.0.0.1:<port>/` in tests.
    pub base_url: String,
    /// What makes a set MNIST, here so that tests can do with less.
    pub(crate) files: Files,
    /// How long to wait for the server, here so that tests can be short.
    pub(crate) patience: Patience,
}

/// What was found.
#[derive(Debug)]
pub struct Loaded {
    /// The digits.
    pub digits: Digits,
    /// The places that were tried before, in order, and why each did not do. Worth a warning when
    /// the digits are not the source asked for first.
    pub skipped: Vec<Skipped>,
}

impl Places {
    /// `$MNIST_DIR` if it is set and not empty, the user's cache folder, and the server that
    /// burn-dataset uses.
    pub fn from_environment() -> Self {
        let mnist_dir = env::var_os("MNIST_DIR").filter(|dir| !dir.is_empty());
        Self {
            mnist_dir: mnist_dir.map(PathBuf::from),
            cache: dirs::cache_dir(),
            base_url: mnist::BASE_URL.to_owned(),
            files: mnist::files(),
            patience: Patience::default(),
        }
    }
}

/// Loads the digits asked for. `progress` hears of any download, many times a second.
///
/// Blocks for as long as a download takes. A server that does not answer at all costs at most 5 s, one
/// that falls silent in the middle 10 s, and one that trickles 2 min, four times over.
///
/// # Errors
///
/// For `dir` and `$MNIST_DIR`, whatever is wrong with the files there; except that `$MNIST_DIR` may
/// lack a file, which is just no place to find MNIST then. [`Error::NotFound`] if no source could be had.
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

/// Looks for MNIST in one place after the other.
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
    let downloader = Downloader::new(&places.base_url, places.patience, progress);
    match cache::read_or_fetch(cache, &places.files, &downloader, skipped) {
        Ok(digits) => Ok(Some(digits)),
        Err(error) => {
            skipped.push(Skipped::Fetch(error));
            Ok(None)
        }
    }
}
