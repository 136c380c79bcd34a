//! Metrics by epoch, averaged over a group's runs.

use std::collections::BTreeMap;

use serde::Serialize;
use training::Epoch;

use crate::{results::statistics::Spread, store::Recordings};

/// Inverse of the precision of the means. Their files have six decimals.
const ROUNDED_TO: f64 = 1e7;
/// The maximum number of epochs of a curve, about as many as its pixels.
const MAX_EPOCHS: usize = 250;
/// Column of metrics.csv with the held-out cross-entropy.
pub(super) const HELD_OUT: &str = "val_cross_entropy";

/// The metrics of each epoch, averaged over a group's runs, up to the last epoch that all of them reached.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Curves {
    /// The epochs of history.csv, of many some of them.
    epochs: Vec<usize>,
    /// Means over the batches of an epoch while the weights change, as Keras reports them: with penalties and dropout.
    running_loss: Vec<Option<f64>>,
    pub(super) running_acc: Vec<Option<f64>>,
    /// Loss with penalties and accuracy on the held-out images after the epoch; `None` where they were not evaluated.
    val_loss: Vec<Option<f64>>,
    val_acc: Vec<Option<f64>>,
    /// The columns of metrics.csv.
    recorded: Recorded,
    /// The recorded epoch of the lowest mean cross-entropy on held-out images.
    #[serde(skip)]
    pub(super) best_epoch: Option<usize>,
}

/// The columns of metrics.csv, averaged over the runs.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Recorded {
    epochs: Vec<usize>,
    columns: BTreeMap<String, Vec<Option<f64>>>,
}

impl Curves {
    /// Averages runs, given their histories and recordings. Of those, the columns are kept that `is_kept` says.
    pub(super) fn mean(
        histories: &[Vec<Epoch>],
        recordings: &[Recordings],
        is_kept: impl Fn(&str) -> bool,
    ) -> Self {
        let last = histories.iter().map(Vec::len).min().unwrap_or(0);
        let recorded = Recorded::mean(recordings, is_kept);
        let best_epoch = recorded.best_epoch();
        let recorded = recorded.thinned(best_epoch);
        // Of many epochs the same ones, so that the curves can be compared.
        let epochs = if last <= MAX_EPOCHS || recorded.epochs.is_empty() {
            thinned((1..=last).collect(), None)
        } else {
            recorded.epochs.iter().copied().filter(|&epoch| epoch <= last).collect()
        };
        let means = |value: &dyn Fn(&Epoch) -> Option<f64>| -> Vec<Option<f64>> {
            let runs = |number: usize| histories.iter().filter_map(move |run| run.get(number - 1));
            epochs.iter().map(|&number| mean(runs(number).filter_map(value))).collect()
        };
        Self {
            running_loss: means(&|epoch| Some(epoch.train.loss)),
            running_acc: means(&|epoch| Some(epoch.train.accuracy)),
            val_loss: means(&|epoch| epoch.validation.map(|metrics| metrics.loss)),
            val_acc: means(&|epoch| epoch.validation.map(|metrics| metrics.accuracy)),
            recorded,
            best_epoch,
            epochs,
        }
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

    /// Returns the mean accuracy over the batches of the last epoch.
    pub(super) fn last_running_acc(&self) -> Option<f64> {
        *self.running_acc.last()?
    }

    /// Returns the first recorded epoch, with the mean loss over its batches and the cross-entropy after it.
    pub(super) fn first_losses(&self) -> Option<(usize, f64, f64)> {
        let first = *self.recorded.epochs.first()?;
        let index = self.epochs.iter().position(|&epoch| epoch == first)?;
        Some((first, self.running_loss[index]?, self.at(first, "cross_entropy")?))
    }
}

impl Recorded {
    /// Averages the epochs that all runs recorded.
    fn mean(recordings: &[Recordings], is_kept: impl Fn(&str) -> bool) -> Self {
        let Some((first, others)) = recordings.split_first() else { return Self::default() };
        let is_common = |epoch: &usize| others.iter().all(|run| run.epochs.contains(epoch));
        let epochs: Vec<usize> = first.epochs.iter().copied().filter(is_common).collect();
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
        let names = first.columns.keys().filter(|name| is_kept(name));
        Self { columns: names.map(|name| (name.clone(), column(name))).collect(), epochs }
    }

    /// Returns the epoch of the lowest cross-entropy on the held-out images.
    fn best_epoch(&self) -> Option<usize> {
        let epochs = self.epochs.iter().zip(self.columns.get(HELD_OUT)?);
        let values = epochs.filter_map(|(epoch, value)| Some((*epoch, (*value)?)));
        let best = values.min_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map(|(epoch, _)| epoch)
    }

    /// Keeps about as many epochs as can be told apart, `wanted` among them.
    fn thinned(self, wanted: Option<usize>) -> Self {
        let epochs = thinned(self.epochs.clone(), wanted);
        let kept = |values: Vec<Option<f64>>| {
            let values = self.epochs.iter().zip(values);
            values.filter(|(epoch, _)| epochs.contains(epoch)).map(|(_, value)| value).collect()
        };
        let columns = self.columns.into_iter().map(|(name, values)| (name, kept(values))).collect();
        Self { epochs, columns }
    }
}

/// Keeps at most about [`MAX_EPOCHS`] epochs: every so many, the last one, and one that is wanted.
fn thinned(epochs: Vec<usize>, wanted: Option<usize>) -> Vec<usize> {
    let every = epochs.len().div_ceil(MAX_EPOCHS).max(1);
    let last = epochs.last().copied();
    let is_kept = |&(index, epoch): &(usize, usize)| {
        (index + 1).is_multiple_of(every) || [last, wanted].contains(&Some(epoch))
    };
    epochs.into_iter().enumerate().filter(is_kept).map(|(_, epoch)| epoch).collect()
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
    fn an_epochs_metrics_are_averaged_if_all_runs_reached_it() {
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
            &[recorded(&[1, 2, 3], &[0.5, 0.6, 0.1]), recorded(&[1, 2], &[0.3, 0.6])],
            |_| true,
        );
        assert_eq!((curves.epochs.as_slice(), curves.running_loss), (&[1][..], vec![Some(1.5)]));
        assert_eq!((curves.running_acc, curves.val_loss), (vec![Some(0.5)], vec![None]));
        assert_eq!(curves.recorded.epochs, [1, 2]);
        assert_eq!(curves.recorded.columns[HELD_OUT], [Some(0.4), Some(0.6)]);
        assert_eq!(Curves::mean(&[], &[], |_| true).best_epoch, None);
    }

    #[test]
    fn many_epochs_are_thinned_and_keep_the_last() {
        assert_eq!(thinned(vec![2, 4, 6], None), [2, 4, 6]);
        // A history of 3000 epochs, every sixth of which was recorded.
        let epoch = |number| Epoch {
            number,
            train: Metrics { loss: 1.0, accuracy: 0.5 },
            validation: number.is_multiple_of(6).then_some(Metrics { loss: 2.0, accuracy: 0.25 }),
        };
        let epochs: Vec<usize> = (1..=500).map(|index| 6 * index).collect();
        let held_out = epochs.iter().map(|epoch| epoch.abs_diff(606) as f64).collect();
        let recorded = Recordings { epochs, columns: [(HELD_OUT.to_owned(), held_out)].into() };
        let curves = Curves::mean(&[(1..=3000).map(epoch).collect()], &[recorded], |_| true);
        assert_eq!(curves.best_epoch, Some(606));
        assert_eq!((curves.at(606, HELD_OUT), curves.last(HELD_OUT)), (Some(0.0), Some(2394.0)));
        assert_eq!(curves.epochs, curves.recorded.epochs);
        assert!(
            curves.epochs.len() <= MAX_EPOCHS + 2 && curves.val_acc.iter().all(Option::is_some)
        );
    }

    #[test]
    fn a_value_that_is_not_finite_is_left_out() {
        let nan =
            Recordings { epochs: vec![1], columns: [("acc".to_owned(), vec![f64::NAN])].into() };
        assert_eq!(Curves::mean(&[], &[nan], |_| true).recorded.columns["acc"], [None]);
    }
}
