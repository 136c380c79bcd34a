//! `trainer report`.

use clap::Args;

use super::{
    Error,
    arguments::{ConfigArguments, OutputArguments},
};
use crate::{
    report, results,
    runner::{Progress, load_splits},
    store::{lock::Lock, record},
    study::Backend,
};

/// Arguments of `trainer report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    output: OutputArguments,
}

impl Report {
    /// Writes results.csv and report.html again; returns the report's path.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let (study, folder) = self.config.study_in(self.output)?;
        if record::run_folders(&folder)?.is_empty() {
            return Err(Error::NoResults { folder, begun: 0 });
        }
        let progress = Progress::new(false);
        let splits = load_splits(&study, &progress).inspect_err(|error| {
            progress.warn(&format!("the report has no test images in it: {error}"));
        });
        let device = Backend::Flex.open()?;
        let _lock = Lock::take(&folder)?;
        let records = results::read(&study, &folder)?;
        results::write(&study, &folder, &records)?;
        report::write(&study, &folder, &records, splits.ok().as_ref(), &device)?;
        Ok(format!("{}\n", folder.join(report::FILE).display()))
    }
}
