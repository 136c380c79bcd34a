//! A variant at a sweep point, as the page shows it.

use std::collections::BTreeMap;

use model::LayerName;
use serde::Serialize;
use training::SavedModel;

use super::{
    confidence::Confidence,
    curves::Curves,
    network::{Network, WeightHistogram, confusion_matrix},
};
use crate::{
    results::{Row, Summary, statistics::Spread},
    store::{Ending, Error, PREDICTIONS, Predictions, Record},
    study::cell_name,
};

/// The runs of a variant at a sweep point.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) variant: String,
    /// The variant's name with its sweep point.
    pub(super) name: String,
    /// The index of the value of each swept key in its slider.
    pub(super) point: BTreeMap<String, usize>,
    /// True if it is shown unless a slider is moved.
    pub(super) shown: bool,
    /// True if it is its variant's chosen point.
    chosen: bool,
    runs: usize,
    /// The seed of the first run, whose network is shown.
    pub(super) seed: u64,
    pub(super) acc_train: Spread,
    pub(super) acc_val: Option<Spread>,
    pub(super) acc_test: Spread,
    /// Training minus test accuracy.
    pub(super) gap: Spread,
    /// Cross-entropy without penalties and smoothing.
    pub(super) cross_entropy_train: Spread,
    pub(super) cross_entropy_test: Spread,
    /// The share of wrong training labels that the networks give.
    pub(super) memorised: Option<Spread>,
    stopped: Option<Stopped>,
    pub(super) curves: Curves,
    /// The epoch of the lowest mean cross-entropy on held-out images.
    pub(super) best_epoch: Option<usize>,
    pub(super) confidence: Option<Confidence>,
    confusion: Option<Vec<Vec<usize>>>,
    pub(super) weights: Option<WeightHistogram>,
    /// The network of the first run; `None` also if the page would become too large.
    pub(super) network: Option<Network>,
    /// The classes that the first run's network predicts for the images that most networks misclassify.
    pub(super) answers: Vec<u8>,
    /// The classes that it predicts for the training images with wrong labels.
    pub(super) wrong_answers: Vec<Option<usize>>,
    /// The gap of each run by its seed.
    #[serde(skip)]
    pub(super) gaps: BTreeMap<u64, f64>,
    /// The predictions of the first run.
    #[serde(skip)]
    pub(super) predicted: Option<Vec<u8>>,
    /// The network of the first run for inference.
    #[serde(skip)]
    pub(super) model: Option<SavedModel>,
}

/// How early stopping ended the runs of a group.
#[derive(Debug, Serialize)]
struct Stopped {
    /// The medians over the runs, the lower ones of two.
    epochs: usize,
    best_epoch: usize,
}

impl Group {
    /// Reads the files of a group's runs. Those that are missing or damaged are left out and added to `notes`. The network
    /// is that of the first run; the weights are those of the layer `layer`.
    pub(super) fn read(
        summary: &Summary,
        runs: &[Row],
        shown: bool,
        layer: Option<LayerName>,
        classes: usize,
        notes: &mut Vec<String>,
    ) -> Self {
        let first = &runs[0];
        let spread = |value: &dyn Fn(&Record) -> f64| {
            Spread::new(&runs.iter().map(|row| value(&row.record)).collect::<Vec<_>>())
        };
        let memorised: Option<Vec<f64>> = runs.iter().map(|row| row.record.memorised).collect();
        let mut note = |error: Error| notes.push(error.to_string());
        let (network, model) = Network::read(first, layer)
            .map_err(&mut note)
            .ok()
            .map_or((None, None), |read| (Some(read.0), Some(read.1)));
        let predictions = read_predictions(first).map_err(&mut note).ok();
        let read_history = |row: &Row| row.record.read_history(&row.folder);
        let histories: Vec<_> =
            runs.iter().filter_map(|row| read_history(row).map_err(&mut note).ok()).collect();
        let read_metrics = |row: &Row| row.record.read_metrics(&row.folder);
        let recordings: Vec<_> = runs
            .iter()
            .filter_map(|row| read_metrics(row).map_err(&mut note).ok().flatten())
            .collect();
        let curves = Curves::mean(&histories, &recordings);
        Self {
            variant: summary.variant.clone(),
            name: cell_name(&summary.variant, &summary.point),
            point: BTreeMap::new(),
            shown,
            chosen: summary.chosen,
            runs: summary.n,
            seed: first.run.seed,
            acc_train: summary.acc_train,
            acc_val: summary.acc_val,
            acc_test: summary.acc_test,
            gap: spread(&gap),
            gaps: runs.iter().map(|row| (row.run.seed, gap(&row.record))).collect(),
            cross_entropy_train: spread(&|run| run.cross_entropy_train),
            cross_entropy_test: spread(&|run| run.cross_entropy_test),
            memorised: memorised.map(|shares| Spread::new(&shares)),
            stopped: Stopped::of(runs),
            best_epoch: curves.best_epoch(),
            curves,
            confidence: Confidence::of(runs),
            confusion: predictions.as_ref().and_then(|Predictions { labels, predicted }| {
                confusion_matrix(labels, predicted.as_ref()?, classes)
            }),
            weights: None,
            network,
            answers: Vec::new(),
            wrong_answers: Vec::new(),
            predicted: predictions.and_then(|predictions| predictions.predicted),
            model,
        }
    }

    /// Returns the weights of the shown layer; empty without a network.
    pub(super) fn kernel(&self) -> &[f32] {
        self.network.as_ref().map_or(&[], |network| &network.kernel)
    }
}

/// Returns training minus test accuracy.
fn gap(record: &Record) -> f64 {
    record.acc_train - record.acc_test
}

impl Stopped {
    /// Returns `None` unless early stopping ended all runs.
    fn of(runs: &[Row]) -> Option<Self> {
        if runs.iter().any(|row| row.record.ended != Ending::EarlyStopping) {
            return None;
        }
        let best: Option<Vec<usize>> = runs.iter().map(|row| row.record.best_epoch).collect();
        let epochs = runs.iter().map(|row| row.record.epochs).collect();
        Some(Self { epochs: median(epochs)?, best_epoch: median(best?)? })
    }
}

/// Returns the median, the lower one of two.
fn median(mut values: Vec<usize>) -> Option<usize> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

fn read_predictions(row: &Row) -> Result<Predictions, Error> {
    let bytes = row.record.read_file(&row.folder, PREDICTIONS)?;
    Predictions::parse(&bytes)
        .map_err(|reason| Error::Malformed { path: row.folder.join(PREDICTIONS), reason })
}
