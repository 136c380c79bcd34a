//! One run: from where it stands to its record, with checkpoints on the way.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use burn::tensor::Device;
use model::Network;
use training::{Callback, Fit, Images, State, weights};

use super::{
    Error, StartWeights,
    progress::{Progress, Task},
    signals,
    tensorboard::Events,
};
use crate::{
    store::{
        self,
        checkpoint::{self, Header},
        lock::Lock,
        record::{self, Checksums, MODEL, Record, read_history},
    },
    study::{KeyValues, Run, Splits, Study, WEIGHTS},
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
        let (cut, shape) = (splits.of(&run.data), splits.shape());
        let images = |split| Images { split, pixels: run.data.pixels };
        let fit = Fit {
            config: &run.fit.config(),
            seed: run.seed,
            train: images(&cut.train),
            validation: cut.validation.as_ref().map(images),
            device,
        };
        let (state, seconds) = self.state(run, &fit, folder)?;
        let header = Header {
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
        let events =
            study.settings.output.tensorboard.then(|| Events::begin(folder, state.history.len()));
        let mut callback = RunCallback::new(study, lock, header, &bar, events.transpose()?);
        // From the first moment others see by what settings the run is made.
        callback.save(&state)?;
        let outcome = fit.run(state, &mut callback);
        bar.finish();
        let state = outcome?;
        let fit_seconds = callback.seconds();
        // The record's files may be cut off half replaced; then the run resumes from here.
        callback.save(&state)?;

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
            parameters: run.variant.network.parameters(shape.pixels(), shape.classes),
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
        Ok(checkpoint::remove(folder)?)
    }

    /// The settings that a run's result depends on, start weights by their checksum.
    pub(crate) fn settings(&self, run: &Run) -> KeyValues {
        self.with_start(self.study.run_settings(run))
    }

    /// Settings with the start weights' checksum among them.
    pub(crate) fn with_start(&self, mut settings: KeyValues) -> KeyValues {
        if let Some(start) = self.start {
            settings.insert(WEIGHTS.to_owned(), start.sha256.clone().into());
        }
        settings
    }

    /// The network that a run starts from.
    pub(crate) fn start_of(&self, run: &Run) -> Result<Network, Error> {
        let (shape, config) = (self.splits.shape(), &run.variant.network);
        let network = config.init(shape.pixels(), shape.classes, run.seed, self.device);
        match self.start {
            Some(start) => Ok(start.load(network)?),
            None => Ok(network),
        }
    }

    /// Where a run stands, and the time that went into it: at its checkpoint, at its end with fewer
    /// epochs, or at its beginning.
    fn state(&self, run: &Run, fit: &Fit<'_>, folder: &Path) -> Result<(State, f64), Error> {
        let network = self.start_of(run)?;
        let record = Record::read(folder)?;
        let trained = record.as_ref().map_or(0, |record| record.epochs);
        if let Some((header, checkpoint)) = checkpoint::read(folder)?
            && checkpoint.history.len() >= trained
        {
            let state = checkpoint.state(network, header.steps, self.device);
            let state = state.map_err(|reason| store::Error::Malformed {
                path: folder.to_owned(),
                reason: format!("its checkpoint does not fit the run: {reason}"),
            })?;
            return Ok((state, header.fit_seconds));
        }
        let Some(record) = record else {
            return Ok((State::new(network), 0.0));
        };
        record.check_files(folder)?;
        let path = folder.join(MODEL);
        let network = StartWeights::read(&path).and_then(|weights| weights.load(network));
        let network = network.map_err(|error| store::Error::Malformed {
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

/// Saves checkpoints, shows progress, and ends a fit when a signal asks for it.
struct RunCallback<'a> {
    lock: &'a Lock,
    /// Of the checkpoint before: steps and seconds are counted up from it.
    header: Header,
    every: Option<usize>,
    begun: Instant,
    saved: Instant,
    bar: &'a Task,
    events: Option<Events>,
}

impl<'a> RunCallback<'a> {
    fn new(
        study: &Study,
        lock: &'a Lock,
        header: Header,
        bar: &'a Task,
        events: Option<Events>,
    ) -> Self {
        let (every, now) = (study.settings.fit.checkpoint_every, Instant::now());
        Self { lock, header, every, begun: now, saved: now, bar, events }
    }

    /// Seconds spent fitting, this time and before.
    fn seconds(&self) -> f64 {
        self.header.fit_seconds + self.begun.elapsed().as_secs_f64()
    }

    fn save(&mut self, state: &State) -> Result<(), Error> {
        let (steps, fit_seconds) = (state.steps, self.seconds());
        let header = Header { steps, fit_seconds, ..self.header.clone() };
        self.lock.check()?;
        checkpoint::write(self.lock.folder(), &header, state)?;
        self.saved = Instant::now();
        Ok(())
    }
}

impl Callback for RunCallback<'_> {
    type Error = Error;

    fn on_step_end(&mut self, state: &State) -> Result<(), Error> {
        if let Some(signal) = signals::requested() {
            self.save(state)?;
            return Err(Error::Stopped { signal });
        }
        if self.every.is_none() && self.saved.elapsed() >= CHECKPOINT_EVERY {
            self.save(state)?;
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, state: &State) -> Result<(), Error> {
        if let Some(epoch) = state.history.last() {
            self.bar.epoch(epoch);
        }
        if let Some(events) = &mut self.events {
            events.epoch(state)?;
        }
        match self.every {
            Some(every) if state.history.len().is_multiple_of(every) => self.save(state),
            _ => Ok(()),
        }
    }
}
