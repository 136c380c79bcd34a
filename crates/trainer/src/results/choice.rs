//! The choice of a variant's best sweep point, by held-out images. The test images have no part in it.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use toml::Value;

use super::Row;
use crate::study::{KeyValues, is_bound};

/// Returns for each group of runs whether it is the chosen point of its variant.
///
/// The chosen point has the highest mean held-out accuracy. Ties go to the lowest mean held-out cross-entropy. The means
/// are over the seeds that all points of the variant have. Points with different values of `data.` keys are chosen
/// separately. Without held-out images no point is chosen.
pub(super) fn choose(groups: &[&[Row]]) -> Vec<bool> {
    let mut candidates: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        let key = (group[0].variant(), data_slice(group[0].point()));
        candidates.entry(key).or_default().push(index);
    }
    let mut chosen = vec![false; groups.len()];
    for indices in candidates.into_values() {
        let points: Vec<&[Row]> = indices.iter().map(|&index| groups[index]).collect();
        if let Some(best) = best(&points) {
            chosen[indices[best]] = true;
        }
    }
    chosen
}

/// Returns for each group of runs whether it has the star: in a sweep each variant's chosen point, else the best group.
/// A group without held-out images or with a diverged run has no star.
pub(super) fn starred(groups: &[&[Row]], chosen: &[bool]) -> Vec<bool> {
    let is_sweep = groups.iter().any(|group| !group[0].point().is_empty());
    let best = best(groups).filter(|_| !is_sweep);
    let starred = groups.iter().enumerate().map(|(index, group)| {
        (best == Some(index) || is_sweep && chosen[index]) && !group.iter().any(Row::diverged)
    });
    starred.collect()
}

/// Returns the swept keys of a group's point whose value is the smallest or largest of three or more values that its
/// variant has, unless the key's range ends there. Keys of `[data]` are not chosen over.
pub(super) fn edges(group: &[Row], groups: &[&[Row]]) -> Vec<String> {
    let mut edges = Vec::new();
    for (key, value) in group[0].point().iter().filter(|(key, _)| !key.starts_with("data.")) {
        let others = groups.iter().filter(|other| other[0].variant() == group[0].variant());
        let mut values: Vec<f64> =
            others.filter_map(|other| number(other[0].point().get(key)?)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let Some(own) = number(value).filter(|_| values.len() >= 3) else { continue };
        let is_largest = values.last() == Some(&own);
        if (is_largest || values[0] == own) && !is_bound(key, value, is_largest) {
            edges.push(key.clone());
        }
    }
    edges
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|number| number as f64))
}

/// Returns the index of the best of some groups, over the seeds that all of them have; `None` without such seeds, or
/// without held-out images.
fn best(groups: &[&[Row]]) -> Option<usize> {
    let seeds = groups.iter().map(|group| group.iter().map(|row| row.run.seed).collect());
    let common = seeds.reduce(|one: BTreeSet<u64>, other| &one & &other)?;
    let scores: Option<Vec<Score>> = groups.iter().map(|group| Score::of(group, &common)).collect();
    let indexed = scores?.into_iter().enumerate();
    let best =
        indexed.reduce(|one, other| if other.1.is_better_than(&one.1) { other } else { one });
    best.map(|(index, _)| index)
}

/// Formats the values of the keys of `[data]` in a sweep point.
pub fn data_slice(point: &KeyValues) -> String {
    format!("{:?}", data_keys(point))
}

/// Returns the values of the keys of `[data]` in a sweep point.
pub(super) fn data_keys(point: &KeyValues) -> KeyValues {
    let data = point.iter().filter(|(key, _)| key.starts_with("data."));
    data.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Means of a group of runs on the held-out images.
#[derive(Debug, Clone, Copy)]
struct Score {
    diverged: bool,
    accuracy: f64,
    cross_entropy: f64,
}

impl Score {
    /// Returns `None` if a run was not evaluated on held-out images or its images lack classes, or if there are no seeds.
    fn of(group: &[Row], seeds: &BTreeSet<u64>) -> Option<Self> {
        let rows: Vec<&Row> = group.iter().filter(|row| seeds.contains(&row.run.seed)).collect();
        let (mut correct, mut images, mut cross_entropy) = (0.0, 0.0, 0.0);
        for row in &rows {
            let validation = row.record.validation.filter(|_| !row.lacks_classes())?;
            // Whole numbers, so that equal accuracies are equal whatever the order of the seeds.
            correct += (validation.accuracy * validation.images as f64).round();
            images += validation.images as f64;
            cross_entropy += validation.cross_entropy;
        }
        (!rows.is_empty()).then(|| Self {
            diverged: rows.iter().any(|row| row.diverged()),
            accuracy: correct / images,
            cross_entropy: cross_entropy / rows.len() as f64,
        })
    }

    /// Returns whether this score is better than an earlier one. A diverged group is worse than any other.
    fn is_better_than(&self, other: &Self) -> bool {
        let ordering = (other.diverged.cmp(&self.diverged))
            .then(self.accuracy.total_cmp(&other.accuracy))
            .then(other.cross_entropy.total_cmp(&self.cross_entropy));
        ordering == Ordering::Greater
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::row, *};
    use crate::store::Evaluated;

    /// Builds the row of a run at a sweep point, with its scores on the held-out images.
    fn scored(variant: &str, point: &[(&str, f64)], scores: Option<(f64, f64)>) -> Row {
        let mut row = row(variant, 0, (0.9, 0.5), 1.0);
        row.run.point = point.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect();
        row.record.validation = scores.map(|(accuracy, cross_entropy)| Evaluated {
            accuracy,
            cross_entropy,
            images: 1000,
            ..Evaluated::default()
        });
        row
    }

    fn chosen(rows: &[Row]) -> Vec<bool> {
        choose(&rows.iter().map(std::slice::from_ref).collect::<Vec<_>>())
    }

    #[test]
    fn the_highest_held_out_accuracy_is_chosen() {
        let l2 = "variant.l2.hidden2.kernel_regularizer.l2";
        let rows = [
            scored("none", &[], Some((0.1, 9.0))),
            scored("l2", &[(l2, 0.1)], Some((0.8, 0.5))),
            scored("l2", &[(l2, 0.2)], Some((0.9, 0.7))),
            scored("l2", &[(l2, 0.3)], Some((0.9, 0.6))),
            scored("l2", &[(l2, 0.4)], Some((0.9, 0.6))),
        ];
        assert_eq!(chosen(&rows), [true, false, false, true, false]);
        let groups: Vec<&[Row]> = rows.iter().map(std::slice::from_ref).collect();
        assert_eq!(best(&groups), Some(3));
        // Other accuracies on the test images change nothing.
        let permuted: Vec<Row> = (rows.iter().zip([0.9, 0.1, 0.95, 0.2, 0.3]))
            .map(|(row, acc_test)| {
                let mut row = row.clone();
                row.record.test.accuracy = acc_test;
                row
            })
            .collect();
        assert_eq!(chosen(&permuted), chosen(&rows));
    }

    #[test]
    fn an_edge_is_the_end_of_three_values_unless_the_range_ends_there() {
        let (rate, dropout) = ("fit.learning_rate", "variant.none.last_hidden.dropout");
        let edges_of = |key: &str, values: &[f64], chosen: usize| {
            let rows: Vec<Row> =
                values.iter().map(|value| scored("none", &[(key, *value)], None)).collect();
            let groups: Vec<&[Row]> = rows.iter().map(std::slice::from_ref).collect();
            edges(groups[chosen], &groups)
        };
        let values = [0.0, 0.1, 0.2];
        assert!(edges_of(dropout, &values, 0).is_empty());
        assert!(edges_of(dropout, &values, 1).is_empty());
        assert_eq!(edges_of(dropout, &values, 2), [dropout]);
        assert_eq!(edges_of(rate, &[0.1, 0.2, 0.3], 0), [rate]);
        assert!(edges_of(rate, &[0.1, 0.2], 0).is_empty());
        assert!(edges_of("data.label_noise", &[0.1, 0.2, 0.3], 0).is_empty());
    }

    #[test]
    fn data_keys_are_not_chosen_over_and_diverged_runs_come_last() {
        let point = |limit, rate| [("data.limit", limit), ("fit.learning_rate", rate)];
        let mut rows = [
            scored("none", &point(100.0, 0.1), Some((0.8, 0.5))),
            scored("none", &point(100.0, 0.2), Some((0.7, 0.5))),
            scored("none", &point(900.0, 0.1), Some((0.9, 0.5))),
            scored("none", &point(900.0, 0.2), Some((0.95, 0.5))),
        ];
        assert_eq!(chosen(&rows), [true, false, false, true]);
        rows[3].record.ended = crate::store::Ending::Diverged;
        assert_eq!(chosen(&rows), [true, false, true, false]);
        for row in &mut rows {
            row.record.validation = None;
        }
        assert_eq!(chosen(&rows), [false; 4]);
    }

    #[test]
    fn only_seeds_that_all_points_have_count_and_ties_are_exact() {
        let point = [("fit.learning_rate", 0.1)];
        let other = [("fit.learning_rate", 0.2)];
        let with_seed = |mut row: Row, seed| {
            row.run.seed = seed;
            row
        };
        // The means are equal, but not their sums as floating-point numbers.
        let one = [
            with_seed(scored("none", &point, Some((0.8, 2.0))), 0),
            with_seed(scored("none", &point, Some((0.9, 2.0))), 1),
        ];
        let two = [
            with_seed(scored("none", &other, Some((0.85, 0.1))), 0),
            with_seed(scored("none", &other, Some((0.85, 0.1))), 1),
            with_seed(scored("none", &other, Some((0.1, 0.1))), 2),
        ];
        assert_eq!(choose(&[&one, &two]), [false, true]);
        assert_eq!(choose(&[&one[..1], &two[2..]]), [false, false]);
    }
}
