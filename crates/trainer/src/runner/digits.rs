//! Loading a study's data set.

use std::cell::RefCell;

use data::{Digits, Loaded, Places, Request, Source};

use super::{
    Error,
    progress::{Progress, Task},
};
use crate::{
    store::{DatasetName, Manifest, StudyFolder},
    study::{DataSettings, InputFiles, Splits, Study},
};

/// A study with its data set.
#[derive(Debug)]
pub struct LoadedStudy {
    /// The study. Its `data.sources` name only the source that was found.
    pub study: Study,
    /// Name of the data set.
    pub dataset: DatasetName,
    /// Images.
    pub splits: Splits,
}

/// Loads a study's data set. Refuses to fall back to another source than the folder's study was trained on.
pub fn load(
    study: Study,
    folder: Option<&StudyFolder>,
    progress: &Progress,
) -> Result<LoadedStudy, Error> {
    let settings = &study.settings.data;
    let (digits, tried) = load_digits(settings, progress)?;
    let name = digits.name.clone();
    let found = source(settings, &name);
    if let (Some(found), Some(folder)) = (found, folder) {
        check_fallback(settings, found, folder, &tried)?;
    }
    if found == Some(Source::Synthetic) && !tried.is_empty() {
        progress.warn(&format!(
            "MNIST was not found, so these are synthetic digits that the program draws itself.\n  \
             To use MNIST, set MNIST_DIR to a folder with its four IDX files, or connect to the internet.\n  \
             Tried: {tried}"
        ));
    }
    let splits = Splits::new(digits, &study)?;
    let dataset = DatasetName { name, source: found.map(|source| source.to_string()) };
    let study = match found {
        Some(source) => study.with_source(source),
        None => study,
    };
    Ok(LoadedStudy { study, dataset, splits })
}

/// Loads the data set and describes the places that were tried before it.
fn load_digits(settings: &DataSettings, progress: &Progress) -> Result<(Digits, String), Error> {
    let request = Request { sources: settings.sources.clone(), dir: settings.dir.clone() };
    let bars = RefCell::new(None);
    let loaded = data::load(&request, &Places::from_environment(), &|download| {
        show(&mut bars.borrow_mut(), download, progress);
    });
    if let Some((_, task)) = bars.take() {
        Task::finish(&task);
    }
    let Loaded { digits, skipped } = loaded?;
    let tried: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    Ok((digits, tried.join("; ")))
}

/// Returns the source with this name; `None` if the data set comes from `data.dir`.
fn source(settings: &DataSettings, name: &str) -> Option<Source> {
    let is_found = |source: &Source| source.to_string() == name;
    settings.sources.iter().copied().filter(|_| settings.dir.is_none()).find(is_found)
}

/// Returns an error if the study of the folder was trained on a source that was tried before the one that was found.
fn check_fallback(
    settings: &DataSettings,
    found: Source,
    folder: &StudyFolder,
    tried: &str,
) -> Result<(), Error> {
    let manifest = Manifest::read(folder).ok().flatten();
    let Some(expected) = manifest.and_then(|manifest| manifest.dataset.source) else {
        return Ok(());
    };
    let mut before = settings.sources.iter().take_while(|source| **source != found);
    if !before.any(|source| source.to_string() == expected) {
        return Ok(());
    }
    let folder = folder.path().to_owned();
    Err(Error::SourceLost { folder, expected, found: found.to_string(), tried: tried.to_owned() })
}

/// Returns a study with the name of its data set and what identifies it. Loads the data set if it is `needed`, or unless the
/// folder's manifest names the source that the study takes first. The files of a `data.dir` may have changed.
pub(super) fn identify(
    study: Study,
    folder: &StudyFolder,
    needed: bool,
    progress: &Progress,
) -> Result<(Study, DatasetName, InputFiles), Error> {
    let settings = &study.settings.data;
    let first = settings.sources.first().filter(|_| settings.dir.is_none() && !needed).copied();
    if let (Some(first), Ok(Some(manifest))) = (first, Manifest::read(folder))
        && manifest.dataset.source == Some(first.to_string())
    {
        let files = InputFiles { weights_sha256: None, ..manifest.files };
        return Ok((study.with_source(first), manifest.dataset, files));
    }
    let LoadedStudy { study, dataset, splits } = load(study, Some(folder), progress)?;
    Ok((study, dataset, splits.input_files()))
}

/// Shows the progress of a download, a bar per file.
fn show(bar: &mut Option<(String, Task)>, download: data::Progress<'_>, progress: &Progress) {
    if bar.as_ref().is_none_or(|(file, _)| file != download.file) {
        if let Some((_, task)) = bar.take() {
            task.finish();
        }
        let total = download.total.unwrap_or(0) as u64;
        *bar = Some((download.file.to_owned(), progress.download(download.file, total)));
    }
    if let Some((_, task)) = bar {
        task.advance(download.done as u64, "");
    }
}
