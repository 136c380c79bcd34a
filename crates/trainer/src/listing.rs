//! `trainer runs`: a study's runs by number, and how far each is.

use std::{fmt, path::Path};

use serde::Serialize;

use crate::{
    checkpoint, continuing,
    error::Error,
    record::{self, Record},
    study::{KeyValues, Run, Study, label},
};

/// What a processor's core takes for one image of one epoch, roughly, where no run has told yet.
const SECONDS_PER_IMAGE: f64 = 5e-6;
/// The training images of MNIST.
const IMAGES: usize = 60_000;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// Trained to its last epoch, or for good.
    Finished,
    /// Tried, and failed.
    Failed,
    /// A checkpoint is there: it is being trained, or was cut off.
    Begun,
    /// Not begun yet.
    Waiting,
}

impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Begun => "begun",
            Self::Waiting => "waiting",
        })
    }
}

/// The list for a program.
#[derive(Debug, Serialize)]
struct List<'a> {
    name: &'a str,
    folder: String,
    backend: String,
    gpu: bool,
    runs: Vec<Line<'a>>,
}

/// One run of the list.
#[derive(Debug, Serialize)]
struct Line<'a> {
    number: usize,
    variant: &'a str,
    point: &'a KeyValues,
    seed: u64,
    state: Progress,
}

/// How far a run is in an output folder.
///
/// # Errors
///
/// When its record cannot be read, or is of other settings.
pub fn progress(study: &Study, run: &Run, output: &Path) -> Result<Progress, Error> {
    if continuing::is_finished(study, run, output)? {
        return Ok(Progress::Finished);
    }
    let folder = output.join(run.folder());
    if record::failure(&folder).is_some() {
        return Ok(Progress::Failed);
    }
    Ok(if folder.join(checkpoint::FILE).exists() { Progress::Begun } else { Progress::Waiting })
}

fn lines<'a>(study: &'a Study, output: &Path) -> Result<Vec<Line<'a>>, Error> {
    let line = |(number, run): (usize, &'a Run)| {
        let Run { variant, point, seed, .. } = run;
        Ok(Line {
            number,
            variant: &variant.name,
            point,
            seed: *seed,
            state: progress(study, run, output)?,
        })
    };
    study.runs.iter().enumerate().map(line).collect()
}

/// The list for a reader.
///
/// # Errors
///
/// When a record cannot be read, or is of other settings.
pub fn text(study: &Study, output: &Path) -> Result<String, Error> {
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

/// The list for a program.
///
/// # Errors
///
/// When a record cannot be read, or is of other settings.
pub fn json(study: &Study, output: &Path) -> Result<String, Error> {
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

/// The numbers of the runs that have not finished, in at most so many batches of neighbours, each as
/// `--only` takes it: a line each. A batch should take so many minutes at least, as far as can be told.
///
/// # Errors
///
/// When a record cannot be read, or this build lacks the backend.
pub fn batches(study: &Study, output: &Path, most: usize, minutes: f64) -> Result<String, Error> {
    study.settings.backend.check_built_in()?;
    let rate = seconds_per_image(output)?;
    let mut left = Vec::new();
    for Line { number, state, .. } in lines(study, output)? {
        if state != Progress::Finished {
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
    Ok(batches.iter().map(|batch| format!("{}\n", ranges(batch))).collect())
}

/// How many images a run learns from, those that it sees again in each epoch counted again.
fn images(run: &Run) -> f64 {
    run.fit.epochs as f64 * run.data.limit.unwrap_or(IMAGES).min(IMAGES) as f64
}

/// How long one core takes for an image: as long as in the runs that have finished, or by a guess.
fn seconds_per_image(output: &Path) -> Result<f64, Error> {
    let (mut seconds, mut images) = (0.0, 0.0);
    for record in Record::read_all(output)? {
        let limit = record.settings.get("data.limit").and_then(toml::Value::as_integer);
        seconds += record.fit_seconds;
        images += record.epochs as f64 * limit.map_or(IMAGES as f64, |limit| limit as f64);
    }
    Ok(if images > 0.0 { seconds / images } else { SECONDS_PER_IMAGE })
}

/// `0-3,7`, of numbers in order.
fn ranges(numbers: &[usize]) -> String {
    let ranges = numbers.chunk_by(|one, next| one + 1 == *next).map(|range| match range {
        [first, .., last] => format!("{first}-{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    });
    ranges.collect::<Vec<_>>().join(",")
}

/// Which runs of a study `--only` names: `7`, `10-19`, or several of them with commas between.
///
/// # Errors
///
/// When that is no list of numbers, or names a run that the study has not.
pub fn chosen(only: &str, study: &Study) -> Result<Vec<Run>, Error> {
    let refused = |reason: String| Error::Argument(format!("--only {only}: {reason}"));
    let number = |text: &str| {
        let number: Option<usize> = text.trim().parse().ok();
        number.ok_or_else(|| refused("takes run numbers, for example 7 or 0-3,10-19".to_owned()))
    };
    let mut runs = Vec::new();
    for part in only.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        let range = (first <= last).then(|| study.runs.get(first..=last)).flatten();
        runs.extend_from_slice(range.ok_or_else(|| {
            refused(format!(
                "the study's runs count from 0 to {}",
                study.runs.len().saturating_sub(1)
            ))
        })?);
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Entries;

    #[test]
    fn ranges_are_what_only_takes() {
        let text = "variants = [\"none\"]\nseeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
        let study = Study::read("small", &Entries::parse(text, Path::new("")).unwrap()).unwrap();
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
        let seeds = |only: &str| -> Result<Vec<u64>, String> {
            let runs = chosen(only, &study).map_err(|error| error.to_string());
            Ok(runs?.iter().map(|run| run.seed).collect())
        };
        assert_eq!(seeds("0-2,5,7-8"), Ok(vec![0, 1, 2, 5, 7, 8]));
        assert_eq!(seeds("10"), Ok(vec![10]));
        for wrong in ["11", "3-2", "0-11", "18446744073709551615", "0-18446744073709551615"] {
            let message = format!("--only {wrong}: the study's runs count from 0 to 10");
            assert_eq!(seeds(wrong), Err(message));
        }
        for wrong in ["", "-", "1-", "x", "1,", "-1", "99999999999999999999"] {
            assert!(seeds(wrong).unwrap_err().contains("takes run numbers"), "{wrong}");
        }
    }
}
