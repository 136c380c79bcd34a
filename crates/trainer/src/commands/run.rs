//! `trainer run`.

use clap::Args;

use super::{Error, arguments::RunArguments, numbers};
use crate::{
    report,
    results::{self, ResultSet},
    runner::{self, Progress, RunContext, tell},
    store::StudyFolder,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    run: RunArguments,
}

impl Arguments {
    /// Trains the runs that are not finished; returns the table, unless runs were chosen.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let RunArguments { config, output, only, quiet } = self.run;
        let (study, folder) = config.study_in(output)?;
        let only = only.map(|only| numbers::parse(&only, &study)).transpose();
        let only = only.map_err(Error::Argument)?;
        let progress = Progress::new(quiet);

        let context = RunContext::load(study, &folder, &progress)?;
        let (saved, folders) = (&context.saved, folder.runs()?);
        let mut jobs = saved.jobs(only.as_deref());
        let finished = folders.verified(&jobs);
        jobs.retain(|job| !finished.contains_key(job.id));
        let is_whole = only.is_none();
        let opening = context.describe(&finished)?;
        let mut results = ResultSet::begin(saved, &folder, finished, is_whole)?;
        progress.say(&opening);
        if let Some(note) = folders.note(saved) {
            progress.say(&format!("note: {note}"));
        }

        for note in
            context.splits.notes(jobs.iter().map(|job| job.run)).map_err(runner::Error::from)?
        {
            progress.say(&format!("note: {note}"));
        }

        let trained = runner::train(&context, &folder, &folders, &jobs, &progress, |job, run| {
            results.add(job, run)
        });
        // The finished runs are reported even if others failed.
        let written = match &trained {
            Err(runner::Error::Stopped { .. } | runner::Error::Signals(_)) => {
                results.update().map_err(Error::from)
            }
            _ => write(&mut results, is_whole, &context, &folder),
        };
        let held = trained?;
        written?;
        let runs: Vec<String> =
            held.iter().filter(|job| !results.has(job)).map(ToString::to_string).collect();
        if !runs.is_empty() {
            return Err(Error::Held { runs });
        }
        let table = is_whole.then(|| results::table(&results.rows(), saved.study.first_variant()));
        Ok(table.unwrap_or_default())
    }
}

/// Writes the results and the report, unless another study was begun in the folder. If only some runs were to be
/// trained, they are written once all are finished.
fn write(
    results: &mut ResultSet<'_>,
    is_whole: bool,
    context: &RunContext,
    folder: &StudyFolder,
) -> Result<(), Error> {
    runner::end_at_next_signal()?;
    if !is_whole && !results.is_complete()? {
        return Ok(());
    }
    let splits = Some(&context.splits);
    let is_ours = results
        .write(|groups, notes| report::write(&context.saved, folder, groups, notes, splits))?;
    if !is_ours {
        let (name, folder) = (&context.saved.study.name, folder.path().display());
        tell(format!(
            "note: another study was begun in {folder} meanwhile, so its results.csv and report.html are kept; \
             to write those of {name}, run it again"
        ));
    }
    Ok(())
}
