//! Loading the first available of several data sets.

use std::env;
use std::path::PathBuf;

use crate::cache;
use crate::download::{Downloader, Progress, Timeouts};
use crate::error::{Error, Skipped};
use crate::folder;
use crate::image_set::ImageSet;
use crate::published::{self, Published};
use crate::source::Source;
use crate::synthetic;

#[cfg(test)]
mod tests;

/// The data set to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Sources in the order of trying them; the first available one is loaded.
    pub sources: Vec<Source>,
    /// Folder with the four IDX files of any data set. If it is given, `sources` is ignored.
    pub dir: Option<PathBuf>,
}

/// Locations of the published data sets.
#[derive(Debug, Clone)]
pub struct Places {
    /// The user's cache folder, in which each data set has its own.
    pub cache: Option<PathBuf>,
    /// Those of MNIST, Fashion-MNIST and KMNIST.
    pub(crate) sets: [SetPlaces; 3],
    /// Timeouts of the download; tests use shorter ones.
    pub(crate) timeouts: Timeouts,
}

/// Locations of one of the published data sets, besides the cache.
#[derive(Debug, Clone)]
pub(crate) struct SetPlaces {
    /// Folder with the four IDX files, which is searched before the cache.
    pub(crate) dir: Option<PathBuf>,
    /// URL, ending in a slash, of the folder from which files are downloaded to the cache.
    pub(crate) base_url: String,
    /// The data set; tests replace its files by smaller ones.
    pub(crate) set: Published,
}

/// A loaded data set.
#[derive(Debug)]
pub struct Loaded {
    /// The data set.
    pub images: ImageSet,
    /// Its source; `None` if it comes from a folder of the user's.
    pub source: Option<Source>,
    /// Locations that were tried before, in order, each with the reason why it was skipped.
    pub skipped: Vec<Skipped>,
}

impl Places {
    /// Returns the folders of the environment variables that are set and not empty, the user's cache folder, and the
    /// servers that publish the data sets.
    pub fn from_environment() -> Self {
        let sets = published::all().map(|set| SetPlaces {
            dir: set.source.variable().and_then(folder_of),
            base_url: set.base_url.to_owned(),
            set,
        });
        Self { cache: dirs::cache_dir(), sets, timeouts: Timeouts::default() }
    }

    /// Returns the places of MNIST, whose checksums tell it from other data sets.
    fn mnist(&self) -> &SetPlaces {
        &self.sets[0]
    }

    /// Returns the places of a source; `None` if it is not published but drawn.
    fn of(&self, source: Source) -> Option<&SetPlaces> {
        self.sets.iter().find(|places| places.set.source == source)
    }
}

/// Returns the folder that an environment variable names, if it is set and not empty.
fn folder_of(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

/// Loads a data set. Calls `progress` many times a second during a download.
///
/// Blocks during a download. A server that cannot be reached is given up after 5 s. Otherwise each of
/// four attempts per file ends after 10 s without data, and after 2 min in any case.
///
/// # Errors
///
/// [`Error::NotFound`] if no source is available. Other errors concern the files in `dir` or in a folder
/// that an environment variable such as `$MNIST_DIR` names: defects there are not skipped. Such a folder
/// is skipped only if it lacks a file.
pub fn load(
    request: &Request,
    places: &Places,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Loaded, Error> {
    let mut skipped = Vec::new();
    if let Some(dir) = &request.dir {
        let images = folder::read(dir, &places.mnist().set)?;
        return Ok(Loaded { images, source: None, skipped });
    }
    for &source in &request.sources {
        let found = match places.of(source) {
            Some(set) => find(set, places, progress, &mut skipped)?,
            None => Some(synthetic()),
        };
        if let Some(images) = found {
            return Ok(Loaded { images, source: Some(source), skipped });
        }
    }
    let variables = request.sources.iter().filter_map(|source| source.variable()).collect();
    Err(Error::NotFound { variables, skipped })
}

/// Looks for a published data set in one location after another. Returns `None` if it is in none of them.
fn find(
    SetPlaces { dir, base_url, set }: &SetPlaces,
    places: &Places,
    progress: &dyn Fn(Progress<'_>),
    skipped: &mut Vec<Skipped>,
) -> Result<Option<ImageSet>, Error> {
    let variable = set.source.variable().unwrap_or_default();
    match dir {
        None => skipped.push(Skipped::Unset(variable)),
        Some(dir) => match folder::read_published(dir, set) {
            Err(Error::Missing { path }) => skipped.push(Skipped::FolderLacks { variable, path }),
            read => return read.map(Some),
        },
    }
    let Some(cache) = &places.cache else {
        skipped.push(Skipped::NoCache);
        return Ok(None);
    };
    let downloader = Downloader::new(base_url, places.timeouts, progress);
    match cache::read_or_download(cache, set, &downloader, skipped) {
        Ok(images) => Ok(Some(images)),
        Err(error) => {
            skipped.push(Skipped::Fetch(error));
            Ok(None)
        }
    }
}
