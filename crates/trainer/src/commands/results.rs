//! `trainer results`.

use clap::Args;

use super::{Error, arguments::StudyArguments};
use crate::{
    results::{self, rows, unfinished},
    runner::tell,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    study: StudyArguments,
    /// Print runs and summaries as JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print the rows of results.csv
    #[arg(long)]
    csv: bool,
}

impl Arguments {
    /// Returns the table of the finished runs; notes on the others go to stderr.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let (saved, folder) = self.study.read()?;
        let folders = folder.runs()?;
        let finished = saved.finished(&folders, &|message| tell(format!("warning: {message}")));
        let (rows, first) = (rows(&saved, &finished), saved.study.first_variant());
        for note in unfinished(&saved, &finished, &folders) {
            tell(format!("note: {note}"));
        }
        if rows.is_empty() {
            let folder = folder.path().to_owned();
            return Err(Error::NoResults { folder, has_begun: true });
        }
        match (self.json, self.csv) {
            (true, _) => Ok(results::json(&rows, first)?),
            (_, true) => Ok(results::csv_text(&rows)?),
            _ => Ok(results::table(&rows, first)),
        }
    }
}
