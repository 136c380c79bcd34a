//! Scheduling of runs: several at a time, each on a thread.

use std::{
    fmt,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{Error, threads};
use crate::study::{Backend, Jobs};

impl Jobs {
    /// Returns the number of runs that train at a time on a backend. A run takes one core of a CPU, or a whole GPU.
    /// In a Slurm job the number of cores is `SLURM_CPUS_PER_TASK`, as Slurm may not restrict the task to them.
    pub fn resolve(self, backend: Backend) -> usize {
        match self {
            Self::Count(jobs) => jobs,
            Self::Auto if backend.is_cpu() => {
                let cores = thread::available_parallelism().map_or(1, NonZero::get);
                let granted = std::env::var("SLURM_CPUS_PER_TASK").unwrap_or_default();
                granted.parse().map_or(cores, |granted: usize| granted.clamp(1, cores))
            }
            Self::Auto => 1,
        }
    }
}

/// Calls `work` for every run in order, `jobs` at a time. A run that panics fails alone; after any other error no
/// further run starts.
pub(super) fn run_all<'a, R: fmt::Display + Sync>(
    runs: &'a [R],
    jobs: usize,
    work: impl Fn(&'a R) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let fail = |run: &R, error: Error| {
        let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push((run.to_string(), error));
    };
    let worker = || {
        while let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
            match caught(|| work(run)) {
                Ok(()) => {}
                Err(panic @ Error::Panic(_)) => fail(run, panic),
                Err(error) => {
                    fail(run, error);
                    next.store(runs.len(), Ordering::Relaxed);
                }
            }
        }
    };
    thread::scope(|scope| {
        // If the system grants fewer threads, fewer are used. Without any, rayon's pool is on this thread, where a run on
        // another would wait for it.
        let jobs = if threads::is_alone() { 0 } else { jobs.min(runs.len()) };
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, worker).ok();
        if (0..jobs).map_while(spawn).count() == 0 {
            worker();
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() { Ok(()) } else { Err(Error::Runs { failures }) }
}

/// Calls `work` and turns a panic into an error.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::Panic(panic_message(&*panic))))
}

/// Returns the first line of a panic's message; a driver's may fill a screen.
fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let first = text.and_then(|text| text.lines().find(|line| !line.trim().is_empty()));
    first.unwrap_or("no message").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;
    use crate::{
        config::Entries,
        study::{Run, Study},
    };

    fn runs(len: u64) -> Vec<Run> {
        let seeds: Vec<String> = (0..len).map(|seed| seed.to_string()).collect();
        let config = format!(
            "variants = [\"none\"]
seeds = [{}]",
            seeds.join(", ")
        );
        let entries = Entries::parse(&config, Path::new("")).unwrap();
        Study::read("small", &entries).unwrap().runs
    }

    #[test]
    fn does_every_run_once() {
        for jobs in [1, 3, 20] {
            let done = Mutex::new(Vec::new());
            run_all(&runs(10), jobs, |run| {
                done.lock().unwrap().push(run.seed);
                Ok(())
            })
            .unwrap();
            let done = done.into_inner().unwrap();
            assert_eq!(done.len(), 10);
            assert_eq!(done.into_iter().collect::<BTreeSet<_>>().len(), 10);
        }
    }

    #[test]
    fn a_panic_fails_one_run_and_an_error_ends_the_study() {
        let begun = AtomicUsize::new(0);
        let outcome = run_all(&runs(10), 1, |run| {
            begun.fetch_add(1, Ordering::Relaxed);
            match run.seed {
                2 => panic!("a panic on purpose"),
                4 => Err(Error::Signals(std::io::Error::other("an error on purpose"))),
                _ => Ok(()),
            }
        });
        let Err(Error::Runs { failures }) = outcome else {
            panic!("{outcome:?}");
        };
        let failures: Vec<String> =
            failures.iter().map(|(run, error)| format!("{run}: {error}")).collect();
        let expected = [
            "none seed 2: internal failure: a panic on purpose",
            "none seed 4: cannot install signal handlers",
        ];
        assert_eq!(failures, expected);
        assert_eq!(begun.into_inner(), 5);
    }

    #[test]
    fn as_many_at_a_time_as_asked_for() {
        assert_eq!(Jobs::Count(3).resolve(Backend::Flex), 3);
        assert_eq!(Jobs::Auto.resolve(Backend::Wgpu), 1);
        assert!(Jobs::Auto.resolve(Backend::Ndarray) >= 1);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let barrier = std::sync::Barrier::new(3);
        run_all(&runs(12), 3, |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Three runs wait for one another: with fewer the test would not end.
            barrier.wait();
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        })
        .unwrap();
        assert_eq!(most.into_inner(), 3);
    }
}
