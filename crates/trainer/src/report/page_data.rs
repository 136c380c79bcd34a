//! The data that the page's scripts draw, embedded in the page as JSON.

use std::collections::{BTreeMap, BTreeSet};

use data::{Preparation, centred_ink};
use model::{LayerName, NetworkConfig};
use serde::Serialize;
use training::{InputFormat, Pixels};

use super::{
    group::{PageGroup, Reading},
    headline::Headline,
    mistakes::{Mistake, mistakes},
    network::WeightHistogram,
    pictures::{Pictures, largest},
    quantities::{Quantity, layer_name, matrix},
    questions::{Question, questions},
    sweep::{Slider, SweptKey, sliders, swept_keys},
    wrong_labels::{MislabelledImages, WrongImage},
};
use crate::{
    results::{self, Group, Row},
    splits::Splits,
    store::{SavedStudy, tables::CHANGED_LABELS},
};

/// The number of bins of the weight histograms. It is odd, so that one bin is centred on 0.
const BINS: u32 = 81;
/// The ratio of the histograms' range to the 99th percentile of the weights' magnitudes.
const MARGIN: f64 = 1.5;
/// The maximum number of groups on the page. If there are more, it has only those shown without sliders.
const MAX_GROUPS: usize = 64;
/// The maximum size of all networks on the page, in base64.
const MAX_NETWORKS_BYTES: usize = 4_600_000;

/// All data of the page.
#[derive(Debug, Serialize)]
pub(super) struct PageData {
    /// Width of an image in pixels.
    width: usize,
    /// Height of an image in pixels.
    height: usize,
    /// Names of the classes, or else their numbers.
    pub(super) class_names: Vec<String>,
    /// Preparation of a drawing as an image.
    preparation: Preparation,
    /// Longer side of the ink on a prepared image in pixels.
    ink: usize,
    /// The name of the layer whose weights are shown.
    pub(super) shown_layer: String,
    /// True if the test images are available.
    has_images: bool,
    /// Each variant at its sweep points.
    pub(super) groups: Vec<PageGroup>,
    /// The labels of the variants.
    labels: BTreeMap<String, String>,
    /// The columns of the effect matrix.
    quantities: Vec<Quantity>,
    /// Test images that networks misread.
    images: Vec<Mistake>,
    wrong_images: Vec<WrongImage>,
    sliders: Vec<Slider>,
    swept_keys: Vec<SweptKey>,
    questions: Vec<Question>,
}

impl PageData {
    /// Collects the data of each variant at its sweep points. `splits` has the study's images, if they are available.
    ///
    /// Files that are missing or damaged are left out and added to `notes`.
    pub(super) fn new(
        saved: &SavedStudy,
        all: &[Group<'_>],
        splits: Option<&Splits>,
        notes: &mut Vec<String>,
    ) -> Self {
        let classes = saved.manifest.files.classes();
        let shown = shown_groups(all);
        let mut sliders = sliders(all);
        let is_small = all.len() <= MAX_GROUPS;
        if !is_small {
            sliders.clear();
            notes.push(format!(
                "There are no sliders, as the sweep has more than {MAX_GROUPS} points: each variant is shown at one point."
            ));
        }
        let layer = regularised_layer(shown.iter().map(|&index| &all[index].runs[0]));
        let reading = Reading { layer, seed: common_seed(all) };
        let (quantities, cells) = matrix(all, layer);
        let mut groups = Vec::new();
        for ((index, of_runs), quantities) in all.iter().enumerate().zip(cells) {
            if is_small || shown.contains(&index) {
                let is_shown = shown.contains(&index);
                let mut group = PageGroup::read(of_runs, is_shown, &reading, notes);
                group.quantities = quantities;
                group.point = sliders.iter().filter_map(|slider| slider.index(of_runs)).collect();
                groups.push(group);
            }
        }
        add_histograms(&mut groups);
        add_pictures(&mut groups);
        let images = add_answers(&mut groups, splits);
        let wrong_images = add_wrong_answers(&mut groups, all, splits, notes);
        // That of the data set, or else of a network.
        let format = splits
            .map(|splits| splits.input_format(Pixels::Unit))
            .or_else(|| groups.iter().find_map(|group| Some(group.model.as_ref()?.input.clone())));
        drop_networks(&mut groups, notes);
        let first = groups.first().map(|group| group.variant.clone());
        for group in groups.iter_mut().filter(|group| Some(&group.variant) == first.as_ref()) {
            group.headline = Some(Headline::new(group, classes));
        }
        let InputFormat { width, height, class_names, preparation, .. } =
            format.unwrap_or_default();
        let shown: Vec<&Group<'_>> = shown.iter().map(|index| &all[*index]).collect();
        Self {
            questions: questions(&shown, all, &sliders, layer),
            width,
            height,
            class_names: (0..classes)
                .map(|class| class_names.get(class).cloned().unwrap_or_else(|| class.to_string()))
                .collect(),
            preparation,
            ink: centred_ink(width),
            shown_layer: layer_name(layer),
            has_images: splits.is_some(),
            labels: results::runs(all)
                .map(|row| (row.variant().to_owned(), row.label().to_owned()))
                .collect(),
            quantities,
            images,
            wrong_images,
            sliders,
            swept_keys: swept_keys(all),
            groups,
        }
    }

    /// Returns the groups that are shown unless a slider is moved, one for each variant.
    pub(super) fn shown(&self) -> impl Iterator<Item = &PageGroup> {
        self.groups.iter().filter(|group| group.shown)
    }

    /// Serialises the data as JSON that is safe inside a script element.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(self)?.replace('<', "\\u003c"))
    }
}

/// Returns the indices of the groups that are shown unless a slider is moved: of each variant the first chosen one, or if
/// none is chosen the first.
fn shown_groups(groups: &[Group<'_>]) -> BTreeSet<usize> {
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        let entry = shown.entry(group.variant()).or_insert(index);
        if group.chosen && !groups[*entry].chosen {
            *entry = index;
        }
    }
    shown.into_values().collect()
}

/// Returns the first seed of which all groups have a run.
fn common_seed(groups: &[Group<'_>]) -> Option<u64> {
    let mut seeds = groups.first()?.runs.iter().map(|row| row.run.seed);
    seeds.find(|&seed| groups.iter().all(|group| group.runs.iter().any(|row| row.run.seed == seed)))
}

/// Returns the layer that most of the runs regularise, the last one of several with equal counts. Returns `None` if
/// the runs differ in depth or regularise nothing.
fn regularised_layer<'a>(runs: impl Iterator<Item = &'a Row>) -> Option<LayerName> {
    let (mut depths, mut counts) = (BTreeSet::new(), BTreeMap::<LayerName, usize>::new());
    for row in runs {
        let network = &row.run.variant.network;
        depths.insert(network.hidden.len());
        let plain = NetworkConfig::plain(
            &network.hidden.iter().map(|block| block.units).collect::<Vec<_>>(),
        );
        let hidden = network.hidden.iter().zip(&plain.hidden).map(|(one, plain)| one != plain);
        let is_regularised = hidden.chain([network.output != plain.output]);
        for ((layer, _), _) in network.dense_layers().zip(is_regularised).filter(|(_, is)| *is) {
            *counts.entry(layer).or_default() += 1;
        }
    }
    let most_regularised = counts.into_iter().max_by_key(|&(layer, count)| (count, layer));
    most_regularised.map(|(layer, _)| layer).filter(|_| depths.len() == 1)
}

/// Adds the histograms of the groups' weights, with common bins.
fn add_histograms(groups: &mut [PageGroup]) {
    let kernels = groups.iter().filter(|group| group.shown).map(PageGroup::kernel);
    let edges = bin_edges(kernels);
    for group in groups.iter_mut().filter(|group| group.network.is_some()) {
        group.weights = Some(WeightHistogram::new(group.kernel(), edges.clone(), group.seed));
    }
}

/// Adds the pictures of the groups' first layers, with a common scale.
fn add_pictures(groups: &mut [PageGroup]) {
    let sound = groups.iter().filter(|group| !group.sets_no_scale);
    let largest = largest(sound.filter_map(|group| group.kernels.as_ref()));
    for group in groups {
        group.pictures = group.kernels.take().map(|kernels| kernels.pictures(largest, group.shown));
    }
}

/// Adds the predictions of each group's first network for the test images that are shown. Returns these images.
fn add_answers(groups: &mut [PageGroup], splits: Option<&Splits>) -> Vec<Mistake> {
    let Some(Splits { test, .. }) = splits else { return Vec::new() };
    let shown = groups.iter().filter(|group| group.shown);
    let predicted = shown.filter_map(|group| group.predicted.as_deref());
    let predictions: Vec<&[u8]> = predicted.filter(|all| all.len() == test.len()).collect();
    let images = mistakes(test, &predictions);
    for group in groups {
        let predicted = group.predicted.as_deref().filter(|all| all.len() == test.len());
        let answers = predicted.map(|all| images.iter().map(|image| all[image.index]).collect());
        group.answers = answers.unwrap_or_default();
    }
    images
}

/// Adds the predictions of each group's first network for some training images with wrong labels. Returns these images.
fn add_wrong_answers(
    groups: &mut [PageGroup],
    all: &[Group<'_>],
    splits: Option<&Splits>,
    notes: &mut Vec<String>,
) -> Vec<WrongImage> {
    // The labels that a shown run has changed: other seeds and other shares of noise have others.
    let changed =
        groups.iter().filter(|group| group.shown).find_map(|group| group.changed_labels.clone());
    let mut rows = results::runs(all).filter(|_| changed.is_some());
    let row = rows.find(|row| row.record.files.get(CHANGED_LABELS) == changed.as_ref());
    let (Some(splits), Some(row)) = (splits, row) else { return Vec::new() };
    let wrong = match MislabelledImages::read(row, splits) {
        Ok(Some(wrong)) => wrong,
        Ok(None) => return Vec::new(),
        Err(error) => {
            notes.push(error.to_string());
            return Vec::new();
        }
    };
    for group in groups.iter_mut().filter(|group| group.changed_labels == changed) {
        group.wrong_answers =
            group.model.as_ref().map(|model| wrong.predictions(model)).unwrap_or_default();
    }
    wrong.images()
}

/// Drops networks that would make the page too large, those of shown groups last.
fn drop_networks(groups: &mut [PageGroup], notes: &mut Vec<String>) {
    let mut left = MAX_NETWORKS_BYTES;
    let mut dropped = 0;
    for is_shown in [true, false] {
        for group in groups.iter_mut().filter(|group| group.shown == is_shown) {
            let Some(network) = &group.network else { continue };
            let bytes = network.bytes() + group.pictures.as_ref().map_or(0, Pictures::bytes);
            if let Some(rest) = left.checked_sub(bytes) {
                left = rest;
            } else {
                (group.network, group.pictures) = (None, None);
                dropped += 1;
            }
        }
    }
    if dropped > 0 {
        notes.push(format!(
            "{dropped} of {} networks are left out, as the page would become too large: the drawing pad and the pictures of \
             weights are without them.",
            groups.len()
        ));
    }
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
    (0..=BINS).map(|edge| limit * (2.0 * f64::from(edge) / f64::from(BINS) - 1.0)).collect()
}

/// Returns the 99th percentile of the magnitudes of a kernel's finite weights.
fn percentile_99(kernel: &[f32]) -> Option<f64> {
    let magnitudes = kernel.iter().map(|weight| f64::from(*weight).abs());
    let mut magnitudes: Vec<f64> = magnitudes.filter(|magnitude| magnitude.is_finite()).collect();
    magnitudes.sort_by(f64::total_cmp);
    magnitudes.get(magnitudes.len() * 99 / 100).copied()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{group::tests::group, network::PageNetwork},
        *,
    };
    use crate::results::tests::row;

    #[test]
    fn each_variant_is_shown_at_its_chosen_point_or_its_first() {
        let rows = [row("none", 0, (0.9, 0.8), 1.0), row("l2", 0, (0.9, 0.8), 1.0)];
        let group = |variant: usize, chosen| Group {
            chosen,
            ..results::groups(&rows, "none").swap_remove(variant)
        };
        let groups = [group(0, false), group(0, false), group(1, false), group(1, true)];
        assert_eq!(shown_groups(&groups), BTreeSet::from([0, 3]));
    }

    #[test]
    fn the_shown_networks_are_of_a_seed_that_all_groups_have() {
        let rows = |seeds: &[u64]| -> Vec<Row> {
            seeds.iter().map(|&seed| row("none", seed, (0.9, 0.8), 1.0)).collect()
        };
        let seed = |one: &[u64], other: &[u64]| {
            let rows = [rows(one), rows(other)];
            let groups = rows.each_ref().map(|rows| results::groups(rows, "none").remove(0));
            common_seed(&groups)
        };
        assert_eq!(seed(&[0, 1, 2], &[1, 2]), Some(1));
        assert_eq!(seed(&[0], &[1]), None);
    }

    #[test]
    fn networks_that_are_not_shown_are_dropped_first() {
        let group = |shown, bytes: usize| PageGroup {
            shown,
            network: Some(PageNetwork::sample(bytes)),
            pictures: Some(Pictures::sample(100)),
            ..group("none", &[(0.9, 0.8)])
        };
        let half = MAX_NETWORKS_BYTES / 2 - 100;
        let mut groups =
            [group(false, half), group(true, half), group(true, half), group(true, half)];
        let mut notes = Vec::new();
        drop_networks(&mut groups, &mut notes);
        let kept = groups.each_ref().map(|group| group.network.is_some());
        assert_eq!(kept, [false, true, true, false]);
        assert!(groups[1].pictures.is_some() && groups[3].pictures.is_none());
        assert!(notes[0].starts_with("2 of 4 networks are left out"), "{}", notes[0]);
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
