//! `trainer run`: from a study to its results.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use model::Variant;

use crate::{
    allocator,
    checkpoint::{Checkpoint, Head},
    digits::{self, Splits},
    error::Error,
    files, listing,
    lock::Lock,
    progress::Progress,
    record::{self, Record},
    report,
    results::{self, Mismatch},
    run::Plan,
    schedule, stop,
    study::{EPOCHS, Run, Settings, Study, run_name},
    weights::StartWeights,
};

/// How many times as long as results.csv took to write it then rests, unless the runs end.
const REST: u32 = 20;

/// What of a study is to be trained.
#[derive(Debug, Default)]
pub struct Choice {
    /// Whether what the folder holds is set aside first.
    pub fresh: bool,
    /// These of its runs, and no other.
    pub only: Option<Vec<Run>>,
}

/// Trains every run of a study that has not finished yet, and keeps results.csv up to date. Of a choice of
/// runs the last process alone writes what belongs to the whole study: hundreds may train at a time.
///
/// # Errors
///
/// When the backend or the digits are not to be had, the folder belongs to another study, a run
/// fails, another process has some of the runs, or a signal asks to end.
pub fn train(
    study: &Study,
    output: &Path,
    choice: &Choice,
    progress: &Progress,
) -> Result<(), Error> {
    let device = study.backend.open()?;
    let splits = digits::load(study, progress)?;
    let start = study.fit.weights.as_deref().map(StartWeights::read).transpose()?;
    let machine = study.backend.devices().into_iter().next().unwrap_or_default();
    let plan = Plan { study, splits: &splits, device: &device, start: start.as_ref(), machine };
    plan.check_start()?;
    let outcome =
        plan.train_all(output, choice, progress, |run, folder| plan.train(run, folder, progress));
    // What finished is worth seeing also where others failed.
    let ended = matches!(outcome, Ok(()) | Err(Error::Runs { .. } | Error::Held { .. }));
    if ended && (choice.only.is_none() || is_complete(study, output)?) {
        if choice.only.is_some() {
            results::write_csv(study, output)?;
        }
        report::write(study, output, Some(&splits))?;
    }
    outcome
}

/// What is about to be trained, in a sentence.
fn opening(study: &Study, splits: &Splits, unfinished: usize) -> String {
    let (runs, train) = (study.runs.len(), &splits.of(&study.data).train);
    let before = match runs - unfinished {
        0 => String::new(),
        finished => format!(", {finished} of them finished before"),
    };
    // What is swept has no one value.
    let one =
        |key, value, varied: &str| if study.is_swept(key) { varied.to_owned() } else { value };
    format!(
        "{}: {} ({} training and {} test images, {}), {}, {} on {}{before}",
        study.name,
        splits.name,
        one("data.limit", train.len().to_string(), "several counts of"),
        splits.test.len(),
        one("data.pixels", format!("{} pixels", study.data.pixels), "pixels varied"),
        one("fit.epochs", counted(study.fit.epochs, "epoch"), "epochs varied"),
        counted(runs, "run"),
        study.backend,
    )
}

/// `1 epoch`, `2 epochs`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A request to end is told once, and not as the failure of each run, unless some did fail.
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

/// Renames a study's folder, if it is there and nobody trains in it.
fn set_aside(output: &Path, progress: &Progress) -> Result<(), Error> {
    if !output.exists() {
        return Ok(());
    }
    if !output.join("study.toml").exists() {
        return Err(Error::Argument(format!(
            "--fresh: {} is no study's folder, so it stays as it is; name another with --out",
            output.display()
        )));
    }
    // `.` and the like cannot be renamed.
    let output = fs::canonicalize(output)
        .map_err(|source| Error::Read { path: output.to_owned(), source })?;
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

/// Takes away what a kill has left half written in a study's folder, unless others are at work there.
fn tidy(output: &Path) -> Result<(), Error> {
    if let Some(_nobody_trains) = Lock::try_close(output)? {
        let _nobody_writes = Lock::take(output)?;
        files::sweep(output)?;
    }
    Ok(())
}

/// Whether every run of a study has finished. Those that are trained last are looked at first.
fn is_complete(study: &Study, output: &Path) -> Result<bool, Error> {
    for run in study.runs.iter().rev() {
        if listing::progress(run, output)? != listing::Progress::Finished {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps results.csv up to date while runs finish, at a cost that stays a small share of their time however
/// many they are.
struct Csv<'a> {
    study: &'a Study,
    output: &'a Path,
    is_kept: bool,
    /// Whether runs have finished since.
    is_behind: bool,
    /// When it was written, and how long that took.
    written: (Instant, Duration),
}

impl<'a> Csv<'a> {
    fn begin(study: &'a Study, output: &'a Path, is_kept: bool) -> Result<Self, Error> {
        let written = (Instant::now(), Duration::ZERO);
        let mut csv = Self { study, output, is_kept, is_behind: true, written };
        csv.end()?;
        Ok(csv)
    }

    /// A run has finished.
    fn add(&mut self) -> Result<(), Error> {
        self.is_behind = true;
        let (written, took) = self.written;
        if written.elapsed() < took * REST { Ok(()) } else { self.end() }
    }

    /// Writes what is not written yet.
    fn end(&mut self) -> Result<(), Error> {
        if self.is_kept && self.is_behind {
            let begun = Instant::now();
            results::write_csv(self.study, self.output)?;
            self.written = (Instant::now(), begun.elapsed());
            self.is_behind = false;
        }
        Ok(())
    }
}

/// What a run's record or checkpoint says of how it was made.
struct Found<'a> {
    variant: &'a str,
    seed: u64,
    point: &'a Settings,
    settings: &'a Settings,
    sha256: &'a str,
}

impl<'a> Found<'a> {
    fn record(record: &'a Record) -> Self {
        let Record { variant, seed, point, settings, dataset_sha256: sha256, .. } = record;
        Self { variant, seed: *seed, point, settings, sha256 }
    }

    fn head(head: &'a Head) -> Self {
        let Head { variant, seed, point, settings, dataset_sha256: sha256, .. } = head;
        Self { variant, seed: *seed, point, settings, sha256 }
    }
}

impl Plan<'_> {
    /// Does `work` on every run that has not finished yet, each under its folder's lock.
    fn train_all(
        &self,
        output: &Path,
        choice: &Choice,
        progress: &Progress,
        work: impl Fn(&Run, &Path) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let study = self.study;
        if choice.fresh {
            set_aside(output, progress)?;
        }
        let runs = match &choice.only {
            None => self.unfinished(output)?,
            Some(runs) => self.unfinished_of(runs, output)?,
        };
        // A folder that cannot be written fails here, before the first epoch.
        files::make_folder(output)?;
        tidy(output)?;
        let _training = Lock::share(output)?;
        files::write(&output.join("study.toml"), study.to_toml().as_bytes())?;
        let csv = Csv::begin(study, output, choice.only.is_none())?;
        progress.say(&opening(study, self.splits, runs.len()));

        allocator::keep_freed();
        stop::listen().map_err(Error::Signals)?;
        let bar = progress.study(runs.len());
        let (finished, held) = (Mutex::new((0, csv)), Mutex::new(Vec::new()));
        let outcome = schedule::run_all(&runs, study.jobs.resolve(study.backend), |run| {
            if let Some(signal) = stop::requested() {
                return Err(Error::Stopped { signal });
            }
            let folder = files::make_folder_in(output, &run.folder())?;
            let Some(_lock) = Lock::try_take(&folder)? else {
                held.lock().unwrap_or_else(PoisonError::into_inner).push(run.clone());
                return Ok(());
            };
            files::sweep(&folder)?;
            // Another process may have trained it in the meantime, even by other settings.
            if !self.check_run(output, &folder, Some(run))? {
                let outcome = schedule::caught(|| work(run, &folder));
                if let Err(panic @ Error::Panic(_)) = &outcome {
                    record::mark_failed(&folder, &panic.to_string())?;
                }
                outcome?;
            }
            // Held while the file is written, so that an earlier state never follows a later one.
            let mut finished = finished.lock().unwrap_or_else(PoisonError::into_inner);
            finished.1.add()?;
            finished.0 += 1;
            bar.advance(finished.0, "");
            Ok(())
        });
        bar.finish();
        let (_, mut csv) = finished.into_inner().unwrap_or_else(PoisonError::into_inner);
        csv.end()?;
        outcome.map_err(stopped)?;
        check_held(held.into_inner().unwrap_or_else(PoisonError::into_inner), output)
    }

    /// Refuses start weights that do not fit every variant.
    fn check_start(&self) -> Result<(), Error> {
        let first = |variant: &Variant| self.start_of(&Run::new(variant.clone(), 0)).map(drop);
        self.study.variants.iter().try_for_each(first)
    }

    /// The runs still to be trained. Refuses a folder whose runs were made otherwise.
    fn unfinished(&self, output: &Path) -> Result<Vec<Run>, Error> {
        let runs = self.study.runs.iter().map(|run| (output.join(run.folder()), run));
        let runs: HashMap<PathBuf, &Run> = runs.collect();
        let mut finished = HashSet::new();
        for folder in record::run_folders(output)? {
            if self.check_run(output, &folder, runs.get(&folder).copied())? {
                finished.insert(folder);
            }
        }
        let is_left = |run: &&Run| !finished.contains(&output.join(run.folder()));
        Ok(self.study.runs.iter().filter(is_left).cloned().collect())
    }

    /// Of some of the study's runs those still to be trained; no other folder is looked at.
    fn unfinished_of(&self, runs: &[Run], output: &Path) -> Result<Vec<Run>, Error> {
        let mut left = Vec::new();
        for run in runs {
            if !self.check_run(output, &output.join(run.folder()), Some(run))? {
                left.push(run.clone());
            }
        }
        Ok(left)
    }

    /// Whether the run in a folder, if it is one of the study's, is finished. Refuses one that was made
    /// otherwise, or is damaged.
    fn check_run(&self, output: &Path, folder: &Path, run: Option<&Run>) -> Result<bool, Error> {
        let epochs = run.map_or(self.study.fit.epochs, |run| run.fit.epochs);
        let record = Record::read(folder)?;
        if let Some(record) = &record {
            let asked = record.asked_epochs().unwrap_or(usize::MAX);
            let enough = record.ended_early() && record.epochs <= epochs;
            self.check_same(output, run, &Found::record(record), asked < epochs || enough)?;
        }
        let record = record.filter(|record| record.is_finished(epochs));
        if let Some(record) = &record {
            record.check_files(folder)?;
        } else if let Some(checkpoint) = Checkpoint::read(folder)? {
            let goes_on = checkpoint.epochs() <= epochs;
            self.check_same(output, run, &Found::head(&checkpoint.head), goes_on)?;
        }
        Ok(record.is_some())
    }

    /// Refuses a run that was made with other settings or other data. One of this study that `goes_on`
    /// may have been asked for another number of epochs.
    fn check_same(
        &self,
        output: &Path,
        run: Option<&Run>,
        there: &Found<'_>,
        goes_on: bool,
    ) -> Result<(), Mismatch> {
        let &Found { variant, seed, point, settings, sha256 } = there;
        let name = run_name(variant, point, seed);
        let mut here = match run {
            Some(run) => self.settings(run),
            None => self.with_start(self.study.settings_beside(variant, point, settings)),
        };
        if goes_on
            && run.is_some()
            && let Some(epochs) = settings.get(EPOCHS)
        {
            here.insert(EPOCHS.to_owned(), epochs.clone());
        }
        let mut differences = results::differences(settings, &here);
        if let Some(run) = run.filter(|run| run.to_string() != name) {
            differences.push(format!("it lies in the folder of {run}"));
        }
        if sha256 != self.splits.sha256 {
            differences.push(format!("the data set there is another than `{}`", self.splits.name));
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(Mismatch { folder: output.to_owned(), run: name, differences })
    }
}

/// Says which runs other processes still have.
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
    use data::{Digits, PIXELS, Split};

    use super::*;
    use crate::config::Entries;

    #[test]
    fn a_run_that_panics_is_marked_and_the_others_go_on() {
        let text = "variants = [\"none\", \"l1\", \"l2\"]\nfit.epochs = 1\njobs = 1";
        let study = Study::read("small", &Entries::parse(text, Path::new("")).unwrap()).unwrap();
        let split = || Split::new(vec![7; 20 * PIXELS], vec![3; 20]);
        let splits = Splits::new(Digits::new("small", split(), split()), &study).unwrap();
        let device = study.backend.open().unwrap();
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
            plan.train_all(&output, &Choice::default(), &Progress::Quiet, |run, folder| {
                assert!(run.variant.name != panicking, "a panic on purpose");
                plan.train(run, folder, &Progress::Quiet)
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

        // It is tried again, and the mark goes.
        train("").unwrap();
        let records = results::read(&study, &output).unwrap();
        assert!(results::unfinished(&study, &records, &output).is_empty());
        assert!(record::failure(&output.join("runs/l1/seed-0")).is_none());
    }
}
