//! `trainer runs`: lists a study's runs with their numbers and states.

use std::{collections::HashSet, fmt, path::Path};

use clap::Args;
use serde::Serialize;

use super::{
    Error,
    arguments::{ConfigArguments, OutputArguments},
    numbers,
};
use crate::{
    runner::{Progress, RunContext},
    store::{FinishedRun, FinishedRuns, SavedStudy, StudyFolder, files::to_json},
    study::{KeyValues, Run, label},
};

/// Assumed seconds per image and epoch on one core, until a run has finished.
const SECONDS_PER_IMAGE: f64 = 5e-6;
/// Work of evaluating an image relative to training on it: a forward pass without a backward one.
const EVALUATION: f64 = 0.3;
/// Number of MNIST's training images.
const IMAGES: usize = 60_000;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
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
    /// Print only the unfinished runs' numbers, in at most MOST lines for `trainer run --only`
    #[arg(long, value_name = "MOST")]
    batches: Option<usize>,
    /// Minimum estimated time per line
    #[arg(long, value_name = "MINUTES", default_value_t = 0.0, requires = "batches")]
    batch_minutes: f64,
}

impl Arguments {
    /// Returns the list.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let (study, folder) = self.config.study_in(self.output)?;
        let progress = Progress::new(false);
        if let Some(most) = self.batches {
            study.settings.backend.check_built_in()?;
            // Fetches the data set once, for the processes that will train the runs.
            let saved = RunContext::identify(study, &folder, true, &progress)?;
            let list = List::new(&saved, &folder, &progress)?;
            return Ok(batches(&list, most, self.batch_minutes));
        }
        let saved = RunContext::identify(study, &folder, false, &progress)?;
        if self.toml {
            return Ok(saved.study.to_toml(Path::new("."))?);
        }
        let list = List::new(&saved, &folder, &progress)?;
        if self.json { json(&list) } else { Ok(text(&list)) }
    }
}

/// Status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// Trained to its end.
    Finished,
    /// Failed at the last attempt.
    Failed,
    /// Started: it is being trained or was interrupted.
    Begun,
    /// Not started.
    Waiting,
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Begun => "begun",
            Self::Waiting => "waiting",
        })
    }
}

/// List of a study's runs.
#[derive(Debug, Serialize)]
struct List<'a> {
    name: &'a str,
    folder: String,
    backend: String,
    gpu: bool,
    runs: Vec<Line<'a>>,
    /// Seconds per image and epoch on one core.
    #[serde(skip)]
    seconds_per_image: f64,
}

/// A run of the list.
#[derive(Debug, Serialize)]
struct Line<'a> {
    number: usize,
    variant: &'a str,
    point: &'a KeyValues,
    seed: u64,
    state: Status,
    #[serde(skip)]
    run: &'a Run,
    /// Whether no earlier line has the same run.
    #[serde(skip)]
    is_first: bool,
}

impl<'a> List<'a> {
    fn new(
        saved: &'a SavedStudy,
        folder: &StudyFolder,
        progress: &Progress,
    ) -> Result<Self, Error> {
        let study = &saved.study;
        let folders = folder.runs()?;
        let finished = saved.finished(&folders, &|message| progress.warn(message));
        let mut seen = HashSet::new();
        let lines = saved.runs().enumerate().map(|(number, (run, id))| {
            let Run { variant, point, seed, .. } = run;
            let state = match folders.get(id) {
                _ if finished.contains_key(id) => Status::Finished,
                [] => Status::Waiting,
                _ if folders.failure(id).is_some() => Status::Failed,
                _ => Status::Begun,
            };
            let is_first = seen.insert(id);
            Line { number, variant: &variant.name, point, seed: *seed, state, run, is_first }
        });
        Ok(Self {
            name: &study.name,
            folder: folder.path().display().to_string(),
            backend: study.settings.backend.to_string(),
            gpu: !study.settings.backend.is_cpu(),
            runs: lines.collect(),
            seconds_per_image: seconds_per_image(saved, &finished),
        })
    }
}

/// Formats the list as text.
fn text(list: &List<'_>) -> String {
    let lines = &list.runs;
    let points: Vec<String> = lines.iter().map(|line| label(line.point)).collect();
    let variant = lines.iter().map(|line| line.variant.len()).fold(7, usize::max);
    let point = points.iter().map(String::len).fold(5, usize::max);
    let heading =
        format!("number  {:variant$}  {:point$}  {:>4}  state\n", "variant", "point", "seed");
    let rows = lines.iter().zip(points).map(|(line, at)| {
        let Line { number, variant: name, seed, state, .. } = line;
        format!("{number:>6}  {name:variant$}  {at:point$}  {seed:>4}  {state}\n")
    });
    let finished = lines.iter().filter(|line| line.state == Status::Finished).count();
    let count = format!("{finished} of {} finished\n", lines.len());
    std::iter::once(heading).chain(rows).chain([count]).collect()
}

/// Formats the list as JSON.
fn json(list: &List<'_>) -> Result<String, Error> {
    Ok(to_json("the list of runs", list)?)
}

/// Lists the numbers of the unfinished runs in at most `most` batches of consecutive runs, a line each in the form
/// that `--only` takes. A batch takes an estimated `minutes` at least.
fn batches(list: &List<'_>, most: usize, minutes: f64) -> String {
    let left = list.runs.iter().filter(|line| line.state != Status::Finished && line.is_first);
    let left: Vec<(usize, f64)> =
        left.map(|line| (line.number, list.seconds_per_image * images(line.run))).collect();
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
    batches.iter().map(|batch| format!("{}\n", numbers::ranges(batch))).collect()
}

/// Estimates the work of a run in training images, over all epochs.
fn images(run: &Run) -> f64 {
    let (data, fit) = (&run.data, &run.fit);
    let validation = data.validation.unwrap_or(0).min(IMAGES);
    let train = data.limit.unwrap_or(IMAGES).min(IMAGES - validation) as f64;
    let evaluated = validation as f64 + train * data.validation_split;
    let trained = train * (1.0 - data.validation_split);
    fit.epochs as f64 * (trained + EVALUATION * evaluated / fit.validate_every as f64)
}

/// Returns the seconds per training image and epoch on one core, measured on the finished runs.
fn seconds_per_image(saved: &SavedStudy, finished: &FinishedRuns) -> f64 {
    let (mut seconds, mut done) = (0.0, 0.0);
    for (run, id) in saved.runs() {
        if let Some(FinishedRun { record, .. }) = finished.get(id) {
            seconds += record.fit_seconds;
            done += images(run) * record.epochs as f64 / run.fit.epochs as f64;
        }
    }
    if done > 0.0 { seconds / done } else { SECONDS_PER_IMAGE }
}
