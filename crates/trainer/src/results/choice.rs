//! The choice of a variant's best sweep point, by held-out images. The test images have no part in it.

use std::{cmp::Ordering, collections::BTreeMap};

use super::Row;
use crate::study::KeyValues;

/// Returns for each group of runs whether it is the chosen point of its variant: that of the highest mean held-out
/// accuracy, of equals that of the lowest held-out cross-entropy. Points with other values of `data.` keys are chosen
/// apart. Without held-out images none is chosen.
pub(super) fn choose(groups: &[&[Row]]) -> Vec<bool> {
    let mut best: BTreeMap<(&str, String), (usize, Score)> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        let Some(score) = Score::of(group) else { continue };
        let key = (group[0].variant(), format!("{:?}", data_keys(group[0].point())));
        let is_better = best.get(&key).is_none_or(|(_, other)| score.is_better_than(other));
        if is_better {
            best.insert(key, (index, score));
        }
    }
    let mut chosen = vec![false; groups.len()];
    for (index, _) in best.into_values() {
        chosen[index] = true;
    }
    chosen
}

/// Returns the index of the best of some groups by held-out images; `None` without any.
fn best(groups: &[&[Row]]) -> Option<usize> {
    let scored = groups.iter().enumerate().filter_map(|(index, group)| {
        let score = Score::of(group).filter(|score| !score.diverged)?;
        Some((index, score))
    });
    let better = |one: (usize, Score), other: (usize, Score)| {
        if other.1.is_better_than(&one.1) { other } else { one }
    };
    scored.reduce(better).map(|(index, _)| index)
}

/// Returns for each group of runs whether it has the star: in a sweep each variant's chosen point, else the best group.
/// Without held-out images none has it.
pub fn starred(groups: &[&[Row]]) -> Vec<bool> {
    if groups.iter().any(|group| !group[0].point().is_empty()) {
        return choose(groups);
    }
    let best = best(groups);
    (0..groups.len()).map(|index| best == Some(index)).collect()
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
    /// Returns `None` if a run was not evaluated on held-out images.
    fn of(group: &[Row]) -> Option<Self> {
        let mean = |value: fn(&Row) -> Option<f64>| {
            let sum: Option<f64> = group.iter().map(value).sum();
            Some(sum? / group.len() as f64)
        };
        Some(Self {
            diverged: group.iter().any(Row::diverged),
            accuracy: mean(|row| row.record.acc_val)?,
            cross_entropy: mean(|row| row.record.cross_entropy_val)?,
        })
    }

    /// A diverged group is worse than any other. The first of equals is better.
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

    /// Builds the row of a run at a sweep point, with its scores on the held-out images.
    fn scored(variant: &str, point: &[(&str, f64)], scores: Option<(f64, f64)>) -> Row {
        let mut row = row(variant, 0, (0.9, 0.5), 1.0);
        row.run.point = point.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect();
        row.record.acc_val = scores.map(|(accuracy, _)| accuracy);
        row.record.cross_entropy_val = scores.map(|(_, cross_entropy)| cross_entropy);
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
                row.record.acc_test = acc_test;
                row
            })
            .collect();
        assert_eq!(chosen(&permuted), chosen(&rows));
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
            row.record.acc_val = None;
        }
        assert_eq!(chosen(&rows), [false; 4]);
    }
}
