//! `trainer report`.

use clap::Args;

use super::{
    Error,
    arguments::{StudyArguments, open_file, short_path},
};
use crate::{
    report,
    results::{self, rows, unfinished},
    runner::{Progress, load_study},
    splits::Splits,
    store::SavedStudy,
    study::InputFiles,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    study: StudyArguments,
    /// Open the report in the browser
    #[arg(long)]
    open: bool,
}

impl Arguments {
    /// Writes results.csv, summary.csv and report.html again; returns the report's path.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let (saved, folder) = self.study.read()?;
        let progress = Progress::new(false);
        let splits = match load_study(saved.study, None, &progress) {
            Ok(loaded) => Some(loaded.splits),
            Err(error) => {
                progress.warn(&format!("the report shows no images: {error}"));
                None
            }
        };

        folder.create()?;
        let _lock = folder.lock_set()?;
        // Loading the data set takes a moment, in which another study may have been begun.
        let saved = SavedStudy::read_locked(&folder)?;
        let saved = saved.ok_or_else(|| Error::NoStudy { folder: folder.path().to_owned() })?;
        let is_own = |splits: &Splits| {
            let files = &saved.manifest.files;
            splits.input_files() == InputFiles { weights_sha256: None, ..files.clone() }
        };
        if splits.as_ref().is_some_and(|splits| !is_own(splits)) {
            progress.warn("the report shows no images: the data set is no longer the study's");
        }
        let splits = splits.as_ref().filter(|splits| is_own(splits));
        let folders = folder.runs()?;
        let finished = saved.finished(&folders, &|message| progress.warn(message));
        let rows = rows(&saved, &finished);
        let groups = results::groups(&rows, saved.study.first_variant());
        results::write(&folder, &rows, &groups)?;
        let notes = unfinished(&saved, &finished, &folders);
        report::write(&saved, &folder, &groups, notes, splits)?;
        let file = folder.file(report::FILE);
        if self.open {
            open_file(&file);
        }
        Ok(format!("{}\n", short_path(&file)))
    }
}
