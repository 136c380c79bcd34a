//! The callback of a run: saves checkpoints, shows progress, writes TensorBoard events, and stops at a signal.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use training::{Callback, State};

use super::{Error, progress::Task, signals, tensorboard::Events};
use crate::store::{
    self, Claim,
    checkpoint::{self, Header},
};

/// Time between checkpoints, unless the config counts epochs. Writing one takes some milliseconds.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

pub(super) struct RunCallback<'a> {
    /// Id of the run.
    id: &'a str,
    checkpoint: PathBuf,
    /// Epochs between checkpoints; `None` for [`CHECKPOINT_EVERY`].
    every: Option<usize>,
    /// Seconds of training before this process.
    seconds_before: f64,
    begun: Instant,
    saved: Instant,
    bar: &'a Task,
    events: Option<Events>,
}

impl<'a> RunCallback<'a> {
    pub(super) fn new(
        id: &'a str,
        claim: &Claim<'_>,
        every: Option<usize>,
        seconds_before: f64,
        bar: &'a Task,
        events: Option<Events>,
    ) -> Self {
        let (checkpoint, now) = (claim.file(checkpoint::FILE), Instant::now());
        Self { id, checkpoint, every, seconds_before, begun: now, saved: now, bar, events }
    }

    /// Returns the header of a state that is saved now.
    pub(super) fn header(&self, state: &State) -> Header {
        Header::new(self.id, state.steps, self.seconds())
    }

    /// Returns the seconds of training, those before the run was resumed included.
    fn seconds(&self) -> f64 {
        self.seconds_before + self.begun.elapsed().as_secs_f64()
    }

    fn save(&mut self, state: &State) -> Result<(), store::Error> {
        checkpoint::write(&self.checkpoint, &self.header(state), state)?;
        self.saved = Instant::now();
        Ok(())
    }

    /// Saves the state and ends training if there was a signal.
    fn check_signal(&mut self, state: &State) -> Result<(), Error> {
        signals::check().or_else(|stopped| {
            self.save(state)?;
            Err(stopped)
        })
    }
}

impl Callback for RunCallback<'_> {
    type Error = Error;

    fn on_step_end(&mut self, state: &State) -> Result<(), Error> {
        self.check_signal(state)?;
        if self.every.is_none() && self.saved.elapsed() >= CHECKPOINT_EVERY {
            self.save(state)?;
        }
        Ok(())
    }

    fn on_test_batch_end(&mut self, state: &State) -> Result<(), Error> {
        self.check_signal(state)
    }

    fn on_epoch_end(&mut self, state: &State) -> Result<(), Error> {
        self.bar.epoch(&state.history);
        if let Some(events) = &mut self.events {
            events.epoch(state)?;
        }
        if self.every.is_some_and(|every| state.history.len().is_multiple_of(every)) {
            self.save(state)?;
        }
        Ok(())
    }
}
