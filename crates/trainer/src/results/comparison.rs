//! Comparisons of variants with the study's first one.

use std::fmt;

use serde::Serialize;

use super::{
    Row,
    statistics::{CONFIDENCE, Difference, SeedsNeeded, holm, mcnemar},
};
use crate::{store::SavedPredictions, study::KeyValues};

/// A comparison of test accuracies with another variant, over pairs of runs. The runs of a pair have the same seed, and
/// so the same initial weights and batches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The other variant.
    pub variant: String,
    /// Its sweep point.
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    pub point: KeyValues,
    /// The mean difference and its confidence interval; `None` if there is one pair only.
    #[serde(flatten)]
    pub difference: Option<Difference>,
    /// The p value: of Student's t test, or in a study of one seed of McNemar's test of the predictions; `None` if they
    /// cannot be read.
    pub p: Option<f64>,
    /// The p value adjusted for the number of the study's comparisons by Holm's method.
    pub p_adjusted: Option<f64>,
    /// The verdict; `None` if there is one pair only.
    pub verdict: Option<Verdict>,
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

/// Compares groups of runs, each given with the group that it is compared with, first. All are one family of tests, by
/// whose number the p values are adjusted. In a study of one seed the networks are compared.
pub(super) fn compare(
    pairs: Vec<Option<(&[Row], &[Row])>>,
    has_one_seed: bool,
) -> Vec<Option<Comparison>> {
    let mut comparisons: Vec<Option<Comparison>> = pairs
        .into_iter()
        .map(|pair| pair.and_then(|(reference, runs)| compare_one(reference, runs, has_one_seed)))
        .collect();
    // A test that could not be made counts too.
    let p_values: Vec<f64> =
        comparisons.iter().flatten().map(|comparison| comparison.p.unwrap_or(1.0)).collect();
    let adjusted = holm(&p_values);
    for (comparison, p_adjusted) in comparisons.iter_mut().flatten().zip(adjusted) {
        comparison.p_adjusted = comparison.p.map(|_| p_adjusted);
        if let Some(difference) = &comparison.difference {
            comparison.verdict = Some(verdict(difference, p_adjusted));
            comparison.seeds_needed = difference.seeds_needed(p_values.len());
        }
    }
    comparisons
}

/// Compares runs with those of the same seeds. Pairs with a diverged run are left out. The p value is not adjusted yet.
fn compare_one(reference: &[Row], runs: &[Row], has_one_seed: bool) -> Option<Comparison> {
    if reference[0].is_beside(&runs[0]) {
        return None;
    }
    let pairs: Vec<(&Row, &Row)> = runs
        .iter()
        .filter_map(|run| {
            Some((run, reference.iter().find(|other| other.run.seed == run.run.seed)?))
        })
        .filter(|(run, other)| !run.diverged() && !other.diverged())
        .collect();
    let differences: Vec<f64> = pairs
        .iter()
        .map(|(run, other)| run.record.test.accuracy - other.record.test.accuracy)
        .collect();
    let difference = Difference::new(&differences);
    let p = match (&difference, &pairs[..]) {
        (Some(difference), _) => Some(difference.p),
        (None, [(run, other)]) if has_one_seed => compare_predictions(run, other),
        _ => return None,
    };
    Some(Comparison {
        variant: reference[0].variant().to_owned(),
        point: reference[0].point().clone(),
        difference,
        p,
        p_adjusted: p,
        verdict: None,
        seeds_needed: SeedsNeeded::Unknown,
    })
}

/// Tests whether two networks classify the test images equally well; `None` if their predictions cannot be read.
fn compare_predictions(one: &Row, other: &Row) -> Option<f64> {
    let correct = |row: &Row| -> Option<Vec<bool>> {
        let SavedPredictions { labels, predicted } =
            row.record.read_predictions(&row.folder).ok()?;
        Some(labels.iter().zip(&predicted?).map(|(label, predicted)| label == predicted).collect())
    };
    let (one, other) = (correct(one)?, correct(other)?);
    let only = |wanted: (bool, bool)| {
        one.iter().zip(&other).filter(|(one, other)| (**one, **other) == wanted).count() as u64
    };
    Some(mcnemar(only((true, false)), only((false, true))))
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

    /// Variants of equal test accuracy, six of them with five seeds each: in how many studies some verdict is false,
    /// and how many of the intervals hold the true difference, 0.
    #[test]
    fn verdicts_on_equal_variants_are_rarely_false() {
        const STUDIES: u32 = 3000;
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(17);
        // A sum of twelve uniform numbers is close to a normal one of variance 1.
        let mut normal = || (0..12).map(|_| generator.random::<f64>()).sum::<f64>() - 6.0;
        let (mut false_studies, mut held, mut intervals) = (0, 0, 0);
        for _ in 0..STUDIES {
            let groups: Vec<Vec<Row>> = ["a", "b", "c", "d", "e", "f"]
                .map(|variant| {
                    let accuracy = |seed| row(variant, seed, (0.9, 0.8 + 0.01 * normal()), 1.0);
                    (0..5).map(accuracy).collect()
                })
                .to_vec();
            let pairs = groups[1..].iter().map(|runs| Some((&groups[0][..], &runs[..]))).collect();
            let comparisons: Vec<Comparison> =
                compare(pairs, false).into_iter().flatten().collect();
            let mut verdicts = comparisons.iter().map(|comparison| comparison.verdict);
            false_studies += u32::from(verdicts.any(|verdict| verdict != Some(Verdict::Undecided)));
            for Difference { low, high, .. } in comparisons.iter().filter_map(|one| one.difference)
            {
                held += u32::from((low..=high).contains(&0.0));
                intervals += 1;
            }
        }
        // 5 % and three standard deviations of a binomial count.
        let share = f64::from(false_studies) / f64::from(STUDIES);
        assert!(share < 0.05 + 3.0 * (0.05 * 0.95 / f64::from(STUDIES)).sqrt(), "{share}");
        let coverage = f64::from(held) / f64::from(intervals);
        assert!((0.93..0.97).contains(&coverage), "{coverage}");
    }
}
