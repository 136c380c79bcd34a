//! What the page's scripts draw, as the JSON in the page.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use burn::tensor::Device;
use data::{Shape, Split};
use model::LayerName;
use serde::Serialize;
use training::Epoch;

use super::{
    network::{Network, Weights, confusion},
    paths::{Path, paths},
};
use crate::{
    results::{self, Summary, statistics::Spread, summaries},
    store::record::{Record, read_history},
    study::cell_name,
};

/// Bins of the weights' histogram: an odd number, so that one of them is around 0.
const BINS: u32 = 81;
/// How far the histogram goes beyond the size that one weight in a hundred exceeds.
const MARGIN: f64 = 1.5;
/// The most misread digits that are shown.
const MISREAD: usize = 24;

/// Everything drawn.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    side: usize,
    classes: usize,
    /// The layer whose weights are shown, in words.
    pub(super) weights_of: String,
    /// Whether the test images were at hand.
    has_digits: bool,
    variants: Vec<Variant>,
    misread: Vec<Misread>,
    /// Of how many these are the first.
    misread_in_all: usize,
    paths: Vec<Path>,
}

#[derive(Debug, Serialize)]
struct Variant {
    name: String,
    runs: usize,
    acc_train: Spread,
    acc_test: Spread,
    history: History,
    weights: Option<Weights>,
    confusion: Option<Vec<Vec<usize>>>,
    network: Option<Network>,
}

/// Per epoch, the mean over the runs that got so far.
#[derive(Debug, Serialize, PartialEq)]
struct History {
    loss: Vec<f64>,
    acc: Vec<f64>,
    val_loss: Option<Vec<f64>>,
    val_acc: Option<Vec<f64>>,
}

/// A test digit that most variants take for another.
#[derive(Debug, Serialize)]
struct Misread {
    index: usize,
    label: u8,
    /// Bytes in base64.
    pixels: String,
    /// Each variant's, where it has a network that answers.
    answers: Vec<Option<usize>>,
}

impl Picture {
    /// Of these runs: of each variant at its best point, its networks those of its first run there. What is
    /// missing or damaged is noted and left out.
    pub(super) fn of(
        records: &[Record],
        first: &str,
        test: Option<&Split>,
        device: &Device,
        notes: &mut Vec<String>,
    ) -> Self {
        let summaries = summaries(records, first);
        let best = best(&summaries.iter().zip(results::cells(records)).collect::<Vec<_>>());
        let shown = regularised_layer(best.iter().map(|(_, runs)| &runs[0]));
        let mut cells = Vec::new();
        for (summary, runs) in best {
            let network = Network::read(&runs[0], shown, test, device)
                .map_err(|error| notes.push(error.to_string()));
            let histories = runs.iter().filter_map(|run| {
                let history = read_history(&run.folder, run.epochs);
                history.map_err(|error| notes.push(error.to_string())).ok()
            });
            let history = History::of(&histories.collect::<Vec<_>>());
            cells.push((summary, network.ok(), history));
        }
        let networks = || cells.iter().filter_map(|(_, network, _)| network.as_ref());
        let edges = edges(networks().map(|network| network.kernel.as_slice()));
        let answers: Vec<Option<&[usize]>> =
            cells.iter().map(|(_, network, _)| network.as_ref()?.answers.as_deref()).collect();
        let (misread, misread_in_all) =
            test.map_or_else(Default::default, |test| misread(test, &answers));
        let variant = |(summary, network, history): (&Summary, Option<Network>, History)| Variant {
            name: cell_name(&summary.variant, &summary.point),
            runs: summary.n,
            acc_train: summary.acc_train,
            acc_test: summary.acc_test,
            history,
            weights: network
                .as_ref()
                .map(|network| Weights::of(&network.kernel, edges.clone(), network.seed)),
            confusion: test
                .zip(network.as_ref().and_then(|network| network.answers.as_ref()))
                .map(|(test, answers)| confusion(test.labels(), answers, test.shape().classes)),
            network,
        };
        let paths = paths(&summaries);
        let variants = cells.into_iter().map(variant).collect();
        let shape = test.map_or(Shape::MNIST, Split::shape);
        Self {
            side: shape.width,
            classes: shape.classes,
            weights_of: shown
                .map_or_else(|| "the last hidden layer".to_owned(), |layer| layer.to_string()),
            has_digits: test.is_some(),
            variants,
            misread,
            misread_in_all,
            paths,
        }
    }

    /// As JSON that may stand inside of HTML.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)?.replace('<', "\\u003c"))
    }
}

impl History {
    fn of(runs: &[Vec<Epoch>]) -> Self {
        let epochs = runs.iter().map(Vec::len).max().unwrap_or(0);
        let means = |value: &dyn Fn(&Epoch) -> Option<f64>| -> Option<Vec<f64>> {
            let mean = |epoch: usize| {
                let values: Option<Vec<f64>> =
                    runs.iter().filter_map(|run| run.get(epoch)).map(value).collect();
                values.map(|values| Spread::of(&values).mean)
            };
            (0..epochs).map(mean).collect()
        };
        Self {
            loss: means(&|epoch| Some(epoch.train.loss)).unwrap_or_default(),
            acc: means(&|epoch| Some(epoch.train.accuracy)).unwrap_or_default(),
            val_loss: means(&|epoch| epoch.validation.map(|metrics| metrics.loss)),
            val_acc: means(&|epoch| epoch.validation.map(|metrics| metrics.accuracy)),
        }
    }
}

/// The layer that most of the runs regularise, of equals the last; `None` where each has to be asked for its last
/// hidden layer: where they have different depths, or regularise nothing.
fn regularised_layer<'a>(runs: impl Iterator<Item = &'a Record>) -> Option<LayerName> {
    let (mut depths, mut counts) = (BTreeSet::new(), BTreeMap::<LayerName, usize>::new());
    for record in runs {
        let depth = record.hidden_units().len();
        depths.insert(depth);
        let layers = (0..depth).map(LayerName::Hidden).chain([LayerName::Output]);
        for layer in layers.filter(|layer| record.regularises(*layer)) {
            *counts.entry(layer).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|&(layer, count)| (count, layer));
    most.map(|(layer, _)| layer).filter(|_| depths.len() == 1)
}

/// Of a histogram for several kernels, the same to both sides of 0: wide enough for nearly all weights of most of
/// them, so that a few large ones of one kernel do not put the others into a bin or two.
fn edges<'a>(kernels: impl Iterator<Item = &'a [f32]>) -> Vec<f64> {
    let mut reaches: Vec<f64> = kernels.filter_map(reach).collect();
    reaches.sort_by(f64::total_cmp);
    let most = reaches.get(reaches.len() / 2).map_or(0.0, |reach| MARGIN * reach);
    let most = if most > 0.0 { most } else { 1.0 };
    let edge = |place: u32| most * (2.0 * f64::from(place) / f64::from(BINS) - 1.0);
    (0..=BINS).map(edge).collect()
}

/// The size that one in a hundred of a kernel's finite weights exceeds.
fn reach(kernel: &[f32]) -> Option<f64> {
    let sizes = kernel.iter().map(|weight| f64::from(*weight).abs());
    let mut sizes: Vec<f64> = sizes.filter(|size| size.is_finite()).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() * 99 / 100).copied()
}

/// Of each variant's cells the one that does best on the test images, the first of equals.
fn best<'a>(cells: &[(&'a Summary, &'a [Record])]) -> Vec<(&'a Summary, &'a [Record])> {
    let of_variants = cells.chunk_by(|(one, _), (next, _)| one.variant == next.variant);
    let better = |best: Option<(&'a Summary, &'a [Record])>, cell: &(&'a Summary, &'a [Record])| {
        match best {
            Some((summary, _)) if summary.acc_test.mean >= cell.0.acc_test.mean => best,
            _ => Some(*cell),
        }
    };
    of_variants.filter_map(|cells| cells.iter().fold(None, better)).collect()
}

/// Of the digits that more than half of the networks get wrong the first, those before that most do; and how many
/// there are in all.
fn misread(test: &Split, answers: &[Option<&[usize]>]) -> (Vec<Misread>, usize) {
    let networks = answers.iter().flatten().count();
    let wrong = |index: usize| {
        let label = usize::from(test.labels()[index]);
        answers.iter().flatten().filter(|answers| answers[index] != label).count()
    };
    let mut indices: Vec<usize> =
        (0..test.len()).filter(|&index| 2 * wrong(index) > networks).collect();
    indices.sort_by_key(|&index| networks - wrong(index));
    let digit = |&index: &usize| Misread {
        index,
        label: test.labels()[index],
        pixels: BASE64_STANDARD.encode(test.image(index)),
        answers: answers.iter().map(|answers| answers.map(|answers| answers[index])).collect(),
    };
    (indices.iter().take(MISREAD).map(digit).collect(), indices.len())
}

#[cfg(test)]
mod tests {
    use training::Metrics;

    use super::*;

    #[test]
    fn most_have_to_be_wrong() {
        let test = Split::new(vec![0; 4 * Shape::MNIST.pixels()], vec![1, 2, 3, 4]);
        let answers: [Option<&[usize]>; 4] =
            [Some(&[1, 0, 0, 4]), Some(&[0, 0, 0, 4]), None, Some(&[1, 2, 0, 4])];
        let (found, in_all) = misread(&test, &answers);
        let indices: Vec<usize> = found.iter().map(|digit| digit.index).collect();
        assert_eq!((indices, in_all), (vec![2, 1], 2));
        assert_eq!(found[1].answers, [Some(0), Some(0), None, Some(2)]);
    }

    #[test]
    fn a_history_is_the_mean_of_those_that_got_so_far() {
        let epoch = |number, loss| Epoch {
            number,
            train: Metrics { loss, accuracy: 0.5 },
            validation: None,
        };
        let history = History::of(&[vec![epoch(1, 1.0), epoch(2, 3.0)], vec![epoch(1, 2.0)]]);
        assert_eq!(history.loss, [1.5, 3.0]);
        assert_eq!(history.acc, [0.5, 0.5]);
        assert_eq!(history.val_loss, None);
    }

    #[test]
    fn edges_suit_most_kernels_and_have_a_bin_around_0() {
        let kernel = |size: f32| vec![size; 200];
        let mut one_large = kernel(0.2);
        one_large.extend([9.0, f32::NAN]);
        let kernels = [kernel(0.1), one_large, kernel(50.0)];
        let edges = edges(kernels.iter().map(Vec::as_slice));
        let most = 1.5 * f64::from(0.2_f32);
        assert_eq!((edges[0], edges[81]), (-most, most));
        assert!(edges[40] < 0.0 && edges[41] > 0.0);
        assert_eq!(super::edges([[f32::NAN].as_slice()].into_iter())[81], 1.0);
    }
}
