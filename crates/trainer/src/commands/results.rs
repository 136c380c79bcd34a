//! `trainer results`.

use clap::Args;

use super::{
    Error,
    arguments::{StudyArguments, argument},
};
use crate::{
    results::{self, Layout, rows, unfinished},
    runner::tell,
};

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    study: StudyArguments,
    /// Print all columns, however wide the terminal
    #[arg(long)]
    full: bool,
    /// Print all notes and verdicts, and what the columns mean
    #[arg(long)]
    explain: bool,
    /// Print runs and summaries as JSON
    #[arg(long, conflicts_with_all = ["csv", "full", "explain"])]
    json: bool,
    /// Print the rows of results.csv
    #[arg(long, conflicts_with_all = ["full", "explain"])]
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
            return Err(Error::NoResults { folder, untrained: None });
        }
        match (self.json, self.csv) {
            (true, _) => Ok(results::json(&rows, first)?),
            (_, true) => Ok(results::csv_text(&rows)?),
            _ => {
                let (is_full, is_explained) = (self.full, self.explain);
                let layout = Layout { is_full, is_explained, ..Layout::of_terminal() };
                Ok(results::table(&rows, first, &argument(&folder, &saved.study.name), layout))
            }
        }
    }
}
