//! Training of a study: from its config to its results.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    Error, StartWeights, allocator, load_splits, progress::Progress, resume, run::Plan, scheduler,
    signals,
};
use crate::{
    report, results,
    store::{
        self, files,
        lock::Lock,
        record::{self, Record},
    },
    study::{Backend, Run, Splits, Study},
};

/// File name of the resolved config in a study's folder.
pub const STUDY: &str = "study.toml";

/// Least time between two writes of results.csv, in times the last one took.
const REST: u32 = 20;

/// Choice of the runs to train.
#[derive(Debug, Default)]
pub struct Choice {
    /// Whether the folder's contents are set aside first.
    pub fresh: bool,
    /// The runs to train; all if `None`.
    pub only: Option<Vec<Run>>,
}

/// Trains the runs of a study that are not finished, and keeps results.csv up to date. If runs were chosen, only the
/// process that finishes the study writes results.csv and the report, as hundreds may train at a time.
pub fn train(
    study: &Study,
    output: &Path,
    choice: &Choice,
    progress: &Progress,
) -> Result<(), Error> {
    let device = study.settings.backend.open()?;
    let splits = load_splits(study, progress)?;
    let start = study.settings.fit.weights.as_deref().map(StartWeights::read).transpose()?;
    let machine = study.settings.backend.devices().into_iter().next().unwrap_or_default();
    let plan = Plan { study, splits: &splits, device: &device, start: start.as_ref(), machine };
    plan.check_start()?;
    let outcome =
        plan.train_all(output, choice, progress, |run, lock| plan.train(run, lock, progress));
    // The finished runs are reported even if others failed.
    let ended = match &outcome {
        Ok(()) | Err(Error::Held { .. }) => true,
        // If a folder was moved or deleted, the one at its path is not this study's.
        Err(Error::Runs { failures }) => !failures
            .iter()
            .any(|(_, error)| matches!(error, Error::Store(store::Error::Gone { .. }))),
        Err(_) => false,
    };
    let written = if ended { plan.conclude(output, choice) } else { Ok(()) };
    outcome.and(written)
}

/// Describes in a sentence what will be trained.
fn opening(study: &Study, splits: &Splits, unfinished: usize) -> String {
    let (runs, train) = (study.runs.len(), &splits.of(&study.settings.data).train);
    let before = match runs - unfinished {
        0 => String::new(),
        finished => format!(", {finished} of them finished before"),
    };
    // Swept settings have several values.
    let one =
        |key, value, varied: &str| if study.is_swept(key) { varied.to_owned() } else { value };
    format!(
        "{}: {} ({} training and {} test images, {}), {}, {} on {}{before}",
        study.name,
        splits.name,
        one("data.limit", train.len().to_string(), "several counts of"),
        splits.test.len(),
        one("data.pixels", format!("{} pixels", study.settings.data.pixels), "pixels varied"),
        one("fit.epochs", counted(study.settings.fit.epochs, "epoch"), "epochs varied"),
        counted(runs, "run"),
        study.settings.backend,
    )
}

/// `1 epoch`, `2 epochs`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Turns runs that a signal stopped into one error, unless others failed.
fn stopped(error: Error) -> Error {
    let Error::Runs { mut failures } = error else { return error };
    let stop = failures.iter().find_map(|(_, error)| match error {
        Error::Stopped { signal } => Some(*signal),
        _ => None,
    });
    failures.retain(|(_, error)| !matches!(error, Error::Stopped { .. }));
    match stop {
        Some(signal) if failures.is_empty() => Error::Stopped { signal },
        _ => Error::Runs { failures },
    }
}

/// Renames a study's folder, if it exists and no process trains in it.
fn set_aside(output: &Path, progress: &Progress) -> Result<(), Error> {
    if !output.exists() {
        return Ok(());
    }
    if !output.join(STUDY).exists() {
        return Err(Error::NoStudy { folder: output.to_owned() });
    }
    // `.` and the like cannot be renamed.
    let output = fs::canonicalize(output)
        .map_err(|source| store::Error::Read { path: output.to_owned(), source })?;
    let _one_by_one = Lock::take(&output)?;
    let Some(_closed) = Lock::try_close(&output)? else {
        return Err(Error::Busy { folder: output });
    };
    let aside = (1_u32..).map(|number| {
        let mut name = output.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    });
    let aside = aside.into_iter().find(|aside| !aside.exists()).unwrap_or_default();
    files::rename(&output, &aside)?;
    progress.say(&format!("{} is now {}", output.display(), aside.display()));
    Ok(())
}

/// Keeps results.csv up to date while runs finish. Writing it takes a small share of the time, however many they are.
struct Csv<'a> {
    study: &'a Study,
    output: &'a Path,
    is_kept: bool,
    /// Whether runs have finished since it was written.
    is_behind: bool,
    /// Time of the last write, and its duration.
    written: (Instant, Duration),
}

impl<'a> Csv<'a> {
    fn begin(study: &'a Study, output: &'a Path, is_kept: bool) -> Result<Self, Error> {
        let written = (Instant::now(), Duration::ZERO);
        let mut csv = Self { study, output, is_kept, is_behind: true, written };
        csv.end()?;
        Ok(csv)
    }

    /// Reports a finished run.
    fn add(&mut self) -> Result<(), Error> {
        self.is_behind = true;
        let (written, took) = self.written;
        if written.elapsed() < took * REST { Ok(()) } else { self.end() }
    }

    /// Writes the file if runs have finished since.
    fn end(&mut self) -> Result<(), Error> {
        if self.is_kept && self.is_behind {
            let begun = Instant::now();
            let _lock = Lock::take(self.output)?;
            results::write(self.study, self.output, &results::read(self.study, self.output)?)?;
            self.written = (Instant::now(), begun.elapsed());
            self.is_behind = false;
        }
        Ok(())
    }
}

impl Plan<'_> {
    /// Calls `work` for every run that is not finished, with its folder locked.
    fn train_all(
        &self,
        output: &Path,
        choice: &Choice,
        progress: &Progress,
        work: impl Fn(&Run, &Lock) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let study = self.study;
        if choice.fresh {
            set_aside(output, progress)?;
        }
        let runs = match &choice.only {
            None => self.unfinished(output)?,
            Some(runs) => self.unfinished_of(runs, output)?,
        };
        // An output folder that cannot be written is an error before the first epoch.
        let training = self.enter(output, choice.only.is_some())?;
        let csv = Csv::begin(study, output, choice.only.is_none())?;
        progress.say(&opening(study, self.splits, runs.len()));

        allocator::keep_freed();
        signals::listen().map_err(Error::Signals)?;
        let bar = progress.study(runs.len());
        let (finished, held) = (Mutex::new((0, csv)), Mutex::new(Vec::new()));
        let outcome =
            scheduler::run_all(&runs, study.settings.jobs.resolve(study.settings.backend), |run| {
                if let Some(signal) = signals::requested() {
                    return Err(Error::Stopped { signal });
                }
                training.check()?;
                let folder = files::make_folder_in(output, &run.folder())?;
                let Some(lock) = Lock::try_take(&folder)? else {
                    held.lock().unwrap_or_else(PoisonError::into_inner).push(run.clone());
                    return Ok(());
                };
                files::remove_temporary(&folder)?;
                // Another process may have trained the run meanwhile, even with other settings.
                if !self.check_run(output, &folder, Some(run))? {
                    let outcome = scheduler::caught(|| work(run, &lock));
                    if let Err(panic @ Error::Panic(_)) = &outcome {
                        record::mark_failed(&folder, &panic.to_string())?;
                    }
                    outcome?;
                }
                // Locked while the file is written, so that newer contents are never replaced by older ones.
                let mut finished = finished.lock().unwrap_or_else(PoisonError::into_inner);
                finished.1.add()?;
                finished.0 += 1;
                bar.advance(finished.0, "");
                Ok(())
            });
        bar.finish();
        let (_, mut csv) = finished.into_inner().unwrap_or_else(PoisonError::into_inner);
        let written = training.check().map_err(Error::from).and_then(|()| csv.end());
        // Failures of runs come before a failure to write results.csv.
        outcome.map_err(stopped)?;
        written?;
        check_held(held.into_inner().unwrap_or_else(PoisonError::into_inner), output)
    }

    /// Writes results.csv and the report; if runs were chosen, only if all runs are finished.
    fn conclude(&self, output: &Path, choice: &Choice) -> Result<(), Error> {
        if choice.only.is_some() {
            if !resume::is_complete(self.study, output)? {
                return Ok(());
            }
            // Processes that trained apart have not compared their runs.
            self.unfinished(output)?;
        }
        let device = Backend::Flex.open()?;
        let _lock = Lock::take(output)?;
        let records = results::read(self.study, output)?;
        results::write(self.study, output, &records)?;
        report::write(self.study, output, &records, Some(self.splits), &device)?;
        Ok(())
    }

    /// Takes the shared lock of a study's folder, and writes study.toml and the inputs.
    fn enter(&self, output: &Path, is_part: bool) -> Result<Lock, Error> {
        files::make_folder(output)?;
        let _one_by_one = Lock::take(output)?;
        let nobody = Lock::try_close(output)?;
        if nobody.is_some() {
            // Files that a killed process has left incomplete.
            files::remove_temporary(output)?;
        }
        // Runs of other processes may have no files yet, and with chosen runs the others were not checked.
        if nobody.is_none() || (is_part && record::any_run(output)?.is_some()) {
            self.check_study(output, nobody.is_none())?;
        }
        if nobody.is_none() {
            self.check_inputs(output)?;
        }
        drop(nobody);
        let training = Lock::share(output)?;
        files::write(&output.join(STUDY), self.study.to_toml().as_bytes())?;
        self.write_inputs(output)?;
        Ok(training)
    }

    /// Returns an error if the start weights do not fit the network of every run.
    fn check_start(&self) -> Result<(), Error> {
        if self.start.is_none() {
            return Ok(());
        }
        // The names and shapes of a network's tensors depend on nothing else.
        let tensors = |run: &Run| -> Vec<(usize, bool)> {
            run.variant.network.hidden.iter().map(|block| (block.units, block.batch_norm)).collect()
        };
        let mut checked = HashSet::new();
        let mut runs = self.study.runs.iter().filter(|run| checked.insert(tensors(run)));
        runs.try_for_each(|run| self.start_of(run).map(drop))
    }
}

/// Returns an error with the runs that other processes are training.
fn check_held(held: Vec<Run>, output: &Path) -> Result<(), Error> {
    let mut runs = Vec::new();
    for run in held {
        let record = Record::read(&output.join(run.folder()))?;
        if !record.is_some_and(|record| record.is_finished(run.fit.epochs)) {
            runs.push(run.to_string());
        }
    }
    if runs.is_empty() { Ok(()) } else { Err(Error::Held { runs }) }
}

#[cfg(test)]
mod tests {
    use data::{Digits, Shape, Split};

    use super::*;
    use crate::config::Entries;

    #[test]
    fn a_run_that_panics_is_marked_and_the_others_go_on() {
        let text = "variants = [\"none\", \"l1\", \"l2\"]\nfit.epochs = 1\njobs = 1";
        let study = Study::read("small", &Entries::parse(text, Path::new("")).unwrap()).unwrap();
        let split = || Split::new(vec![7; 20 * Shape::MNIST.pixels()], vec![3; 20]);
        let splits = Splits::new(Digits::new("small", split(), split()), &study).unwrap();
        let device = study.settings.backend.open().unwrap();
        let plan = Plan {
            study: &study,
            splits: &splits,
            device: &device,
            start: None,
            machine: String::new(),
        };
        let place = tempfile::tempdir().unwrap();
        let output = place.path().join("out");
        let train = |panicking: &str| {
            plan.train_all(&output, &Choice::default(), &Progress::Quiet, |run, lock| {
                assert!(run.variant.name != panicking, "a panic on purpose");
                plan.train(run, lock, &Progress::Quiet)
            })
        };

        let error = train("l1").unwrap_err();
        assert_eq!(error.exit_code(), 1);
        let Error::Runs { failures } = error else { panic!("{error}") };
        let told: Vec<String> =
            failures.iter().map(|(run, error)| format!("{run}: {error}")).collect();
        assert_eq!(told, ["l1 seed 0: internal failure: a panic on purpose"]);
        let records = results::read(&study, &output).unwrap();
        let names: Vec<&str> = records.iter().map(|record| record.variant.as_str()).collect();
        assert_eq!(names, ["none", "l2"]);
        let notes = results::unfinished(&study, &records, &output);
        let expected = [
            "1 of 3 runs have not finished",
            "l1 seed 0 failed: internal failure: a panic on purpose",
        ];
        assert_eq!(notes, expected);

        // The run is trained again, and its failure.txt is removed.
        train("").unwrap();
        let records = results::read(&study, &output).unwrap();
        assert!(results::unfinished(&study, &records, &output).is_empty());
        assert!(record::failure(&output.join("runs/l1/seed-0")).is_none());
    }
}
