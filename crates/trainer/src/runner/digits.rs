//! Loading a study's data set.

use std::cell::RefCell;

use data::{Loaded, Places, Request, Source};

use super::{
    Error,
    progress::{Progress, Task},
};
use crate::study::{Splits, Study};

/// Loads a study's data set. Warns if MNIST was not found and synthetic images are used instead.
pub fn load(study: &Study, progress: &Progress) -> Result<Splits, Error> {
    let settings = &study.settings.data;
    let request = Request { sources: settings.sources.clone(), dir: settings.dir.clone() };
    let bars = RefCell::new(None);
    let loaded = data::load(&request, &Places::from_environment(), &|download| {
        show(&mut bars.borrow_mut(), download, progress);
    });
    if let Some((_, task)) = bars.take() {
        Task::finish(&task);
    }
    let Loaded { digits, skipped } = loaded?;
    if settings.dir.is_none() && digits.name == Source::Synthetic.to_string() && !skipped.is_empty()
    {
        let reasons: Vec<String> = skipped.iter().map(ToString::to_string).collect();
        progress.warn(&format!(
            "MNIST was not found, so these are synthetic digits that the program draws itself.\n  \
             To use MNIST, set MNIST_DIR to a folder with its four IDX files, or connect to the internet.\n  \
             Tried: {}",
            reasons.join("; ")
        ));
    }
    Ok(Splits::new(digits, study)?)
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
