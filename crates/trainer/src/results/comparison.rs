//! Comparisons of variants with the study's first one.

use std::{collections::HashSet, fmt};

use serde::Serialize;

use super::{
    Row,
    statistics::{CONFIDENCE, Difference, SeedsNeeded, holm, rounding_variance},
};
use crate::{
    store::SavedPredictions,
    study::{KeyValues, cell_name},
};

/// Number of pairs from which a verdict is not provisional.
pub(super) const FIRM_PAIRS: usize = 5;

/// A comparison of test accuracies with another variant, over pairs of runs. The runs of a pair have the same seed, and
/// so the same initial weights and batches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The other variant.
    pub variant: String,
    /// Its name for people, with the sweep point.
    #[serde(skip)]
    pub label: String,
    /// Its sweep point.
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    pub point: KeyValues,
    /// The mean difference and its confidence interval; `None` if there is one pair only.
    #[serde(flatten)]
    pub difference: Option<Difference>,
    /// The difference of two networks, if there is one pair only; `None` if their predictions cannot be read.
    #[serde(skip)]
    pub networks: Option<Difference>,
    /// The p value: of Student's t test, or in a study of one seed of McNemar's test of the predictions; `None` if they
    /// cannot be read.
    pub p: Option<f64>,
    /// The p value adjusted for the number of the study's comparisons by Holm's method.
    pub p_adjusted: Option<f64>,
    /// The verdict; `None` if there is one pair only, or if the images lack classes.
    pub verdict: Option<Verdict>,
    /// Whether the images of the runs have all classes.
    #[serde(skip)]
    pub is_sound: bool,
    /// Whether the verdict rests on few pairs: with more, it may turn.
    pub provisional: bool,
    /// The number of seeds with which the difference would be found.
    pub seeds_needed: SeedsNeeded,
}

/// Verdict on a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The test accuracy is higher.
    Better,
    /// The test accuracy is lower.
    Worse,
    /// The runs do not decide it.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Undecided => "undecided",
        })
    }
}

/// Compares groups of runs, each given with the group that it is compared with, first. Comparisons over seeds are a family
/// of tests, by whose number the p values are adjusted, and so are those of two networks, as in a study of one seed.
/// Those of images that lack classes are not adjusted.
pub(super) fn compare(
    pairs: Vec<Option<(&[Row], &[Row])>>,
    has_one_seed: bool,
) -> Vec<Option<Comparison>> {
    let mut comparisons: Vec<Option<Comparison>> = pairs
        .into_iter()
        .map(|pair| pair.and_then(|(reference, runs)| compare_one(reference, runs, has_one_seed)))
        .collect();
    for is_of_seeds in [true, false] {
        let mut family: Vec<&mut Comparison> = comparisons
            .iter_mut()
            .flatten()
            .filter(|one| one.is_sound && one.difference.is_some() == is_of_seeds)
            .collect();
        // A test that could not be made counts too.
        let p_values: Vec<f64> = family.iter().map(|one| one.p.unwrap_or(1.0)).collect();
        for (comparison, p_adjusted) in family.iter_mut().zip(holm(&p_values)) {
            comparison.p_adjusted = comparison.p.map(|_| p_adjusted);
            if let Some(difference) = &comparison.difference {
                let verdict = verdict(difference, p_adjusted);
                comparison.provisional =
                    verdict != Verdict::Undecided && difference.pairs < FIRM_PAIRS;
                comparison.verdict = Some(verdict);
                comparison.seeds_needed = difference.seeds_needed(p_values.len());
            }
        }
    }
    comparisons
}

/// Compares runs with those of the same seeds. The p value is not adjusted yet.
fn compare_one(reference: &[Row], runs: &[Row], has_one_seed: bool) -> Option<Comparison> {
    if reference[0].is_beside(&runs[0]) {
        return None;
    }
    let (count, pairs) = (pairs(reference, runs).count(), observations(reference, runs));
    let differences: Vec<f64> = pairs
        .iter()
        .map(|(run, other)| run.record.test.accuracy - other.record.test.accuracy)
        .collect();
    let difference =
        Difference::new(&differences, rounding_variance(reference[0].record.test.images));
    let (p, networks) = match (&difference, &pairs[..]) {
        (Some(difference), _) => (Some(difference.p), None),
        (None, [(run, other)]) if has_one_seed || count > 1 => {
            let found = compare_predictions(run, other);
            (found.map(|found| found.p), found)
        }
        _ => return None,
    };
    Some(Comparison {
        variant: reference[0].variant().to_owned(),
        label: cell_name(reference[0].label(), reference[0].point()),
        point: reference[0].point().clone(),
        difference,
        networks,
        p,
        p_adjusted: None,
        verdict: None,
        is_sound: !reference.iter().chain(runs).any(Row::lacks_classes),
        provisional: false,
        seeds_needed: SeedsNeeded::Unknown,
    })
}

/// Pairs runs with those of the same seeds. Pairs with a diverged run are left out.
fn pairs<'a>(reference: &'a [Row], runs: &'a [Row]) -> impl Iterator<Item = (&'a Row, &'a Row)> {
    let same_seed = |run: &Row| reference.iter().find(|other| other.run.seed == run.run.seed);
    let pairs = runs.iter().filter_map(move |run| Some((run, same_seed(run)?)));
    pairs.filter(|(run, other)| !run.diverged() && !other.diverged())
}

/// Returns the pairs of runs that are observations of their own: those with the same weights as another are one.
pub(super) fn observations<'a>(reference: &'a [Row], runs: &'a [Row]) -> Vec<(&'a Row, &'a Row)> {
    let mut seen = HashSet::new();
    let is_new = |(run, other): &(&'a Row, &'a Row)| match (run.weights(), other.weights()) {
        (Some(weights), Some(others)) => seen.insert((weights, others)),
        _ => true,
    };
    pairs(reference, runs).filter(is_new).collect()
}

/// Compares two networks on the test images; `None` if their predictions cannot be read.
fn compare_predictions(one: &Row, other: &Row) -> Option<Difference> {
    let correct = |row: &Row| -> Option<Vec<bool>> {
        let SavedPredictions { labels, predicted } =
            row.record.read_predictions(&row.folder).ok()?;
        Some(labels.iter().zip(&predicted?).map(|(label, predicted)| label == predicted).collect())
    };
    let (one, other) = (correct(one)?, correct(other)?);
    let only = |wanted: (bool, bool)| {
        one.iter().zip(&other).filter(|(one, other)| (**one, **other) == wanted).count()
    };
    Some(Difference::of_proportions(only((true, false)), only((false, true)), one.len()))
}

fn verdict(difference: &Difference, p_adjusted: f64) -> Verdict {
    if p_adjusted >= 1.0 - CONFIDENCE || difference.mean == 0.0 {
        Verdict::Undecided
    } else if difference.mean > 0.0 {
        Verdict::Better
    } else {
        Verdict::Worse
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::{super::tests::row, *};
    use crate::store::record::MODEL;

    /// Draws a number of a normal distribution: a sum of twelve uniform numbers is close to one of variance 1.
    fn normal(generator: &mut Xoshiro256PlusPlus) -> f64 {
        (0..12).map(|_| generator.random::<f64>()).sum::<f64>() - 6.0
    }

    /// Accuracies of the runs of a variant: counts of images around a mean.
    fn accuracies(
        generator: &mut Xoshiro256PlusPlus,
        (mean, deviation): (f64, f64),
        images: usize,
        seeds: usize,
    ) -> Vec<f64> {
        let count = images as f64;
        (0..seeds)
            .map(|_| ((mean + deviation * normal(generator)) * count).round() / count)
            .collect()
    }

    /// Returns the verdicts on some variants in comparison with the first, and its interval of the first comparison.
    fn verdicts(variants: &[Vec<f64>], images: usize) -> (Vec<Verdict>, Difference) {
        let differences: Vec<Difference> = variants[1..]
            .iter()
            .map(|variant| {
                let pairs: Vec<f64> =
                    variant.iter().zip(&variants[0]).map(|(one, other)| one - other).collect();
                Difference::new(&pairs, rounding_variance(images)).unwrap()
            })
            .collect();
        let adjusted = holm(&differences.iter().map(|one| one.p).collect::<Vec<_>>());
        let verdicts = differences.iter().zip(adjusted).map(|(one, p)| verdict(one, p)).collect();
        (verdicts, differences[0])
    }

    /// Some verdict on equal variants is false in at most 5 % of studies, whatever the test images, seeds, comparisons,
    /// and deviations of the accuracies, in images. The bound has three standard deviations of a binomial count.
    #[test]
    fn verdicts_on_equal_variants_are_rarely_false() {
        const STUDIES: u32 = 1500;
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(17);
        let bound = 0.05 + 3.0 * (0.05 * 0.95 / f64::from(STUDIES)).sqrt();
        for images in [100, 300, 1000, 10_000] {
            for seeds in [2, 3, 5, 10] {
                for comparisons in [1, 5] {
                    for deviation in [0.3, 1.0, 0.005 * images as f64] {
                        let mut false_studies = 0;
                        for _ in 0..STUDIES {
                            // The mean lies anywhere between two counts.
                            let mean = 0.8 + generator.random::<f64>() / images as f64;
                            let variants: Vec<Vec<f64>> = (0..=comparisons)
                                .map(|_| {
                                    let spread = (mean, deviation / images as f64);
                                    accuracies(&mut generator, spread, images, seeds)
                                })
                                .collect();
                            let (verdicts, _) = verdicts(&variants, images);
                            let is_false = verdicts.iter().any(|one| *one != Verdict::Undecided);
                            false_studies += u32::from(is_false);
                        }
                        let share = f64::from(false_studies) / f64::from(STUDIES);
                        assert!(
                            share <= bound,
                            "{images} images, {seeds} seeds, {comparisons} comparisons, deviation {deviation}: {share}"
                        );
                    }
                }
            }
        }
    }

    /// Ten pairs find a difference of one standard deviation in 80.3 % of studies: scipy's noncentral t distribution.
    #[test]
    fn a_difference_of_one_deviation_is_found_as_often_as_without_rounding() {
        const STUDIES: u32 = 4000;
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(18);
        for images in [1000, 10_000] {
            let (mut found, mut held) = (0, 0);
            for _ in 0..STUDIES {
                // The difference of two variants has the variance of both.
                let (deviation, effect) = (0.01 / 2.0_f64.sqrt(), 0.01);
                let first = accuracies(&mut generator, (0.8, deviation), images, 10);
                let second = accuracies(&mut generator, (0.8 + effect, deviation), images, 10);
                let (verdicts, difference) = verdicts(&[first, second], images);
                found += u32::from(verdicts == [Verdict::Better]);
                held += u32::from((difference.low..=difference.high).contains(&effect));
            }
            let power = f64::from(found) / f64::from(STUDIES);
            assert!((0.783..0.823).contains(&power), "{images} images: {power}");
            let coverage = f64::from(held) / f64::from(STUDIES);
            assert!((0.93..0.97).contains(&coverage), "{images} images: {coverage}");
        }
    }

    /// Builds rows of a variant with these test accuracies and checksums of weights.
    fn rows(variant: &str, runs: &[(f64, &str)]) -> Vec<Row> {
        let mut rows = Vec::new();
        for (seed, (accuracy, weights)) in runs.iter().enumerate() {
            let mut row = row(variant, seed as u64, (0.9, *accuracy), 1.0);
            row.record.files.insert(MODEL.to_owned(), (*weights).to_owned());
            rows.push(row);
        }
        rows
    }

    #[test]
    fn pairs_of_the_same_weights_are_one_observation() {
        let none = rows("none", &[(0.5, "a"), (0.5, "a"), (0.6, "b"), (0.6, "b")]);
        let l2 = rows("l2", &[(0.55, "c"), (0.55, "c"), (0.7, "d"), (0.65, "e")]);
        let compare = |pairs| compare(pairs, false).remove(0).unwrap();
        let comparison = compare(vec![Some((&none[..], &l2[..]))]);
        assert_eq!(comparison.difference.unwrap().pairs, 3);
        let comparison = compare(vec![Some((&none[..2], &l2[..2]))]);
        assert_eq!((comparison.difference, comparison.verdict), (None, None));
    }

    #[test]
    fn verdicts_on_fewer_than_five_pairs_are_provisional() {
        let accuracies = [0.5, 0.51, 0.49, 0.5, 0.505];
        let none: Vec<(f64, &str)> = accuracies
            .iter()
            .zip(["a", "b", "c", "d", "e"])
            .map(|(accuracy, weights)| (*accuracy, weights))
            .collect();
        let better: Vec<(f64, &str)> =
            none.iter().map(|(accuracy, weights)| (accuracy + 0.3, *weights)).collect();
        let (none, better) = (rows("none", &none), rows("l2", &better));
        for (pairs, expected) in [(4, true), (5, false)] {
            let comparison =
                compare(vec![Some((&none[..pairs], &better[..pairs]))], false).remove(0).unwrap();
            assert_eq!(comparison.verdict, Some(Verdict::Better));
            assert_eq!(comparison.provisional, expected);
        }
    }
}
