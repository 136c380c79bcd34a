//! Summaries of groups of runs that differ only by their seeds.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Comparison, Row, choice, comparison, statistics::Spread};
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
    /// The accuracy on the held-out images, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acc_val: Option<Spread>,
    /// Whether this is the variant's chosen point: the best one on the held-out images.
    pub chosen: bool,
    /// Whether it has the star: in a sweep each variant's chosen point, else the best variant.
    #[serde(skip)]
    pub starred: bool,
    /// The comparison of test accuracies with the study's first variant. `None` for the group that is compared with,
    /// and if no run can be paired.
    pub difference: Option<Comparison>,
}

/// Summarises each group of runs, in the order of the rows, and compares it with the variant `first`.
///
/// With held-out images each variant's chosen point is compared with the first variant's chosen point, apart for each
/// value of `data.` keys. Without them each point is compared with the first variant at the same values of the keys that
/// are not a single variant's (`variant.…`).
pub fn summaries(rows: &[Row], first: &str) -> Vec<Summary> {
    let groups: Vec<&[Row]> = groups(rows).collect();
    let chosen = choice::choose(&groups);
    let slice = |group: &[Row]| choice::data_slice(group[0].point());
    let with_choice: BTreeSet<String> = groups
        .iter()
        .zip(&chosen)
        .filter(|(_, chosen)| **chosen)
        .map(|(group, _)| slice(group))
        .collect();
    let compared = groups.iter().zip(&chosen).map(|(group, is_chosen)| {
        let is_chosen_over = with_choice.contains(&slice(group));
        let reference = reference(&groups, &chosen, is_chosen_over, first, group)?;
        (*is_chosen || !is_chosen_over).then_some((reference, *group))
    });
    let comparisons = comparison::compare(compared.collect(), has_one_seed(rows));
    let starred = choice::starred(&groups, &chosen);
    let summary = |(index, difference): (usize, Option<Comparison>)| {
        let runs = groups[index];
        let validated: Option<Vec<f64>> =
            runs.iter().map(|row| Some(row.record.validation?.accuracy)).collect();
        Summary {
            variant: runs[0].variant().to_owned(),
            point: runs[0].point().clone(),
            n: runs.len(),
            acc_train: spread(runs, |run| run.train.accuracy),
            acc_test: spread(runs, |run| run.test.accuracy),
            pct_diff: spread(runs, Record::pct_diff),
            acc_val: validated.map(|accuracies| Spread::new(&accuracies)),
            chosen: chosen[index],
            starred: starred[index],
            difference,
        }
    };
    comparisons.into_iter().enumerate().map(summary).collect()
}

/// Groups consecutive runs of one variant at one point, which differ only by their seeds.
pub fn groups(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    rows.chunk_by(Row::is_beside)
}

/// Finds the group that another is compared with, of those of the variant `first`: the chosen one if points are chosen, or
/// else the first with the same values of shared keys.
fn reference<'a>(
    groups: &[&'a [Row]],
    chosen: &[bool],
    is_chosen_over: bool,
    first: &str,
    group: &[Row],
) -> Option<&'a [Row]> {
    let shared = |row: &Row| -> KeyValues {
        if is_chosen_over {
            return choice::data_keys(row.point());
        }
        let shared = row.point().iter().filter(|(key, _)| !key.starts_with("variant."));
        shared.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let of_first = groups
        .iter()
        .zip(chosen)
        .filter(|(group, chosen)| group[0].variant() == first && (**chosen || !is_chosen_over));
    let point = shared(&group[0]);
    let mut of_first = of_first.map(|(group, _)| *group);
    of_first.find(|other| shared(&other[0]) == point)
}

/// Returns whether all runs have the same seed.
fn has_one_seed(rows: &[Row]) -> bool {
    rows.windows(2).all(|pair| pair[0].run.seed == pair[1].run.seed)
}

/// Returns whether some group has several runs.
pub fn has_several_seeds(rows: &[Row]) -> bool {
    rows.windows(2).any(|pair| pair[0].is_beside(&pair[1]))
}

fn spread(runs: &[Row], value: impl Fn(&Record) -> f64) -> Spread {
    Spread::new(&runs.iter().map(|row| value(&row.record)).collect::<Vec<_>>())
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
        assert_eq!(
            (comparison.variant.as_str(), comparison.difference.unwrap().pairs),
            ("none", 2)
        );
        assert!((comparison.difference.unwrap().mean - 0.15).abs() < 1e-12);
        assert_eq!(summaries[2].difference, None);
    }
}
