//! `trainer run`.

use clap::Args;

use super::{
    Error,
    arguments::{ConfigArguments, OutputArguments},
};
use crate::{
    results,
    runner::{Choice, Progress, train},
    study,
};

/// Arguments of `trainer run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    output: OutputArguments,
    /// Start anew; the folder's contents are set aside under another name
    #[arg(long)]
    fresh: bool,
    /// Train only these runs, by their numbers in `trainer runs`: 7, 10-19 or 0-3,8
    #[arg(long, value_name = "NUMBERS", conflicts_with = "fresh")]
    only: Option<String>,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

impl Run {
    /// Trains the runs that are not finished; returns the table, unless runs were chosen.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let (study, folder) = self.config.study_in(self.output)?;
        let only = self.only.map(|only| study::numbers::parse(&only, &study));
        let only = only.transpose().map_err(Error::Argument)?;
        let choice = Choice { fresh: self.fresh, only };
        train(&study, &folder, &choice, &Progress::new(self.quiet))?;
        match choice.only {
            None => Ok(results::table(&results::read(&study, &folder)?, study.first_variant())),
            Some(_) => Ok(String::new()),
        }
    }
}
