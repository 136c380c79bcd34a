//! A variant at a sweep point, as the page shows it.

use std::collections::BTreeMap;

use model::LayerName;
use serde::Serialize;
use training::SavedModel;

use super::{
    confidence::Confidence,
    curves::Curves,
    headline::Headline,
    network::{PageNetwork, WeightHistogram},
    pictures::{Kernels, Pictures},
    quantities::{Help, MatrixCell},
};
use crate::{
    doubts::Doubts,
    results::{Group, Row, statistics::Spread},
    store::{Ending, EpochTable, Error, Record, tables::CHANGED_LABELS},
    study::cell_name,
};

/// The maximum number of hidden layers of which all are shown.
const MAX_DEPTH: usize = 3;
/// The largest cross-entropy of a run that sets the scale of a chart: the right class has a probability of 1e-11.
const LOST: f64 = 25.0;
/// The largest norm of a kernel of a run that sets the scale of a chart. Those of the study `overfit` are below 20.
const EXPLODED: f64 = 1e4;

/// The runs of a variant at a sweep point.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct PageGroup {
    pub(super) variant: String,
    /// The variant's label.
    #[serde(skip)]
    pub(super) label: String,
    /// The label with the sweep point.
    pub(super) name: String,
    /// The index of the value of each swept key in its slider.
    pub(super) point: BTreeMap<String, usize>,
    /// True if it is shown unless a slider is moved.
    pub(super) shown: bool,
    /// True if it is its variant's chosen point.
    pub(super) chosen: bool,
    pub(super) runs: usize,
    /// The seed of the first run, whose network is shown.
    pub(super) seed: u64,
    /// By the true labels.
    pub(super) acc_train: Spread,
    pub(super) acc_val: Option<Spread>,
    pub(super) acc_test: Spread,
    /// Training minus test accuracy.
    pub(super) gap: Spread,
    /// Its cells of the effect matrix.
    pub(super) quantities: Vec<MatrixCell>,
    /// The name of the group that it is compared with.
    pub(super) reference: Option<String>,
    /// The difference in test accuracy from that one.
    pub(super) help: Option<Help>,
    /// Headline of the page, if the group is one of the first variant.
    pub(super) headline: Option<Headline>,
    /// Cross-entropy without penalties and smoothing.
    pub(super) cross_entropy_test: Spread,
    /// The share of wrong training labels that the networks give.
    pub(super) memorised: Option<Spread>,
    pub(super) stopped: Option<Stopped>,
    pub(super) curves: Curves,
    /// Whether early stopping monitors training; its best weights may be those that are shown.
    pub(super) is_monitored: bool,
    /// The median best epoch of early stopping, or else that of the lowest mean cross-entropy on held-out images.
    pub(super) best_epoch: Option<usize>,
    pub(super) confidence: Option<Confidence>,
    pub(super) weights: Option<WeightHistogram>,
    /// The first layer of the first run.
    #[serde(skip)]
    pub(super) kernels: Option<Kernels>,
    pub(super) pictures: Option<Pictures>,
    /// The network of the first run; `None` also if the page would become too large.
    pub(super) network: Option<PageNetwork>,
    /// The classes that the first run's network predicts for the page's test images.
    pub(super) answers: Vec<u8>,
    /// The classes that it predicts for the training images with wrong labels.
    pub(super) wrong_answers: Vec<Option<usize>>,
    /// Doubts about the images of each run.
    #[serde(skip)]
    pub(super) doubts: Vec<Option<Doubts>>,
    /// The number of training images.
    pub(super) train_images: usize,
    /// Whether a run diverged.
    #[serde(skip)]
    pub(super) diverged: bool,
    /// Whether charts leave it out where it would set their scale.
    pub(super) sets_no_scale: bool,
    /// The checksum of the first run's changed labels.
    #[serde(skip)]
    pub(super) changed_labels: Option<String>,
    /// The predictions of the first run.
    #[serde(skip)]
    pub(super) predicted: Option<Vec<u8>>,
    /// The network of the first run for inference.
    #[serde(skip)]
    pub(super) model: Option<SavedModel>,
}

/// Runs of a group that early stopping ended.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Stopped {
    /// The number of runs that it ended.
    runs: usize,
    /// The median number of their epochs, the lower one of two.
    epochs: usize,
}

/// Settings shared by the reading of all groups.
#[derive(Debug)]
pub(super) struct Reading {
    /// The layer whose weights are shown; `None` for the last hidden one.
    pub(super) layer: Option<LayerName>,
    /// The seed whose networks are shown, if a group has it.
    pub(super) seed: Option<u64>,
}

impl PageGroup {
    /// Reads the files of a group's runs. Those that are missing or damaged are left out and added to `notes`.
    pub(super) fn read(
        group: &Group<'_>,
        shown: bool,
        reading: &Reading,
        notes: &mut Vec<String>,
    ) -> Self {
        let (&Reading { layer, seed }, runs) = (reading, group.runs);
        let first = runs.iter().find(|row| Some(row.run.seed) == seed).unwrap_or(&runs[0]);
        let mut note = |error: Error| notes.push(error.to_string());
        let (network, model) = PageNetwork::read(first, layer).map_err(&mut note).ok().unzip();
        let mut kernels = network.as_ref().map(Kernels::of);
        if let Some(kernels) = &mut kernels {
            kernels.read(first).unwrap_or_else(&mut note);
        }
        let predictions = first.record.read_predictions(&first.folder).map_err(&mut note).ok();
        let (mut histories, mut metrics) = (Vec::new(), Vec::new());
        for Row { record, folder, .. } in runs {
            histories.extend(record.read_history(folder).map_err(&mut note));
        }
        for Row { record, folder, .. } in runs {
            metrics.extend(record.read_metrics(folder).map_err(&mut note).ok().flatten());
        }
        let depth = first.run.variant.network.hidden.len();
        let curves = Curves::mean(&histories, &metrics, |column| is_shown(column, depth, layer));
        let stopped = Stopped::of(runs);
        Self {
            variant: group.variant().to_owned(),
            label: first.label().to_owned(),
            name: group.label(),
            point: BTreeMap::new(),
            shown,
            chosen: group.chosen,
            runs: runs.len(),
            seed: first.run.seed,
            acc_train: group.spread(|row| row.record.true_accuracy()),
            acc_val: group.spread_if_measured(|row| Some(row.record.validation?.accuracy)),
            acc_test: group.spread(|row| row.record.test.accuracy),
            gap: group.spread(|row| row.record.gap()),
            quantities: Vec::new(),
            reference: group.reference.map(|runs| cell_name(runs[0].label(), runs[0].point())),
            help: group.comparison.as_ref().and_then(Help::of),
            headline: None,
            doubts: runs.iter().map(|row| row.record.doubts.clone()).collect(),
            train_images: first.record.train.images,
            diverged: runs.iter().any(Row::diverged),
            sets_no_scale: sets_no_scale(runs) || metrics.iter().any(has_exploded),
            changed_labels: first.record.files.get(CHANGED_LABELS).cloned(),
            cross_entropy_test: group.spread(|row| row.record.test.cross_entropy),
            memorised: group.spread_if_measured(|row| row.record.memorised),
            is_monitored: first.run.variant.settings.early_stopping.is_some(),
            best_epoch: median(runs.iter().filter_map(|row| row.record.best_epoch).collect())
                .or(curves.best_epoch),
            stopped,
            curves,
            confidence: Confidence::of(runs),
            weights: None,
            kernels,
            pictures: None,
            network,
            answers: Vec::new(),
            wrong_answers: Vec::new(),
            predicted: predictions.and_then(|predictions| predictions.predicted),
            model,
        }
    }

    /// Returns whether the images lack classes, so that accuracies answer nothing about them.
    pub(super) fn lacks_classes(&self) -> bool {
        self.doubts.iter().flatten().any(Doubts::lacks_classes)
    }

    /// Returns the weights of the shown layer; empty without a network.
    pub(super) fn kernel(&self) -> &[f32] {
        self.network.as_ref().map_or(&[], |network| &network.kernel)
    }
}

impl Stopped {
    /// Returns `None` if early stopping ended none of the runs.
    fn of(runs: &[Row]) -> Option<Self> {
        let ended = || runs.iter().filter(|row| row.record.ended == Ending::EarlyStopping);
        Some(Self {
            runs: ended().count(),
            epochs: median(ended().map(|row| row.record.epochs).collect())?,
        })
    }
}

/// Returns whether the norm of a kernel was not finite at last, or above [`EXPLODED`].
fn has_exploded(metrics: &EpochTable) -> bool {
    let columns = metrics.columns.iter();
    let norms = columns.filter(|(name, _)| matches!(name.split_once('.'), Some((_, "norm"))));
    let mut last = norms.filter_map(|(_, column)| *column.last()?);
    last.any(|norm| norm.is_nan() || norm > EXPLODED)
}

/// Returns whether charts leave out these runs where they would set the scale: one diverged, or almost so.
pub(super) fn sets_no_scale(runs: &[Row]) -> bool {
    runs.iter().any(|row| {
        let Record { train, validation, test, .. } = &row.record;
        let mut evaluated = [Some(train), validation.as_ref(), Some(test)].into_iter().flatten();
        row.diverged() || evaluated.any(|images| images.cross_entropy > LOST)
    })
}

/// Returns whether a column of metrics.csv is on the page: of a network of more than three hidden layers only the first,
/// the shown and the last layer.
fn is_shown(column: &str, depth: usize, layer: Option<LayerName>) -> bool {
    let Some((of, _)) = column.split_once('.') else { return true };
    let shown = layer.unwrap_or(LayerName::Hidden(depth.saturating_sub(1)));
    depth <= MAX_DEPTH
        || [LayerName::Hidden(0), shown, LayerName::Output]
            .iter()
            .any(|name| name.to_string() == of)
}

/// Returns the median, the lower one of two.
fn median(mut values: Vec<usize>) -> Option<usize> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{results::tests::row, store::Ending};

    /// Creates a group of runs with these training and test accuracies, one for each seed from 0, whose files are missing.
    pub(crate) fn group(name: &str, accuracies: &[(f64, f64)]) -> PageGroup {
        let rows: Vec<Row> = accuracies
            .iter()
            .zip(0..)
            .map(|(&accuracies, seed)| row(name, seed, accuracies, 1.0))
            .collect();
        let group = crate::results::groups(&rows, name).remove(0);
        let reading = Reading { layer: None, seed: None };
        PageGroup::read(&group, true, &reading, &mut Vec::new())
    }

    #[test]
    fn medians_are_of_the_runs_that_early_stopping_ended() {
        let stopped = |epochs, ended| {
            let mut row = row("es", 0, (0.9, 0.8), 1.0);
            (row.record.epochs, row.record.ended) = (epochs, ended);
            row
        };
        let rows = [
            stopped(20, Ending::EarlyStopping),
            stopped(100, Ending::Epochs),
            stopped(30, Ending::EarlyStopping),
            stopped(24, Ending::EarlyStopping),
        ];
        let expected = Stopped { runs: 3, epochs: 24 };
        assert_eq!(Stopped::of(&rows), Some(expected));
        assert_eq!(Stopped::of(&rows[1..2]), None);
    }

    #[test]
    fn what_diverged_or_exploded_sets_no_scale() {
        let with_loss = |cross_entropy| {
            let mut row = row("none", 0, (0.9, 0.8), 1.0);
            row.record.test.cross_entropy = cross_entropy;
            sets_no_scale(&[row])
        };
        assert_eq!([2.3, LOST, 26.0].map(with_loss), [false, false, true]);
        let with_norms = |name: &str, norms: [f64; 2]| {
            let column = (name.to_owned(), norms.map(Some).to_vec());
            has_exploded(&EpochTable { epochs: vec![1, 2], columns: [column].into() })
        };
        assert!(
            with_norms("hidden1.norm", [5.0, 1e5]) && with_norms("output.norm", [5.0, f64::NAN])
        );
        assert!(!with_norms("hidden1.norm", [1e5, 5.0]) && !with_norms("acc", [0.0, 1e5]));
    }

    #[test]
    fn of_many_layers_three_are_shown() {
        let shown = |column, depth| is_shown(column, depth, Some(LayerName::Hidden(2)));
        assert!(shown("hidden2.norm", 3) && shown("acc", 9));
        for (column, expected) in [
            ("hidden1.norm", true),
            ("hidden2.norm", false),
            ("hidden3.silent", true),
            ("output.norm", true),
        ] {
            assert_eq!(shown(column, 5), expected, "{column}");
        }
    }
}
