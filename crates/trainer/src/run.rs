//! One run: from where it stands to its record, with checkpoints on the way.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use burn::tensor::Device;
use model::Network;

use crate::{
    batches::Images,
    checkpoint::{self, Checkpoint, Head},
    digits::Splits,
    error::Error,
    fit::{Fit, State, Watch},
    lock::Lock,
    progress::{Progress, Task},
    record::{self, Checksums, MODEL, Record, read_history},
    stop,
    study::{Run, Settings, Study, WEIGHTS},
    tensorboard::Events,
    weights::{self, StartWeights},
};

/// Between checkpoints, unless the config counts epochs: some milliseconds every so often.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// What all runs of a study share.
pub(crate) struct Plan<'a> {
    pub(crate) study: &'a Study,
    pub(crate) splits: &'a Splits,
    pub(crate) device: &'a Device,
    pub(crate) start: Option<&'a StartWeights>,
    /// The device's name.
    pub(crate) machine: String,
}

impl Plan<'_> {
    /// Fits, evaluates, and writes the run's files. Goes on from what the folder has of it.
    pub(crate) fn train(&self, run: &Run, lock: &Lock, progress: &Progress) -> Result<(), Error> {
        let folder = lock.folder();
        let Self { study, splits, device, .. } = self;
        let cut = splits.of(&run.data);
        let images = |split| Images { split, pixels: run.data.pixels };
        let fit = Fit {
            run,
            train: images(&cut.train),
            validation: cut.validation.as_ref().map(images),
            device,
            memory: study.backend.memory(),
        };
        let (state, seconds) = self.state(&fit, folder)?;
        let head = Head {
            variant: run.variant.name.clone(),
            seed: run.seed,
            point: run.point.clone(),
            sha256: String::new(),
            settings: self.settings(run),
            dataset_sha256: splits.sha256.clone(),
            steps: state.steps,
            fit_seconds: seconds,
        };
        let bar = progress.run(run, run.fit.epochs);
        let events = study.output.tensorboard.then(|| Events::begin(folder, state.history.len()));
        let mut watch = Keeper::new(study, lock, head, &bar, events.transpose()?);
        // From the first moment others see by what settings the run is made.
        watch.keep(&state)?;
        let outcome = fit.train(state, &mut watch);
        bar.finish();
        let state = outcome?;
        let fit_seconds = watch.seconds();
        // The record's files may be cut off half replaced; then the run goes on from here.
        watch.keep(&state)?;

        let train = fit.evaluate(&state.network, images(&cut.train));
        let test = fit.evaluate(&state.network, images(&splits.test));
        let record = Record {
            variant: run.variant.name.clone(),
            seed: run.seed,
            point: run.point.clone(),
            settings: self.settings(run),
            dataset: splits.name.clone(),
            dataset_sha256: splits.sha256.clone(),
            acc_train: train.accuracy,
            acc_test: test.accuracy,
            loss_train: train.loss,
            loss_test: test.loss,
            parameters: run.variant.network.parameters(),
            epochs: state.history.len(),
            fit_seconds,
            machine: self.machine.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            files_sha256: Checksums::default(),
            folder: folder.to_owned(),
        };
        lock.check()?;
        record.write(folder, &weights::to_bytes(&state.network)?, &state.history)?;
        record::unmark_failed(folder)?;
        checkpoint::remove(folder)
    }

    /// The settings that a run's result depends on, start weights by their checksum.
    pub(crate) fn settings(&self, run: &Run) -> Settings {
        self.with_start(self.study.run_settings(run))
    }

    /// Settings with the start weights' checksum among them.
    pub(crate) fn with_start(&self, mut settings: Settings) -> Settings {
        if let Some(start) = self.start {
            settings.insert(WEIGHTS.to_owned(), start.sha256.clone().into());
        }
        settings
    }

    /// The network that a run starts from.
    pub(crate) fn start_of(&self, run: &Run) -> Result<Network, Error> {
        let network = run.variant.network.init(run.seed, self.device);
        match self.start {
            Some(start) => start.load(network),
            None => Ok(network),
        }
    }

    /// Where a run stands, and the time that went into it: at its checkpoint, at its end with fewer
    /// epochs, or at its beginning.
    fn state(&self, fit: &Fit<'_>, folder: &Path) -> Result<(State, f64), Error> {
        let network = self.start_of(fit.run)?;
        let record = Record::read(folder)?;
        let trained = record.as_ref().map_or(0, |record| record.epochs);
        if let Some(checkpoint) = Checkpoint::read(folder)?
            && checkpoint.history.len() >= trained
        {
            let seconds = checkpoint.head.fit_seconds;
            let state = checkpoint.state(network, self.device);
            let state = state.map_err(|reason| Error::Malformed {
                path: folder.to_owned(),
                reason: format!("its checkpoint does not fit the run: {reason}"),
            })?;
            return Ok((state, seconds));
        }
        let Some(record) = record else {
            return Ok((State::new(network), 0.0));
        };
        record.check_files(folder)?;
        let path = folder.join(MODEL);
        let network = StartWeights::read(&path).and_then(|weights| weights.load(network));
        let network = network.map_err(|error| Error::Malformed {
            path: folder.to_owned(),
            reason: format!(
                "its run cannot go on ({error}); move the run's folder away to train it again"
            ),
        })?;
        let history = read_history(folder, record.epochs)?;
        let steps = (history.len() * fit.steps_per_epoch()) as u64;
        let state = State { steps, history, ..State::new(network) };
        Ok((state, record.fit_seconds))
    }
}

/// Keeps what a fit has come to, shows it, and ends the fit when asked to.
struct Keeper<'a> {
    lock: &'a Lock,
    /// Of the checkpoint before: steps and seconds are counted up from it.
    head: Head,
    every: Option<usize>,
    begun: Instant,
    kept: Instant,
    bar: &'a Task,
    events: Option<Events>,
}

impl<'a> Keeper<'a> {
    fn new(
        study: &Study,
        lock: &'a Lock,
        head: Head,
        bar: &'a Task,
        events: Option<Events>,
    ) -> Self {
        let (every, now) = (study.fit.checkpoint_every, Instant::now());
        Self { lock, head, every, begun: now, kept: now, bar, events }
    }

    /// Time spent fitting, this time and before.
    fn seconds(&self) -> f64 {
        self.head.fit_seconds + self.begun.elapsed().as_secs_f64()
    }

    fn keep(&mut self, state: &State) -> Result<(), Error> {
        let head = Head { steps: state.steps, fit_seconds: self.seconds(), ..self.head.clone() };
        self.lock.check()?;
        checkpoint::write(self.lock.folder(), &head, state)?;
        self.kept = Instant::now();
        Ok(())
    }
}

impl Watch for Keeper<'_> {
    fn step(&mut self, state: &State) -> Result<(), Error> {
        if let Some(signal) = stop::requested() {
            self.keep(state)?;
            return Err(Error::Stopped { signal });
        }
        if self.every.is_none() && self.kept.elapsed() >= CHECKPOINT_EVERY {
            self.keep(state)?;
        }
        Ok(())
    }

    fn epoch(&mut self, state: &State) -> Result<(), Error> {
        if let Some(epoch) = state.history.last() {
            self.bar.epoch(epoch);
        }
        if let Some(events) = &mut self.events {
            events.epoch(state)?;
        }
        match self.every {
            Some(every) if state.history.len().is_multiple_of(every) => self.keep(state),
            _ => Ok(()),
        }
    }
}
