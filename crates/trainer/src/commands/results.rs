//! `trainer results`.

use clap::Args;

use super::{
    Error,
    arguments::{ConfigArguments, OutputArguments},
};
use crate::{results, runner::tell, store::record};

/// Arguments of `trainer results`.
#[derive(Debug, Args)]
pub(crate) struct Results {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    output: OutputArguments,
    /// Print runs and summaries as JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print the rows of results.csv
    #[arg(long)]
    csv: bool,
}

impl Results {
    /// Returns the table of the finished runs; notes on the others go to stderr.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let (study, folder) = self.config.study_in(self.output)?;
        let records = results::read(&study, &folder)?;
        if records.is_empty() {
            let begun = record::run_folders(&folder)?.len();
            return Err(Error::NoResults { folder, begun });
        }
        for note in results::unfinished(&study, &records, &folder) {
            tell(format!("note: {note}"));
        }
        match (self.json, self.csv) {
            (true, _) => Ok(results::json(&records, study.first_variant())?),
            (_, true) => Ok(results::csv_text(&records)?),
            _ => Ok(results::table(&records, study.first_variant())),
        }
    }
}
