//! `trainer report`.

use clap::Args;

use super::{Error, arguments::StudyArguments};
use crate::{
    report,
    results::{self, rows, unfinished},
    runner::{Progress, load_study},
};

/// Arguments of `trainer report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    study: StudyArguments,
}

impl Report {
    /// Writes results.csv, summary.csv and report.html again; returns the report's path.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let (saved, folder) = self.study.read()?;
        let progress = Progress::new(false);
        // Only the pictures of digits come from the data set.
        let splits = match load_study(saved.study.clone(), None, &progress) {
            Ok(loaded) => Some(loaded.splits),
            Err(error) => {
                progress.warn(&format!("the report shows no digits: {error}"));
                None
            }
        };
        let is_own = |sha256: &str| sha256 == saved.manifest.checksums.dataset_sha256;
        let splits = splits.filter(|splits| is_own(&splits.sha256));

        folder.create()?;
        let _lock = folder.lock_set()?;
        let folders = folder.runs()?;
        let finished = saved.finished(&folders, &|message| progress.warn(message));
        let rows = rows(&saved, &finished);
        results::write(&folder, &rows, saved.study.first_variant())?;
        let notes = unfinished(&saved, &finished, &folder, &folders);
        report::write(&saved, &folder, &rows, notes, splits.as_ref().map(|splits| &splits.test))?;
        Ok(format!("{}\n", folder.file(report::FILE).display()))
    }
}
