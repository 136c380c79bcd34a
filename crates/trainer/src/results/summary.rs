//! Summaries of groups of runs that differ only by their seeds.

use serde::Serialize;

use super::{
    Row,
    statistics::{Difference, Spread},
};
use crate::{store::Record, study::KeyValues};

/// The summary of a group: the runs of one variant at one point of the sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The variant's name.
    pub variant: String,
    /// The point of the sweep.
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    pub point: KeyValues,
    /// The number of finished runs.
    pub n: usize,
    /// The accuracy on the training images, 0 to 1.
    pub acc_train: Spread,
    /// The accuracy on the test images, 0 to 1.
    pub acc_test: Spread,
    /// The share of the training accuracy that is lost on the test images: `1 − acc_test / acc_train`.
    pub pct_diff: Spread,
    /// The difference in test accuracy to the study's first variant at the same point, where keys of single variants
    /// (`variant.…`) are ignored. `None` for the group that is compared with, and for fewer than two pairs of runs.
    pub difference: Option<Comparison>,
}

/// A difference to another variant, over pairs of runs. The runs of a pair have the same seed, and so the same initial
/// weights and batches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The other variant.
    pub variant: String,
    /// The mean difference and its confidence interval.
    #[serde(flatten)]
    pub difference: Difference,
}

/// Summarises each group of runs, in the order of the rows, and compares it with the variant `first`.
pub fn summaries(rows: &[Row], first: &str) -> Vec<Summary> {
    let groups: Vec<&[Row]> = groups(rows).collect();
    let summary = |runs: &&[Row]| Summary {
        variant: runs[0].variant().to_owned(),
        point: runs[0].point().clone(),
        n: runs.len(),
        acc_train: spread(runs, |run| run.acc_train),
        acc_test: spread(runs, |run| run.acc_test),
        pct_diff: spread(runs, Record::pct_diff),
        difference: reference(&groups, first, &runs[0])
            .and_then(|reference| compare(reference, runs)),
    };
    groups.iter().map(summary).collect()
}

/// Groups consecutive runs of one variant at one point, which differ only by their seeds.
pub fn groups(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    rows.chunk_by(Row::is_beside)
}

/// Finds the group that a run is compared with: the first one of the variant `first` at the run's point, where
/// keys of single variants (`variant.…`) are ignored.
fn reference<'a>(groups: &[&'a [Row]], first: &str, run: &Row) -> Option<&'a [Row]> {
    let shared_point = |row: &Row| -> KeyValues {
        let shared = row.point().iter().filter(|(key, _)| !key.starts_with("variant."));
        shared.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let point = shared_point(run);
    let matches = |group: &&[Row]| group[0].variant() == first && shared_point(&group[0]) == point;
    groups.iter().copied().find(matches)
}

/// Returns whether some group has several runs.
pub fn has_several_seeds(rows: &[Row]) -> bool {
    rows.windows(2).any(|pair| pair[0].is_beside(&pair[1]))
}

fn spread(runs: &[Row], value: impl Fn(&Record) -> f64) -> Spread {
    Spread::new(&runs.iter().map(|row| value(&row.record)).collect::<Vec<_>>())
}

/// Compares the test accuracies of runs with those of the reference runs of the same seeds. Pairs with a diverged run
/// are left out.
fn compare(reference: &[Row], runs: &[Row]) -> Option<Comparison> {
    let variant = reference[0].variant().to_owned();
    if reference[0].is_beside(&runs[0]) {
        return None;
    }
    let differences = runs.iter().filter_map(|run| {
        let other = reference.iter().find(|other| other.run.seed == run.run.seed)?;
        if run.diverged() || other.diverged() {
            return None;
        }
        Some(run.record.acc_test - other.record.acc_test)
    });
    let difference = Difference::new(&differences.collect::<Vec<_>>())?;
    Some(Comparison { variant, difference })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::row, *};

    #[test]
    fn only_runs_of_the_same_seed_are_paired() {
        let run = |variant, seed, acc_test| row(variant, seed, (1.0, acc_test), 1.0);
        let records = [
            run("none", 0, 0.5),
            run("none", 1, 0.6),
            run("none", 3, 0.9),
            run("l1", 1, 0.8),
            run("l1", 2, 0.1),
            run("l1", 3, 1.0),
            run("l2", 7, 0.5),
        ];
        assert!(
            super::summaries(&records, "dropout")
                .iter()
                .all(|summary| summary.difference.is_none())
        );
        let summaries = summaries(&records, "none");
        let counts: Vec<(&str, usize)> =
            summaries.iter().map(|summary| (summary.variant.as_str(), summary.n)).collect();
        assert_eq!(counts, [("none", 3), ("l1", 3), ("l2", 1)]);
        assert_eq!(summaries[0].difference, None);
        let comparison = summaries[1].difference.as_ref().unwrap();
        assert_eq!((comparison.variant.as_str(), comparison.difference.pairs), ("none", 2));
        assert!((comparison.difference.mean - 0.15).abs() < 1e-12);
        assert_eq!(summaries[2].difference, None);
    }
}
