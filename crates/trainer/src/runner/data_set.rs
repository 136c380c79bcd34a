//! Loading a study's data set.

use std::cell::RefCell;

use data::{Loaded, Places, Request, Skipped, Source, UserSet};

use super::{
    Error,
    progress::{Progress, Task},
    threads,
};
use crate::{
    splits::Splits,
    store::{DatasetName, Manifest, StudyFolder},
    study::{DataSettings, InputFiles, Study},
};

/// A study with its data set.
#[derive(Debug)]
pub struct LoadedStudy {
    /// The study. Its `data.sources` name only the source that was found.
    pub study: Study,
    pub dataset: DatasetName,
    pub splits: Splits,
}

/// Loads a study's data set. Refuses to fall back to another source than the folder's study was trained on.
pub fn load(
    study: Study,
    folder: Option<&StudyFolder>,
    progress: &Progress,
) -> Result<LoadedStudy, Error> {
    let settings = &study.settings.data;
    let Loaded { images, source, skipped, notes } = load_images(settings, progress)?;
    for note in &notes {
        progress.warn(note);
    }
    let tried: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    let tried = tried.join("; ");
    if let (Some(found), Some(folder)) = (source, folder) {
        check_fallback(settings, found, folder, &tried)?;
    }
    if let (Some(found), Some(&first)) = (source, settings.sources.first())
        && found != first
    {
        progress.warn(&fallback(first, found, &tried));
    } else {
        for skipped in &skipped {
            if matches!(skipped, Skipped::Other(_) | Skipped::Unverified(_)) {
                progress.warn(&format!("skipped: {skipped}"));
            }
        }
    }
    if let Some(source) = source
        && images.name != source.to_string()
    {
        progress.warn(&format!(
            "the files of {} are not its gzipped ones, so their checksums cannot be verified; the data set is named {}",
            source.title(),
            images.name
        ));
    }
    let dataset =
        DatasetName { name: images.name.clone(), source: source.map(|source| source.to_string()) };
    let splits = Splits::new(images, &study)?;
    let study = match source {
        Some(source) => study.with_source(source),
        None => study,
    };
    Ok(LoadedStudy { study, dataset, splits })
}

/// Says that a source is used instead of the one that the config names first.
fn fallback(first: Source, found: Source, tried: &str) -> String {
    let instead = match found {
        Source::Synthetic => "synthetic digits drawn by the program replace it",
        _ => "another data set replaces it",
    };
    let advice = match first.variable() {
        Some(variable) => format!(
            "\n  To use {}, set {variable} to its folder or file, or connect to the internet.",
            first.title()
        ),
        None => String::new(),
    };
    format!("{} was not found, so {instead}.{advice}\n  Tried: {tried}", first.title())
}

fn load_images(settings: &DataSettings, progress: &Progress) -> Result<Loaded, Error> {
    threads::start_pool();
    let DataSettings { ref sources, ref dir, transposed, size, test_split, .. } = *settings;
    let user_set = dir.clone().map(|path| UserSet { path, transposed, size, test_split });
    let request = Request { sources: sources.clone(), user_set };
    let bars = RefCell::new(None);
    Ok(data::load(&request, &Places::from_environment(), &|done| {
        show(&mut bars.borrow_mut(), done, progress);
    })?)
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
/// folder's manifest names the source that the study takes first. The files of a `data.dir` may have changed, and those of a
/// source that cannot be verified.
pub(super) fn identify(
    study: Study,
    folder: &StudyFolder,
    needed: bool,
    progress: &Progress,
) -> Result<(Study, DatasetName, InputFiles), Error> {
    let settings = &study.settings.data;
    let first = settings.sources.first().filter(|_| settings.dir.is_none() && !needed).copied();
    if let (Some(first), Ok(Some(manifest))) = (first, Manifest::read(folder))
        && manifest.dataset.source.as_ref() == Some(&manifest.dataset.name)
        && manifest.dataset.name == first.to_string()
    {
        let files = InputFiles { weights_sha256: None, ..manifest.files };
        return Ok((study.with_source(first), manifest.dataset, files));
    }
    let LoadedStudy { study, dataset, splits } = load(study, Some(folder), progress)?;
    Ok((study, dataset, splits.input_files()))
}

/// Shows the progress of a download or of reading, a bar per file.
fn show(bar: &mut Option<(String, Task)>, done: data::Progress<'_>, progress: &Progress) {
    if bar.as_ref().is_none_or(|(name, _)| name != done.name) {
        *bar = None;
        let total = done.total.unwrap_or(0) as u64;
        *bar = Some((done.name.to_owned(), progress.loading(done.name, total, done.unit)));
    }
    if let Some((_, task)) = bar {
        task.advance(done.done as u64, "");
    }
}
