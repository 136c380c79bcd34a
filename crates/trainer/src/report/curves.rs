//! Metrics by epoch, averaged over a group's runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{results::statistics::Spread, store::EpochTable};

/// Inverse of the precision of the means. Their files have six decimals.
const ROUNDED_TO: f64 = 1e7;
/// The maximum number of epochs of a curve, about as many as its pixels.
const MAX_EPOCHS: usize = 250;
/// Column of metrics.csv with the held-out cross-entropy.
const HELD_OUT: &str = "val_cross_entropy";

/// The metrics of each epoch, averaged over a group's runs, up to the last epoch that all of them reached.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Curves {
    /// The epochs of history.csv, thinned out if there are many.
    epochs: Vec<usize>,
    /// Means over the batches of an epoch while the weights change, as Keras reports them: with penalties and dropout.
    running_loss: Vec<Option<f64>>,
    running_acc: Vec<Option<f64>>,
    /// Accuracy on the held-out images after the epoch; `None` where they were not evaluated.
    val_acc: Vec<Option<f64>>,
    /// The columns of metrics.csv.
    recorded: Means,
    /// The recorded epoch of the lowest mean cross-entropy on held-out images.
    #[serde(skip)]
    pub(super) best_epoch: Option<usize>,
}

/// Columns of history.csv or metrics.csv, averaged over the runs.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Means {
    epochs: Vec<usize>,
    columns: BTreeMap<String, Vec<Option<f64>>>,
}

impl Curves {
    /// Averages runs, given their histories and their other metrics. Keeps the columns of metrics that `is_kept` selects.
    pub(super) fn mean(
        histories: &[EpochTable],
        metrics: &[EpochTable],
        is_kept: impl Fn(&str) -> bool,
    ) -> Self {
        let mut recorded = Means::of(metrics);
        recorded.columns.retain(|name, _| is_kept(name));
        let best_epoch = recorded.best_epoch();
        let recorded = recorded.at(&thinned(recorded.epochs.clone(), best_epoch));
        let history = Means::of(histories);
        // If there are many epochs, both tables keep the same ones, so that the curves can be compared.
        let history = if history.epochs.len() <= MAX_EPOCHS || recorded.epochs.is_empty() {
            history.at(&thinned(history.epochs.clone(), None))
        } else {
            history.at(&recorded.epochs)
        };
        let Means { epochs, mut columns } = history;
        let mut column =
            |name: &str| columns.remove(name).unwrap_or_else(|| vec![None; epochs.len()]);
        Self {
            running_loss: column("loss"),
            running_acc: column("acc"),
            val_acc: column("val_acc"),
            recorded,
            best_epoch,
            epochs,
        }
    }
}

impl Means {
    /// Averages the epochs that all runs have.
    fn of(runs: &[EpochTable]) -> Self {
        let of_runs = runs.iter().map(|run| run.epochs.iter().copied().collect());
        let common: BTreeSet<usize> =
            of_runs.reduce(|one: BTreeSet<usize>, other| &one & &other).unwrap_or_default();
        let mut means = Self { epochs: common.into_iter().collect(), columns: BTreeMap::new() };
        let names: BTreeSet<&String> = runs.iter().flat_map(|run| run.columns.keys()).collect();
        for name in names {
            let mut values = vec![Vec::new(); means.epochs.len()];
            for run in runs {
                let column = run.columns.get(name).into_iter().flatten();
                for (epoch, value) in run.epochs.iter().zip(column) {
                    if let Ok(index) = means.epochs.binary_search(epoch) {
                        values[index].extend(*value);
                    }
                }
            }
            means.columns.insert(name.clone(), values.iter().map(|of| mean(of)).collect());
        }
        means
    }

    /// Returns the epoch of the lowest cross-entropy on the held-out images.
    fn best_epoch(&self) -> Option<usize> {
        let epochs = self.epochs.iter().zip(self.columns.get(HELD_OUT)?);
        let values = epochs.filter_map(|(epoch, value)| Some((*epoch, (*value)?)));
        let best = values.min_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map(|(epoch, _)| epoch)
    }

    /// Returns the means of some of the epochs.
    fn at(&self, epochs: &[usize]) -> Self {
        let is_kept = |epoch: &usize| epochs.binary_search(epoch).is_ok();
        let mut means = Self::default();
        means.epochs.extend(self.epochs.iter().filter(|epoch| is_kept(epoch)));
        for (name, values) in &self.columns {
            let kept = self.epochs.iter().zip(values).filter(|(epoch, _)| is_kept(epoch));
            means.columns.insert(name.clone(), kept.map(|(_, value)| *value).collect());
        }
        means
    }
}

/// Keeps at most about [`MAX_EPOCHS`] epochs at equal distances, the last one, and one that is wanted.
fn thinned(epochs: Vec<usize>, wanted: Option<usize>) -> Vec<usize> {
    let every = epochs.len().div_ceil(MAX_EPOCHS).max(1);
    let last = epochs.last().copied();
    let kept = epochs.into_iter().enumerate().filter(|&(index, epoch)| {
        (index + 1).is_multiple_of(every) || [last, wanted].contains(&Some(epoch))
    });
    kept.map(|(_, epoch)| epoch).collect()
}

/// Returns the mean, rounded; `None` without values or if one is not finite.
fn mean(values: &[f64]) -> Option<f64> {
    let mean = Spread::new(values).mean;
    mean.is_finite().then(|| (mean * ROUNDED_TO).round() / ROUNDED_TO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(epochs: &[usize], columns: &[(&str, &[f64])]) -> EpochTable {
        let values = |values: &[f64]| values.iter().copied().map(Some).collect();
        let columns = columns.iter().map(|(name, column)| ((*name).to_owned(), values(column)));
        EpochTable { epochs: epochs.to_vec(), columns: columns.collect() }
    }

    #[test]
    fn an_epochs_metrics_are_averaged_if_all_runs_reached_it() {
        let curves = Curves::mean(
            &[
                table(&[1, 2], &[("loss", &[1.0, 3.0]), ("acc", &[0.5, 0.5])]),
                table(&[1], &[("loss", &[2.0]), ("acc", &[0.5])]),
            ],
            &[
                table(&[1, 2, 3], &[(HELD_OUT, &[0.5, 0.6, 0.1])]),
                table(&[1, 2], &[(HELD_OUT, &[0.3, 0.6])]),
            ],
            |_| true,
        );
        assert_eq!((curves.epochs.as_slice(), curves.running_loss), (&[1][..], vec![Some(1.5)]));
        assert_eq!((curves.running_acc, curves.val_acc), (vec![Some(0.5)], vec![None]));
        assert_eq!(curves.recorded.epochs, [1, 2]);
        assert_eq!(curves.recorded.columns[HELD_OUT], [Some(0.4), Some(0.6)]);
        assert_eq!(Curves::mean(&[], &[], |_| true).best_epoch, None);
    }

    #[test]
    fn many_epochs_are_thinned_and_keep_the_last() {
        assert_eq!(thinned(vec![2, 4, 6], None), [2, 4, 6]);
        // A history of 3000 epochs, every sixth of which was recorded.
        let all: Vec<usize> = (1..=3000).collect();
        let mut history = table(&all, &[("loss", &vec![1.0; 3000])]);
        let val_acc = all.iter().map(|epoch| epoch.is_multiple_of(6).then_some(0.25));
        history.columns.insert("val_acc".to_owned(), val_acc.collect());
        let epochs: Vec<usize> = (1..=500).map(|index| 6 * index).collect();
        let held_out: Vec<f64> = epochs.iter().map(|epoch| epoch.abs_diff(606) as f64).collect();
        let recorded = table(&epochs, &[(HELD_OUT, &held_out)]);
        let curves = Curves::mean(&[history], &[recorded], |_| true);
        assert_eq!(curves.best_epoch, Some(606));
        let Means { epochs, columns } = &curves.recorded;
        let best = epochs.iter().position(|epoch| *epoch == 606).unwrap();
        assert_eq!(columns[HELD_OUT][best], Some(0.0));
        assert_eq!(columns[HELD_OUT].last(), Some(&Some(2394.0)));
        assert_eq!(curves.epochs, curves.recorded.epochs);
        assert!(
            curves.epochs.len() <= MAX_EPOCHS + 2 && curves.val_acc.iter().all(Option::is_some)
        );
    }

    #[test]
    fn a_value_that_is_not_finite_is_left_out() {
        let nan = table(&[1], &[("acc", &[f64::NAN])]);
        assert_eq!(Curves::mean(&[], &[nan], |_| true).recorded.columns["acc"], [None]);
    }
}
