//! Groups of runs that differ only by their seeds.

use std::collections::BTreeSet;

use super::{Comparison, Row, choice, comparison, statistics::Spread};
use crate::study::{KeyValues, cell_name};

/// The runs of one variant at one point of the sweep, and how they compare.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The finished runs; at least one.
    pub runs: &'a [Row],
    /// Whether this is the variant's chosen point: the best one on the held-out images.
    pub chosen: bool,
    /// Whether it has the star: in a sweep each variant's chosen point, else the best variant.
    pub starred: bool,
    /// Swept keys of the chosen point whose value is the smallest or largest of three or more.
    pub edges: Vec<String>,
    /// The runs that it is compared with, of the study's first variant. `None` for these runs themselves, and if other
    /// points are compared.
    pub reference: Option<&'a [Row]>,
    /// The comparison of test accuracies with the study's first variant. `None` for the group that is compared with,
    /// and if no run can be paired.
    pub comparison: Option<Comparison>,
}

impl Group<'_> {
    pub fn variant(&self) -> &str {
        self.runs[0].variant()
    }

    pub fn point(&self) -> &KeyValues {
        self.runs[0].point()
    }

    /// Returns the variant's name for people, with the sweep point.
    pub fn label(&self) -> String {
        cell_name(self.runs[0].label(), self.point())
    }

    /// Returns whether several runs have the same weights, so that the seeds change nothing.
    pub fn is_repeated(&self) -> bool {
        let [first, others @ ..] = self.runs else { return false };
        !others.is_empty()
            && first.weights().is_some()
            && others.iter().all(|run| run.weights() == first.weights())
    }

    /// Returns the mean and the deviation of a metric over the seeds.
    pub fn spread(&self, metric: impl Fn(&Row) -> f64) -> Spread {
        Spread::new(&self.runs.iter().map(metric).collect::<Vec<_>>())
    }

    /// Returns the mean and the deviation of a metric over the seeds; `None` unless every run has it.
    pub fn spread_if_measured(&self, metric: impl Fn(&Row) -> Option<f64>) -> Option<Spread> {
        let values: Option<Vec<f64>> = self.runs.iter().map(metric).collect();
        values.map(|values| Spread::new(&values))
    }
}

/// Groups runs, in the order of the rows, and compares each group with the variant `first`.
///
/// With held-out images each variant's chosen point is compared with the first variant's chosen point, separately for
/// each value of `data.` keys. Without them each point is compared with the first variant at the same values of the keys that
/// are not a single variant's (`variant.…`).
pub fn groups<'a>(rows: &'a [Row], first: &str) -> Vec<Group<'a>> {
    let groups: Vec<&[Row]> = rows.chunk_by(Row::is_beside).collect();
    let chosen = choice::choose(&groups);
    let starred = choice::starred(&groups, &chosen);
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
    let compared: Vec<Option<(&[Row], &[Row])>> = compared.collect();
    let comparisons = comparison::compare(compared.clone(), has_one_seed(rows));
    comparisons
        .into_iter()
        .enumerate()
        .map(|(index, comparison)| Group {
            runs: groups[index],
            chosen: chosen[index],
            starred: starred[index],
            reference: compared[index]
                .map(|(reference, _)| reference)
                .filter(|reference| !reference[0].is_beside(&groups[index][0])),
            edges: if chosen[index] { choice::edges(groups[index], &groups) } else { Vec::new() },
            comparison,
        })
        .collect()
}

/// Returns the runs of all groups.
pub fn runs<'a>(groups: &[Group<'a>]) -> impl Iterator<Item = &'a Row> {
    groups.iter().flat_map(|group| group.runs)
}

/// Returns whether some group has several runs.
pub(super) fn has_several_seeds(groups: &[Group<'_>]) -> bool {
    groups.iter().any(|group| group.runs.len() > 1)
}

/// Returns whether some run was evaluated on held-out images.
pub fn is_validated(groups: &[Group<'_>]) -> bool {
    runs(groups).any(|row| row.record.validation.is_some())
}

/// Returns whether some run belongs to a sweep.
pub fn is_swept(groups: &[Group<'_>]) -> bool {
    groups.iter().any(|group| !group.point().is_empty())
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
        assert!(super::groups(&records, "dropout").iter().all(|group| group.comparison.is_none()));
        let groups = groups(&records, "none");
        let counts: Vec<(&str, usize)> =
            groups.iter().map(|group| (group.variant(), group.runs.len())).collect();
        assert_eq!(counts, [("none", 3), ("l1", 3), ("l2", 1)]);
        assert_eq!(groups[0].comparison, None);
        let comparison = groups[1].comparison.as_ref().unwrap();
        assert_eq!(
            (comparison.variant.as_str(), comparison.difference.unwrap().pairs),
            ("none", 2)
        );
        assert!((comparison.difference.unwrap().mean - 0.15).abs() < 1e-12);
        assert_eq!(groups[2].comparison, None);
    }
}
