//! `trainer run`.

use std::time::Instant;

use clap::Args;

use super::{
    Error,
    arguments::{DEFAULT_CONFIG, RunArguments, argument, open_file, short_path},
    numbers,
};
use crate::{
    report,
    results::{self, Layout, ResultSet},
    runner::{self, Progress, RunContext, tell},
    store::StudyFolder,
    study::counted,
};

/// Gap between training and test accuracy from which a network overfits.
const LARGE_GAP: f64 = 0.02;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    run: RunArguments,
}

impl Arguments {
    /// Trains the runs that are not finished; returns the table, unless runs were chosen.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let begun = Instant::now();
        let RunArguments { config, output, only, open, quiet } = self.run;
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
        if !is_whole {
            return Ok(String::new());
        }
        let report = folder.file(report::FILE);
        if open {
            open_file(&report);
        }
        let (study, name) = (&saved.study, argument(&folder, &saved.study.name));
        let (rows, layout) = (results.rows(), Layout::of_terminal());
        let table = results::table(&rows, study.first_variant(), &name, layout);
        if quiet {
            return Ok(table);
        }
        let trained = match jobs.len() {
            0 => format!("{}, finished before", counted(rows.len(), "run")),
            trained => {
                format!("{} in {}", counted(trained, "run"), duration(begun.elapsed().as_secs()))
            }
        };
        let overfits = rows.iter().any(|row| row.record.gap() > LARGE_GAP);
        let more = if study.name == DEFAULT_CONFIG && !overfits {
            "nothing overfits here; to see what regularisation is for: trainer run overfit\n"
        } else {
            ""
        };
        Ok(format!(
            "{table}\n{trained} → {}\nopen it: trainer report {name} --open\n{more}",
            short_path(&report)
        ))
    }
}

/// Formats a duration: `1 min 8 s`.
fn duration(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest} s"),
        _ => format!("{hours} h {minutes} min"),
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
