//! Training of a study's runs, several at a time.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::{Error, Progress, RunContext, allocator, scheduler, signals};
use crate::store::{self, Claimed, FinishedRun, Job, RunFolders, Siblings, StudyFolder};

/// Trains runs. Calls `on_finish` for each finished run, also of other processes. Returns the runs that other processes
/// are training.
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
    let settings = &context.saved.study.settings;
    let study = progress.study(jobs.iter().map(|job| job.run));
    let (on_finish, held) = (Mutex::new(on_finish), Mutex::new(HashSet::new()));
    let outcome = scheduler::run_all(jobs, settings.jobs.resolve(settings.backend), |job| {
        signals::check()?;
        let run = match folder.claim(job, folders.get(job.id), &|message| progress.warn(message))? {
            Claimed::Finished(run) => {
                study.skip(job.run);
                *run
            }
            Claimed::Held => {
                study.skip(job.run);
                held.lock().unwrap_or_else(PoisonError::into_inner).insert(job.id);
                return Ok(());
            }
            Claimed::Ours(mut claim) => {
                let outcome =
                    scheduler::caught(|| context.train_run(job, &mut claim, &siblings, &study));
                if let Err(panic @ Error::Panic(_)) = &outcome {
                    // The panic is reported in any case.
                    let _ = claim.fail(&panic.to_string());
                }
                outcome?
            }
        };
        // Locked meanwhile, so that newer results are never replaced by older ones.
        let mut on_finish = on_finish.lock().unwrap_or_else(PoisonError::into_inner);
        on_finish(job, run)?;
        study.finish_run();
        Ok(())
    });
    drop(study);
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

    use data::{ImageSet, Shape, Split};

    use super::*;
    use crate::{
        config::Entries,
        splits::Splits,
        store::{DatasetName, SavedStudy},
        study::{InputFiles, Study},
    };

    /// Builds the context of three runs, of which `l1` has this batch size.
    fn context(batch_size: usize) -> RunContext {
        let text = "variants = [\"none\", \"l1\", \"l2\"]\nfit.epochs = 1\njobs = 1";
        let mut study =
            Study::read("small", &Entries::parse(text, Path::new("")).unwrap()).unwrap();
        let split = || Split::new(Shape::MNIST, vec![7; 20 * Shape::MNIST.pixels()], vec![3; 20]);
        let splits = Splits::new(ImageSet::new("small", split(), split()), &study).unwrap();
        let device = study.settings.backend.open().unwrap();
        study.runs[1].fit.batch_size = batch_size;
        let dataset = DatasetName { name: "small".to_owned(), source: None };
        let saved = SavedStudy::new(study, dataset, InputFiles::default());
        RunContext { saved, splits, device, start: None, machine: String::new() }
    }

    #[test]
    fn a_run_that_panics_is_marked_and_the_others_go_on() {
        let output = tempfile::tempdir().unwrap();
        let folder = StudyFolder::new(output.path().join("out"));
        folder.create().unwrap();
        let train = |context: &RunContext| {
            let (jobs, folders) = (context.saved.jobs(None), folder.runs().unwrap());
            let mut finished = Vec::new();
            let held = train(context, &folder, &folders, &jobs, &Progress::new(true), |job, _| {
                finished.push(job.to_string());
                Ok(())
            });
            (held.map(|held| held.len()), finished)
        };
        let failure =
            |context: &RunContext| folder.runs().unwrap().failure(context.saved.jobs(None)[1].id);

        // No config can set a batch size of 0.
        let broken = context(0);
        let (outcome, finished) = train(&broken);
        let error = outcome.unwrap_err();
        let Error::Runs { failures } = error else { panic!("{error}") };
        let told: Vec<String> =
            failures.iter().map(|(run, error)| format!("{run}: {error}")).collect();
        let reason = "internal failure: chunk size must be non-zero";
        assert_eq!(told, [format!("l1 seed 0: {reason}")]);
        assert_eq!(finished, ["none seed 0", "l2 seed 0"]);
        assert_eq!(failure(&broken).as_deref(), Some(reason));

        // A run that failed is trained again, and its failure.txt is removed.
        let sound = context(10);
        let job = &sound.saved.jobs(None)[1];
        let l1 = folder.run(&job.run.folder_name(job.id));
        std::fs::create_dir(&l1).unwrap();
        std::fs::write(l1.join("failure.txt"), reason).unwrap();
        assert_eq!(failure(&sound).as_deref(), Some(reason));
        let (outcome, finished) = train(&sound);
        assert_eq!(outcome.unwrap(), 0);
        assert_eq!(finished, ["none seed 0", "l1 seed 0", "l2 seed 0"]);
        assert_eq!(failure(&sound), None);
    }
}
