//! `trainer runs`: lists a study's runs with their numbers and states.

use std::{fmt, path::Path};

use clap::Args;
use serde::Serialize;

use super::{
    Error,
    arguments::{ConfigArguments, OutputArguments},
};
use crate::{
    runner::{self, load_splits, resume},
    store::{
        checkpoint,
        record::{self, Record},
    },
    study::{KeyValues, Run, Study, label, numbers},
};

/// Assumed seconds per image and epoch on one core, until a run has finished.
const SECONDS_PER_IMAGE: f64 = 5e-6;
/// Number of MNIST's training images.
const IMAGES: usize = 60_000;

/// Arguments of `trainer runs`.
#[derive(Debug, Args)]
pub(crate) struct Runs {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    output: OutputArguments,
    /// Print JSON
    #[arg(long, conflicts_with = "batches")]
    json: bool,
    /// Print the study instead, as one config with every setting
    #[arg(long, conflicts_with_all = ["batches", "json"])]
    toml: bool,
    /// Print only the unfinished runs' numbers, in at most so many lines for `trainer run --only`
    #[arg(long, value_name = "MOST")]
    batches: Option<usize>,
    /// Least time that each of those lines should take
    #[arg(long, value_name = "MINUTES", default_value_t = 0.0, requires = "batches")]
    batch_minutes: f64,
}

impl Runs {
    /// Returns the list.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let (study, folder) = self.config.study_in(self.output)?;
        match self.batches {
            Some(most) => {
                // Fetches the data set once, for the processes that will train the runs.
                load_splits(&study, &runner::Progress::new(false))?;
                batches(&study, &folder, most, self.batch_minutes)
            }
            None if self.toml => Ok(study.to_toml()),
            None if self.json => json(&study, &folder),
            None => text(&study, &folder),
        }
    }
}

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Trained to its end.
    Finished,
    /// Failed at the last attempt.
    Failed,
    /// Started: it has a checkpoint, and is being trained or was interrupted.
    Begun,
    /// Not started.
    Waiting,
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Begun => "begun",
            Self::Waiting => "waiting",
        })
    }
}

/// Formats the list as JSON.
#[derive(Debug, Serialize)]
struct List<'a> {
    name: &'a str,
    folder: String,
    backend: String,
    gpu: bool,
    runs: Vec<Line<'a>>,
}

/// A run of the list.
#[derive(Debug, Serialize)]
struct Line<'a> {
    number: usize,
    variant: &'a str,
    point: &'a KeyValues,
    seed: u64,
    state: State,
}

/// Returns a run's state in an output folder.
fn state(study: &Study, run: &Run, output: &Path) -> Result<State, Error> {
    if resume::is_finished(study, run, output)? {
        return Ok(State::Finished);
    }
    let folder = output.join(run.folder());
    if record::failure(&folder).is_some() {
        return Ok(State::Failed);
    }
    Ok(if folder.join(checkpoint::FILE).exists() { State::Begun } else { State::Waiting })
}

fn lines<'a>(study: &'a Study, output: &Path) -> Result<Vec<Line<'a>>, Error> {
    let line = |(number, run): (usize, &'a Run)| {
        let Run { variant, point, seed, .. } = run;
        Ok(Line {
            number,
            variant: &variant.name,
            point,
            seed: *seed,
            state: state(study, run, output)?,
        })
    };
    study.runs.iter().enumerate().map(line).collect()
}

/// Formats the list as text.
fn text(study: &Study, output: &Path) -> Result<String, Error> {
    let lines = lines(study, output)?;
    let points: Vec<String> = lines.iter().map(|line| label(line.point)).collect();
    let variant = lines.iter().map(|line| line.variant.len()).fold(7, usize::max);
    let point = points.iter().map(String::len).fold(5, usize::max);
    let heading =
        format!("number  {:variant$}  {:point$}  {:>4}  state\n", "variant", "point", "seed");
    let rows = lines.iter().zip(points).map(|(line, at)| {
        let Line { number, variant: name, seed, state, .. } = line;
        format!("{number:>6}  {name:variant$}  {at:point$}  {seed:>4}  {state}\n")
    });
    Ok(std::iter::once(heading).chain(rows).collect())
}

/// Formats the list as JSON.
fn json(study: &Study, output: &Path) -> Result<String, Error> {
    let list = List {
        name: &study.name,
        folder: output.display().to_string(),
        backend: study.settings.backend.to_string(),
        gpu: !study.settings.backend.is_cpu(),
        runs: lines(study, output)?,
    };
    let json = serde_json::to_string_pretty(&list);
    let unwritten =
        |error: serde_json::Error| Error::Unwritten { format: "JSON", reason: error.to_string() };
    json.map(|json| json + "\n").map_err(unwritten)
}

/// Lists the numbers of the unfinished runs in at most `most` batches of consecutive runs, a line each in the form
/// that `--only` takes. A batch takes an estimated `minutes` at least.
fn batches(study: &Study, output: &Path, most: usize, minutes: f64) -> Result<String, Error> {
    study.settings.backend.check_built_in()?;
    let rate = seconds_per_image(output)?;
    let mut left = Vec::new();
    for Line { number, state, .. } in lines(study, output)? {
        if state != State::Finished {
            left.push((number, rate * images(&study.runs[number])));
        }
    }
    let whole: f64 = left.iter().map(|(_, seconds)| seconds).sum();
    let target = (whole / most.max(1) as f64).max(minutes * 60.0);
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut filled = f64::INFINITY;
    for (number, seconds) in left {
        match batches.last_mut() {
            Some(batch) if filled < target => batch.push(number),
            _ => {
                batches.push(vec![number]);
                filled = 0.0;
            }
        }
        filled += seconds;
    }
    Ok(batches.iter().map(|batch| format!("{}\n", numbers::ranges(batch))).collect())
}

/// Returns the number of images that a run trains on, over all epochs.
fn images(run: &Run) -> f64 {
    run.fit.epochs as f64 * run.data.limit.unwrap_or(IMAGES).min(IMAGES) as f64
}

/// Returns the seconds per image and epoch on one core, measured on the finished runs.
fn seconds_per_image(output: &Path) -> Result<f64, Error> {
    let (mut seconds, mut images) = (0.0, 0.0);
    for record in Record::read_all(output)? {
        let limit = record.settings.get("data.limit").and_then(toml::Value::as_integer);
        seconds += record.fit_seconds;
        images += record.epochs as f64 * limit.map_or(IMAGES as f64, |limit| limit as f64);
    }
    Ok(if images > 0.0 { seconds / images } else { SECONDS_PER_IMAGE })
}
