//! Training of a study's runs, several at a time.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::{Error, Progress, RunContext, allocator, scheduler, signals};
use crate::store::{
    self, Claim, Claimed, FinishedRun, Job, RunFolders, Siblings, StudyFolder, failure,
};

/// Trains runs. Calls `on_finish` for each one that is finished, in whichever process. Returns those that were left to
/// other processes.
pub fn train<'a>(
    context: &RunContext,
    folder: &StudyFolder,
    folders: &RunFolders,
    jobs: &'a [Job<'a>],
    progress: &Progress,
    on_finish: impl FnMut(&Job<'_>, FinishedRun) -> Result<(), store::Error> + Send,
) -> Result<Vec<&'a Job<'a>>, Error> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    allocator::keep_freed();
    signals::listen().map_err(Error::Signals)?;
    let siblings = Siblings::new(folders);
    let work =
        |job: &Job<'_>, claim: &mut Claim<'_>| context.train_run(job, claim, &siblings, progress);
    train_with(context, folder, folders, jobs, progress, on_finish, work)
}

/// Claims each run and calls `work` for it.
fn train_with<'a>(
    context: &RunContext,
    folder: &StudyFolder,
    folders: &RunFolders,
    jobs: &'a [Job<'a>],
    progress: &Progress,
    on_finish: impl FnMut(&Job<'_>, FinishedRun) -> Result<(), store::Error> + Send,
    work: impl Fn(&Job<'_>, &mut Claim<'_>) -> Result<FinishedRun, Error> + Sync,
) -> Result<Vec<&'a Job<'a>>, Error> {
    let settings = &context.saved.study.settings;
    let bar = progress.study(jobs.len());
    let (finished, held) = (Mutex::new((0, on_finish)), Mutex::new(HashSet::new()));
    let warn = |message: &str| progress.warn(message);
    let outcome = scheduler::run_all(jobs, settings.jobs.resolve(settings.backend), |job| {
        signals::check()?;
        let run = match folder.claim(job, folders.get(job.id), &warn)? {
            Claimed::Finished(run) => *run,
            Claimed::Held => {
                held.lock().unwrap_or_else(PoisonError::into_inner).insert(job.id);
                return Ok(());
            }
            Claimed::Ours(mut claim) => {
                let outcome = scheduler::caught(|| work(job, &mut claim));
                if let Err(panic @ Error::Panic(_)) = &outcome {
                    // The panic is reported in any case.
                    let _ = failure::write(&claim.folder, &panic.to_string());
                }
                outcome?
            }
        };
        // Locked meanwhile, so that newer results are never replaced by older ones.
        let mut finished = finished.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, on_finish) = &mut *finished;
        on_finish(job, run)?;
        *count += 1;
        bar.advance(*count, "");
        Ok(())
    });
    bar.finish();
    outcome.map_err(stopped)?;
    let held = held.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(jobs.iter().filter(|job| held.contains(job.id)).collect())
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use data::{Digits, Shape, Split};

    use super::*;
    use crate::{
        config::Entries,
        store::{DatasetName, SavedStudy},
        study::{InputFiles, Splits, Study},
    };

    #[test]
    fn a_run_that_panics_is_marked_and_the_others_go_on() {
        let text = "variants = [\"none\", \"l1\", \"l2\"]\nfit.epochs = 1\njobs = 1";
        let study = Study::read("small", &Entries::parse(text, Path::new("")).unwrap()).unwrap();
        let split = || Split::new(vec![7; 20 * Shape::MNIST.pixels()], vec![3; 20]);
        let splits = Splits::new(Digits::new("small", split(), split()), &study).unwrap();
        let device = study.settings.backend.open().unwrap();
        let dataset = DatasetName { name: "small".to_owned(), source: None };
        let saved = SavedStudy::new(study, dataset, InputFiles::default());
        let context = RunContext { saved, splits, device, start: None, machine: String::new() };
        let output = tempfile::tempdir().unwrap();
        let folder = StudyFolder::new(output.path().join("out"));
        folder.create().unwrap();
        let jobs = context.saved.jobs(None);
        let progress = Progress::new(true);
        let train = |panicking: &str| {
            let (folders, mut finished) = (folder.runs().unwrap(), Vec::new());
            let siblings = Siblings::new(&folders);
            let on_finish = |job: &Job<'_>, _| {
                finished.push(job.to_string());
                Ok(())
            };
            let outcome = train_with(
                &context,
                &folder,
                &folders,
                &jobs,
                &progress,
                on_finish,
                |job, claim| {
                    assert!(job.run.variant.name != panicking, "a panic on purpose");
                    context.train_run(job, claim, &siblings, &progress)
                },
            );
            (outcome.map(|held| held.len()), finished)
        };

        let (outcome, finished) = train("l1");
        let error = outcome.unwrap_err();
        assert_eq!(error.exit_code(), 1);
        let Error::Runs { failures } = error else { panic!("{error}") };
        assert_eq!(failures.len(), 1);
        let reason = "internal failure: a panic on purpose";
        assert_eq!(
            (failures[0].0.as_str(), failures[0].1.to_string()),
            ("l1 seed 0", reason.into())
        );
        assert_eq!(finished, ["none seed 0", "l2 seed 0"]);
        let l1 = folder.run(&jobs[1].run.folder_name(jobs[1].id));
        assert_eq!(failure::read(&l1).as_deref(), Some(reason));

        // The run is trained again, and its failure.txt is removed.
        let (outcome, finished) = train("");
        assert_eq!((outcome.unwrap(), finished.len()), (0, 3));
        assert_eq!(failure::read(&l1), None);
    }
}
