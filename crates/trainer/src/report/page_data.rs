//! The data that the page's scripts draw, embedded in the page as JSON.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use data::{Preparation, Split, centred_ink};
use model::{LayerConfig, LayerName};
use serde::Serialize;
use training::Epoch;

use super::{
    network::{Network, WeightHistogram, confusion_matrix},
    sweep::{SweptKey, swept_keys},
};
use crate::{
    results::{self, Row, Summary, data_slice, statistics::Spread},
    store::{Error, PREDICTIONS, Predictions},
    study::{Splits, cell_name},
};

/// The number of bins of the weight histograms. It is odd, so that one bin is centred on 0.
const BINS: u32 = 81;
/// The ratio of the histograms' range to the 99th percentile of the weights' magnitudes.
const MARGIN: f64 = 1.5;
/// The maximum number of misclassified images that are shown.
const MAX_MISCLASSIFIED: usize = 24;

/// All data of the page.
#[derive(Debug, Serialize)]
pub(super) struct PageData {
    /// Width of an image in pixels.
    width: usize,
    /// Height of an image in pixels.
    height: usize,
    /// Names of the classes, or else their numbers.
    class_names: Vec<String>,
    /// Preparation of a drawing as an image.
    preparation: Preparation,
    /// Longer side of the ink on a prepared image in pixels.
    ink: usize,
    /// The name of the layer whose weights are shown.
    pub(super) shown_layer: String,
    /// True if the test images are available.
    has_images: bool,
    variants: Vec<Variant>,
    misread: Vec<Misclassified>,
    /// The number of misclassified images, of which `misread` holds the first.
    misread_total: usize,
    swept_keys: Vec<SweptKey>,
}

/// A variant at the point of the sweep that is shown.
#[derive(Debug, Serialize)]
struct Variant {
    name: String,
    runs: usize,
    acc_train: Spread,
    acc_test: Spread,
    history: History,
    weights: Option<WeightHistogram>,
    confusion: Option<Vec<Vec<usize>>>,
    network: Option<Network>,
}

/// The metrics of each epoch, averaged over the runs that reached it.
#[derive(Debug, Serialize, PartialEq)]
struct History {
    loss: Vec<f64>,
    acc: Vec<f64>,
    /// `None` for an epoch that no run was validated after.
    val_loss: Vec<Option<f64>>,
    val_acc: Vec<Option<f64>>,
}

/// A test image that most networks misclassify.
#[derive(Debug, Serialize)]
struct Misclassified {
    index: usize,
    label: u8,
    /// One byte for each pixel, in base64.
    pixels: String,
    /// The class predicted by each variant; `None` without predictions.
    answers: Vec<Option<u8>>,
}

impl PageData {
    /// Collects the data of each variant at its chosen point, with the network of the first run there. `splits` has the
    /// test images, if they are available. The data set has so many classes.
    ///
    /// Files that are missing or damaged are left out and added to `notes`.
    pub(super) fn new(
        rows: &[Row],
        summaries: &[Summary],
        splits: Option<&Splits>,
        classes: usize,
        notes: &mut Vec<String>,
    ) -> Self {
        let test = splits.map(|splits| &splits.test);
        let best = shown_groups(&summaries.iter().zip(results::groups(rows)).collect::<Vec<_>>());
        let shown = regularised_layer(best.iter().map(|(_, runs)| &runs[0]));
        let groups: Vec<Group<'_>> =
            best.iter().map(|(summary, runs)| Group::read(summary, runs, shown, notes)).collect();
        let networks = || groups.iter().filter_map(|group| group.network.as_ref());
        let edges = bin_edges(networks().map(|network| network.kernel.as_slice()));
        let predictions: Vec<Option<&[u8]>> =
            groups.iter().map(|group| group.predictions.as_ref()?.predicted.as_deref()).collect();
        let (misread, misread_total) =
            test.map_or_else(Default::default, |test| misclassified(test, &predictions));
        let input = networks().next().map(|network| network.input.clone()).unwrap_or_default();
        let (width, height) = test
            .map_or((input.width, input.height), |test| (test.shape().width, test.shape().height));
        let class_names = splits.map_or(&input.class_names, |splits| &splits.class_names);
        let class_name =
            |class: usize| class_names.get(class).cloned().unwrap_or_else(|| class.to_string());
        Self {
            width,
            height,
            class_names: (0..classes).map(class_name).collect(),
            preparation: splits.map_or(input.preparation, |splits| splits.preparation),
            ink: centred_ink(width),
            shown_layer: shown
                .map_or_else(|| "the last hidden layer".to_owned(), |layer| layer.to_string()),
            has_images: test.is_some(),
            misread,
            misread_total,
            swept_keys: swept_keys(summaries),
            variants: groups
                .into_iter()
                .map(|group| group.variant(edges.clone(), classes))
                .collect(),
        }
    }

    /// Serialises the data as JSON that is safe inside a script element.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)?.replace('<', "\\u003c"))
    }
}

/// A variant at the point that is shown, with the files of its runs.
struct Group<'a> {
    summary: &'a Summary,
    history: History,
    /// Network of the first run.
    network: Option<Network>,
    /// Predictions of the first run.
    predictions: Option<Predictions>,
}

impl<'a> Group<'a> {
    fn read(
        summary: &'a Summary,
        runs: &[Row],
        shown: Option<LayerName>,
        notes: &mut Vec<String>,
    ) -> Self {
        let network = Network::read(&runs[0], shown);
        let network = network.map_err(|error| notes.push(error.to_string())).ok();
        let predictions = read_predictions(&runs[0]);
        let predictions = predictions.map_err(|error| notes.push(error.to_string())).ok();
        let histories = runs.iter().filter_map(|row| {
            let history = row.record.read_history(&row.folder);
            history.map_err(|error| notes.push(error.to_string())).ok()
        });
        let history = History::mean(&histories.collect::<Vec<_>>());
        Self { summary, history, network, predictions }
    }

    fn variant(self, edges: Vec<f64>, classes: usize) -> Variant {
        let Self { summary, history, network, predictions } = self;
        let weights = network
            .as_ref()
            .map(|network| WeightHistogram::new(&network.kernel, edges, network.seed));
        let confusion = predictions.and_then(|Predictions { labels, predicted }| {
            confusion_matrix(&labels, &predicted?, classes)
        });
        Variant {
            name: cell_name(&summary.variant, &summary.point),
            runs: summary.n,
            acc_train: summary.acc_train,
            acc_test: summary.acc_test,
            history,
            weights,
            confusion,
            network,
        }
    }
}

fn read_predictions(row: &Row) -> Result<Predictions, Error> {
    let bytes = row.record.read_file(&row.folder, PREDICTIONS)?;
    Predictions::parse(&bytes)
        .map_err(|reason| Error::Malformed { path: row.folder.join(PREDICTIONS), reason })
}

impl History {
    fn mean(runs: &[Vec<Epoch>]) -> Self {
        let epochs = runs.iter().map(Vec::len).max().unwrap_or(0);
        let means = |value: &dyn Fn(&Epoch) -> Option<f64>| -> Vec<Option<f64>> {
            let mean = |epoch: usize| {
                let reached = runs.iter().filter_map(|run| run.get(epoch));
                let values: Vec<f64> = reached.filter_map(value).collect();
                (!values.is_empty()).then(|| Spread::new(&values).mean)
            };
            (0..epochs).map(mean).collect()
        };
        let all = |value: fn(&Epoch) -> f64| -> Vec<f64> {
            means(&|epoch| Some(value(epoch))).into_iter().flatten().collect()
        };
        Self {
            loss: all(|epoch| epoch.train.loss),
            acc: all(|epoch| epoch.train.accuracy),
            val_loss: means(&|epoch| epoch.validation.map(|metrics| metrics.loss)),
            val_acc: means(&|epoch| epoch.validation.map(|metrics| metrics.accuracy)),
        }
    }
}

/// Returns the layer that most of the runs regularise, the last one of several with equal counts. Returns `None` if
/// the runs differ in depth or regularise nothing.
fn regularised_layer<'a>(runs: impl Iterator<Item = &'a Row>) -> Option<LayerName> {
    let (mut depths, mut counts) = (BTreeSet::new(), BTreeMap::<LayerName, usize>::new());
    for row in runs {
        let network = &row.run.variant.network;
        depths.insert(network.hidden.len());
        let is_plain = |layer: &LayerName| network.layer(*layer) == Some(&LayerConfig::default());
        // The input has no weights.
        for layer in network.layer_names().skip(1).filter(|layer| !is_plain(layer)) {
            *counts.entry(layer).or_default() += 1;
        }
    }
    let most_regularised = counts.into_iter().max_by_key(|&(layer, count)| (count, layer));
    most_regularised.map(|(layer, _)| layer).filter(|_| depths.len() == 1)
}

/// Returns the bin edges of the histograms of all kernels, symmetric around 0.
///
/// The range follows the median kernel: with that of the widest one, the weights of the others could share one bin.
fn bin_edges<'a>(kernels: impl Iterator<Item = &'a [f32]>) -> Vec<f64> {
    let mut percentiles: Vec<f64> = kernels.filter_map(percentile_99).collect();
    percentiles.sort_by(f64::total_cmp);
    let median = percentiles.get(percentiles.len() / 2);
    let limit = median.map_or(0.0, |percentile| MARGIN * percentile);
    let limit = if limit > 0.0 { limit } else { 1.0 };
    let edge = |index: u32| limit * (2.0 * f64::from(index) / f64::from(BINS) - 1.0);
    (0..=BINS).map(edge).collect()
}

/// Returns the 99th percentile of the magnitudes of a kernel's finite weights.
fn percentile_99(kernel: &[f32]) -> Option<f64> {
    let magnitudes = kernel.iter().map(|weight| f64::from(*weight).abs());
    let mut magnitudes: Vec<f64> = magnitudes.filter(|magnitude| magnitude.is_finite()).collect();
    magnitudes.sort_by(f64::total_cmp);
    magnitudes.get(magnitudes.len() * 99 / 100).copied()
}

/// Returns the chosen group of each variant, or if none is chosen its first, apart for each value of `data.` keys.
fn shown_groups<'a>(groups: &[(&'a Summary, &'a [Row])]) -> Vec<(&'a Summary, &'a [Row])> {
    let mut shown: Vec<(&Summary, &[Row])> = Vec::new();
    for &(summary, runs) in groups {
        let slice = |summary: &Summary| (summary.variant.clone(), data_slice(&summary.point));
        match shown.iter_mut().find(|(other, _)| slice(other) == slice(summary)) {
            Some(other) if summary.chosen => *other = (summary, runs),
            Some(_) => {}
            None => shown.push((summary, runs)),
        }
    }
    shown
}

/// Returns the images that more than half of the networks misclassify, those with most errors first and at most
/// [`MAX_MISCLASSIFIED`], and the number of all such images.
fn misclassified(test: &Split, predictions: &[Option<&[u8]>]) -> (Vec<Misclassified>, usize) {
    let networks = predictions.iter().flatten().count();
    let errors = |index: usize| {
        let label = test.labels()[index];
        predictions.iter().flatten().filter(|predictions| predictions[index] != label).count()
    };
    let mut indices: Vec<usize> =
        (0..test.len()).filter(|&index| 2 * errors(index) > networks).collect();
    indices.sort_by_key(|&index| networks - errors(index));
    let image = |&index: &usize| Misclassified {
        index,
        label: test.labels()[index],
        pixels: BASE64_STANDARD.encode(test.image(index)),
        answers: predictions
            .iter()
            .map(|predictions| predictions.map(|predictions| predictions[index]))
            .collect(),
    };
    (indices.iter().take(MAX_MISCLASSIFIED).map(image).collect(), indices.len())
}

#[cfg(test)]
mod tests {
    use data::Shape;
    use training::Metrics;

    use super::*;

    #[test]
    fn images_that_most_networks_misclassify_are_returned() {
        let shape = Shape { width: 2, height: 1, classes: 5 };
        let test = Split::new(shape, vec![0; 8], vec![1, 2, 3, 4]);
        let predictions: [Option<&[u8]>; 4] =
            [Some(&[1, 0, 0, 4]), Some(&[0, 0, 0, 4]), None, Some(&[1, 2, 0, 4])];
        let (images, total) = misclassified(&test, &predictions);
        let indices: Vec<usize> = images.iter().map(|image| image.index).collect();
        assert_eq!((indices, total), (vec![2, 1], 2));
        assert_eq!(images[1].answers, [Some(0), Some(0), None, Some(2)]);
    }

    #[test]
    fn an_epochs_metrics_are_averaged_over_the_runs_that_reached_it() {
        let epoch = |number, loss| Epoch {
            number,
            train: Metrics { loss, accuracy: 0.5 },
            validation: None,
        };
        let history = History::mean(&[vec![epoch(1, 1.0), epoch(2, 3.0)], vec![epoch(1, 2.0)]]);
        assert_eq!(history.loss, [1.5, 3.0]);
        assert_eq!(history.acc, [0.5, 0.5]);
        assert_eq!(history.val_loss, [None, None]);
    }

    #[test]
    fn bin_edges_follow_the_median_kernel_and_centre_a_bin_on_0() {
        let kernel = |size: f32| vec![size; 200];
        let mut one_large = kernel(0.2);
        one_large.extend([9.0, f32::NAN]);
        let kernels = [kernel(0.1), one_large, kernel(50.0)];
        let edges = bin_edges(kernels.iter().map(Vec::as_slice));
        let limit = 1.5 * f64::from(0.2_f32);
        assert_eq!((edges[0], edges[81]), (-limit, limit));
        assert!(edges[40] < 0.0 && edges[41] > 0.0);
        assert_eq!(bin_edges([[f32::NAN].as_slice()].into_iter())[81], 1.0);
    }
}
