//! Metrics by epoch, averaged over a group's runs.

use std::collections::BTreeMap;

use serde::Serialize;
use training::Epoch;

use crate::{results::statistics::Spread, store::Recordings};

/// The numbers by epoch are rounded to so many of one, as the files that they are from are to 1e6.
const ROUNDED_TO: f64 = 1e7;
/// Column of metrics.csv with the held-out cross-entropy.
pub(super) const HELD_OUT: &str = "val_cross_entropy";

/// The metrics of each epoch, averaged over the runs that reached it.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Curves {
    /// Means over the batches of an epoch while the weights change, as Keras reports them: with penalties and dropout.
    pub(super) running_loss: Vec<Option<f64>>,
    pub(super) running_acc: Vec<Option<f64>>,
    /// Loss with penalties and accuracy on the held-out images after the epoch; `None` where they were not evaluated.
    val_loss: Vec<Option<f64>>,
    val_acc: Vec<Option<f64>>,
    /// What metrics.csv has.
    recorded: Recorded,
}

/// The columns of metrics.csv, averaged over the runs that reached the epoch.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Recorded {
    epochs: Vec<usize>,
    columns: BTreeMap<String, Vec<Option<f64>>>,
}

impl Curves {
    /// Averages runs, given their histories and what was recorded of those that have recordings.
    pub(super) fn mean(histories: &[Vec<Epoch>], recordings: &[Recordings]) -> Self {
        let epochs = histories.iter().map(Vec::len).max().unwrap_or(0);
        let means = |value: &dyn Fn(&Epoch) -> Option<f64>| -> Vec<Option<f64>> {
            let of_epoch = |epoch: usize| {
                mean(histories.iter().filter_map(|run| run.get(epoch)).filter_map(value))
            };
            (0..epochs).map(of_epoch).collect()
        };
        Self {
            running_loss: means(&|epoch| Some(epoch.train.loss)),
            running_acc: means(&|epoch| Some(epoch.train.accuracy)),
            val_loss: means(&|epoch| epoch.validation.map(|metrics| metrics.loss)),
            val_acc: means(&|epoch| epoch.validation.map(|metrics| metrics.accuracy)),
            recorded: Recorded::mean(recordings),
        }
    }

    /// Returns the recorded epoch of the lowest mean cross-entropy on the held-out images.
    pub(super) fn best_epoch(&self) -> Option<usize> {
        let held_out = self.recorded.columns.get(HELD_OUT)?;
        let epochs = self.recorded.epochs.iter().zip(held_out);
        let values = epochs.filter_map(|(epoch, value)| Some((*epoch, (*value)?)));
        let best = values.min_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map(|(epoch, _)| epoch)
    }

    /// Returns the value of a column of metrics.csv after the last recorded epoch.
    pub(super) fn last(&self, column: &str) -> Option<f64> {
        *self.recorded.columns.get(column)?.last()?
    }

    /// Returns the value of a column of metrics.csv after an epoch.
    pub(super) fn at(&self, epoch: usize, column: &str) -> Option<f64> {
        let index = self.recorded.epochs.iter().position(|&recorded| recorded == epoch)?;
        *self.recorded.columns.get(column)?.get(index)?
    }
}

impl Recorded {
    fn mean(recordings: &[Recordings]) -> Self {
        let mut epochs: Vec<usize> =
            recordings.iter().flat_map(|run| run.epochs.iter().copied()).collect();
        epochs.sort_unstable();
        epochs.dedup();
        let names = recordings.iter().flat_map(|run| run.columns.keys());
        let column = |name: &String| {
            let of_epoch = |epoch: &usize| {
                let value = |run: &Recordings| {
                    let index = run.epochs.iter().position(|other| other == epoch)?;
                    run.columns.get(name)?.get(index).copied()
                };
                mean(recordings.iter().filter_map(value))
            };
            epochs.iter().map(of_epoch).collect()
        };
        Self { columns: names.map(|name| (name.clone(), column(name))).collect(), epochs }
    }
}

/// Returns the mean, rounded; `None` without values or if one is not finite.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    let mean = Spread::new(&values).mean;
    mean.is_finite().then(|| (mean * ROUNDED_TO).round() / ROUNDED_TO)
}

#[cfg(test)]
mod tests {
    use training::Metrics;

    use super::*;

    #[test]
    fn an_epochs_metrics_are_averaged_over_the_runs_that_reached_it() {
        let epoch = |number, loss| Epoch {
            number,
            train: Metrics { loss, accuracy: 0.5 },
            validation: None,
        };
        let recorded = |epochs: &[usize], values: &[f64]| Recordings {
            epochs: epochs.to_vec(),
            columns: [(HELD_OUT.to_owned(), values.to_vec())].into(),
        };
        let curves = Curves::mean(
            &[vec![epoch(1, 1.0), epoch(2, 3.0)], vec![epoch(1, 2.0)]],
            &[recorded(&[1, 2], &[0.5, 0.4]), recorded(&[1], &[0.2])],
        );
        assert_eq!(curves.running_loss, [Some(1.5), Some(3.0)]);
        assert_eq!(curves.running_acc, [Some(0.5), Some(0.5)]);
        assert_eq!(curves.val_loss, [None, None]);
        assert_eq!(curves.recorded.epochs, [1, 2]);
        assert_eq!(curves.recorded.columns[HELD_OUT], [Some(0.35), Some(0.4)]);
        assert_eq!((curves.best_epoch(), curves.last(HELD_OUT)), (Some(1), Some(0.4)));
        assert_eq!(Curves::mean(&[], &[]).best_epoch(), None);
    }

    #[test]
    fn a_value_that_is_not_finite_is_left_out() {
        let nan =
            Recordings { epochs: vec![1], columns: [("acc".to_owned(), vec![f64::NAN])].into() };
        assert_eq!(Curves::mean(&[], &[nan]).recorded.columns["acc"], [None]);
    }
}
