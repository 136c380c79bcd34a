//! Keras's `EarlyStopping`: ends a fit once a monitored value has stopped improving.

use strum::{Display, VariantArray};

use crate::Epoch;

/// Settings of early stopping, with the names, defaults and meaning of Keras 3.15's
/// [`EarlyStopping`](https://keras.io/api/callbacks/early_stopping/).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EarlyStopping {
    /// Monitored value.
    pub monitor: Monitor,
    /// Smallest change that counts as an improvement, 0 or more.
    pub min_delta: f64,
    /// Number of monitored epochs without improvement after which training ends. 0 ends it like 1.
    pub patience: usize,
    /// Number of first epochs that are not monitored.
    pub start_from_epoch: usize,
    /// Restores the weights of the best epoch at the end of training.
    pub restore_best_weights: bool,
}

/// A value that early stopping monitors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Monitor {
    /// Loss on the held-out images.
    #[default]
    ValLoss,
    /// Accuracy on the held-out images.
    ValAccuracy,
    /// Loss on the training images.
    Loss,
    /// Accuracy on the training images.
    Accuracy,
}

/// Progress of early stopping in a fit.
#[derive(Debug, Clone, Copy)]
pub struct Stopping {
    settings: EarlyStopping,
    /// Best epoch and its monitored value.
    best: Option<(usize, f64)>,
    /// Monitored epochs since the best one.
    wait: usize,
    is_over: bool,
}

impl EarlyStopping {
    /// Returns the progress after these first epochs of a fit.
    pub fn after<'a>(self, history: impl IntoIterator<Item = &'a Epoch>) -> Stopping {
        let mut stopping = Stopping { settings: self, best: None, wait: 0, is_over: false };
        for epoch in history {
            stopping.add(epoch);
        }
        stopping
    }

    /// Returns whether a value is better than the best one before. Like Keras, compares in float32.
    #[expect(clippy::cast_possible_truncation, reason = "Keras compares float32 values")]
    fn is_better(&self, value: f64, best: f64) -> bool {
        let delta = self.min_delta;
        match self.monitor {
            Monitor::ValLoss | Monitor::Loss => ((value + delta) as f32) < best as f32,
            Monitor::ValAccuracy | Monitor::Accuracy => ((value - delta) as f32) > best as f32,
        }
    }
}

impl Monitor {
    /// Returns whether the value needs held-out images.
    pub fn is_validation(self) -> bool {
        matches!(self, Self::ValLoss | Self::ValAccuracy)
    }

    /// Returns the value of an epoch; `None` if the epoch was not validated.
    fn of(self, epoch: &Epoch) -> Option<f64> {
        match self {
            Self::ValLoss => epoch.validation.map(|metrics| metrics.loss),
            Self::ValAccuracy => epoch.validation.map(|metrics| metrics.accuracy),
            Self::Loss => Some(epoch.train.loss),
            Self::Accuracy => Some(epoch.train.accuracy),
        }
    }
}

impl Stopping {
    /// Adds the next epoch. Returns whether it is the best so far. The first monitored epoch always is, even if its
    /// value is NaN.
    pub fn add(&mut self, epoch: &Epoch) -> bool {
        let EarlyStopping { monitor, start_from_epoch, patience, .. } = self.settings;
        let Some(value) = monitor.of(epoch).filter(|_| epoch.number > start_from_epoch) else {
            return false;
        };
        let improved = self.best.is_none_or(|(_, best)| self.settings.is_better(value, best));
        if improved {
            (self.best, self.wait) = (Some((epoch.number, value)), 0);
        } else {
            self.wait += 1;
            self.is_over |= self.wait >= patience;
        }
        improved
    }

    /// Returns whether training ends here.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Returns the number of the best epoch, from 1; `None` if no epoch was monitored.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best.map(|(epoch, _)| epoch)
    }
}
