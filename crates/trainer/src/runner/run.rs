//! Training of one run: restored or initialised, trained with callbacks, evaluated, recorded.

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

/// Time between checkpoints, unless the config counts epochs. Writing one takes some milliseconds.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// Run context: what all runs of a study share.
pub(crate) struct Plan<'a> {
    pub(crate) study: &'a Study,
    pub(crate) splits: &'a Splits,
    pub(crate) device: &'a Device,
    pub(crate) start: Option<&'a StartWeights>,
    /// Name of the device.
    pub(crate) machine: String,
}

impl Plan<'_> {
    /// Trains a run, or resumes it, and writes its files.
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
        // Shows other processes the run's settings from the start.
        callback.save(&state)?;
        let outcome = fit.run(state, &mut callback);
        bar.finish();
        let state = outcome?;
        let fit_seconds = callback.seconds();
        // If writing the record's files is interrupted, the run resumes from here.
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

    /// Returns the settings that a run's result depends on, with the checksum of the start weights.
    pub(crate) fn settings(&self, run: &Run) -> KeyValues {
        self.with_start(self.study.run_settings(run))
    }

    /// Adds the checksum of the start weights to settings.
    pub(crate) fn with_start(&self, mut settings: KeyValues) -> KeyValues {
        if let Some(start) = self.start {
            settings.insert(WEIGHTS.to_owned(), start.sha256.clone().into());
        }
        settings
    }

    /// Initialises a run's network, from the start weights if there are any.
    pub(crate) fn start_of(&self, run: &Run) -> Result<Network, Error> {
        let (shape, config) = (self.splits.shape(), &run.variant.network);
        let network = config.init(shape.pixels(), shape.classes, run.seed, self.device);
        match self.start {
            Some(start) => Ok(start.load(network)?),
            None => Ok(network),
        }
    }

    /// Returns a run's state and its seconds of training: from its checkpoint, from a finished run of fewer epochs,
    /// or new.
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

/// Callback that saves checkpoints, shows progress, and stops training at a signal.
struct RunCallback<'a> {
    lock: &'a Lock,
    /// Header of the last checkpoint, on which steps and seconds are added.
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

    /// Returns the seconds of training, those before the run was resumed included.
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
