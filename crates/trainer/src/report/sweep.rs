//! Sliders over the swept keys, and metrics as a function of each.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    results::{self, Group, statistics::Spread},
    study::{KeyValues, cell_name, help, setting_text, short},
};

/// The ratio of the largest value to the smallest positive one from which the axis is logarithmic.
const LOG_RATIO: f64 = 50.0;
/// The maximum number of series in a chart; more cannot be told apart.
const MAX_SERIES: usize = 12;

/// A swept key and the accuracies along its values.
#[derive(Debug, Serialize)]
pub(super) struct SweptKey {
    key: String,
    /// Help of the setting, for the axis.
    label: String,
    logarithmic: bool,
    series: Vec<Series>,
    /// The number of series left out because of [`MAX_SERIES`].
    omitted: usize,
}

/// A line of the chart: a variant with all other swept keys fixed.
#[derive(Debug, Serialize)]
struct Series {
    /// The variant's name and the values of the other swept keys.
    name: String,
    variant: String,
    points: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Point {
    value: f64,
    acc_train: Spread,
    acc_val: Option<Spread>,
    acc_test: Spread,
    /// Cross-entropies without penalties.
    cross_entropy_train: Spread,
    cross_entropy_val: Option<Spread>,
    cross_entropy_test: Spread,
    /// True if it is its variant's chosen point.
    best: bool,
    /// The name of its group.
    group: String,
}

/// A slider over the values of a swept key.
#[derive(Debug, Serialize)]
pub(super) struct Slider {
    pub(super) key: String,
    /// The key in short.
    pub(super) label: String,
    /// The values as text: numbers in their order, others as they are listed.
    pub(super) values: Vec<String>,
}

impl Slider {
    /// Returns the slider's key with the index of a group's value; `None` if the group does not have the key.
    pub(super) fn index(&self, group: &Group<'_>) -> Option<(String, usize)> {
        let text = setting_text(group.point(), &self.key);
        let index = self.values.iter().position(|value| *value == text)?;
        Some((self.key.clone(), index))
    }
}

/// Returns a slider for each swept key.
pub(super) fn sliders(groups: &[Group<'_>]) -> Vec<Slider> {
    let keys = results::swept_keys(groups.iter().map(Group::point));
    let sliders = keys.iter().map(|key| {
        let mut values: Vec<(f64, String)> = Vec::new();
        for point in groups.iter().map(Group::point).filter(|point| point.contains_key(*key)) {
            let text = setting_text(point, key);
            if values.iter().all(|(_, other)| *other != text) {
                values.push((text.parse().unwrap_or(0.0), text));
            }
        }
        values.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let values = values.into_iter().map(|(_, text)| text).collect();
        Slider { key: (*key).to_owned(), label: short(key, &keys).to_owned(), values }
    });
    sliders.collect()
}

/// Returns the metrics along each swept key whose values are numbers.
pub(super) fn swept_keys(groups: &[Group<'_>]) -> Vec<SweptKey> {
    let keys = results::swept_keys(groups.iter().map(Group::point));
    keys.into_iter().filter_map(|key| swept_key(key, groups)).collect()
}

/// Returns `None` if some value of the key is not a number.
fn swept_key(key: &str, groups: &[Group<'_>]) -> Option<SweptKey> {
    let mut series: Vec<Series> = Vec::new();
    for group in groups {
        let Some(value) = group.point().get(key) else { continue };
        let value = value.as_float().or_else(|| value.as_integer().map(|value| value as f64))?;
        let mut other_keys: KeyValues = group.point().clone();
        other_keys.remove(key);
        let name = cell_name(group.runs[0].label(), &other_keys);
        let point = Point {
            value,
            acc_train: group.spread(|row| row.record.true_accuracy()),
            acc_val: group.spread_if_measured(|row| Some(row.record.validation?.accuracy)),
            acc_test: group.spread(|row| row.record.test.accuracy),
            cross_entropy_train: group.spread(|row| row.record.train.cross_entropy),
            cross_entropy_val: group
                .spread_if_measured(|row| Some(row.record.validation?.cross_entropy)),
            cross_entropy_test: group.spread(|row| row.record.test.cross_entropy),
            best: group.chosen,
            group: group.label(),
        };
        if let Some(series) = series.iter_mut().find(|series| series.name == name) {
            series.points.push(point);
        } else {
            let variant = group.variant().to_owned();
            series.push(Series { name, variant, points: vec![point] });
        }
    }
    for Series { points, .. } in &mut series {
        points.sort_by(|one, other| one.value.total_cmp(&other.value));
    }
    let total = series.len();
    if total > MAX_SERIES {
        series = shown_series(series);
    }
    let omitted = total - series.len();
    let values = || series.iter().flat_map(|series| &series.points).map(|point| point.value);
    let positive = || values().filter(|&value| value > 0.0);
    let (low, high) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
    let logarithmic = values().all(|value| value >= 0.0) && high >= LOG_RATIO * low;
    let (key, label) = (key.to_owned(), help(key));
    (!series.is_empty()).then_some(SweptKey { key, label, logarithmic, series, omitted })
}

/// Keeps the series with a chosen point, and of a variant without any its first, up to [`MAX_SERIES`].
fn shown_series(series: Vec<Series>) -> Vec<Series> {
    let has_chosen = |series: &Series| series.points.iter().any(|point| point.best);
    let with_choice: BTreeSet<String> =
        series.iter().filter(|series| has_chosen(series)).map(|one| one.variant.clone()).collect();
    let mut seen = BTreeSet::new();
    let shown = series.into_iter().filter(|series| {
        let is_first = seen.insert(series.variant.clone());
        has_chosen(series) || is_first && !with_choice.contains(&series.variant)
    });
    shown.take(MAX_SERIES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Row, tests::row};

    /// Creates the row of a run at a point of the sweep.
    fn at(variant: &str, point: &[(&str, f64)]) -> Row {
        let mut row = row(variant, 0, (1.0, 0.5), 1.0);
        row.run.point = point.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect();
        row
    }

    /// Groups rows. Those with the value `chosen` are chosen.
    fn groups(rows: &[Row], chosen: f64) -> Vec<Group<'_>> {
        let mut groups = results::groups(rows, "none");
        for group in &mut groups {
            group.chosen = group.point().values().any(|value| value.as_float() == Some(chosen));
        }
        groups
    }

    #[test]
    fn sliders_have_numbers_in_their_order() {
        let rate = "fit.learning_rate";
        let rows = [at("none", &[]), at("a", &[(rate, 0.1)]), at("a", &[(rate, 0.01)])];
        let groups = groups(&rows, 0.0);
        let sliders = sliders(&groups);
        assert_eq!(sliders[0].values, ["0.01", "0.1"]);
        assert_eq!(sliders[0].label, "learning_rate");
        let indices: Vec<Option<usize>> =
            groups.iter().map(|group| sliders[0].index(group).map(|(_, index)| index)).collect();
        assert_eq!(indices, [None, Some(1), Some(0)]);
    }

    #[test]
    fn each_value_of_the_other_keys_has_its_own_series() {
        let (rate, l2) = ("fit.learning_rate", "variant.mine.hidden2.kernel_regularizer.l2");
        let rows = [
            at("none", &[(rate, 0.1)]),
            at("mine", &[(rate, 0.1), (l2, 1e-1)]),
            at("mine", &[(rate, 0.1), (l2, 0.0)]),
            at("mine", &[(rate, 0.1), (l2, 1e-4)]),
            at("mine", &[(rate, 0.2), (l2, 1e-4)]),
        ];
        let keys = swept_keys(&groups(&rows, 1e-4));
        let found: Vec<(&str, bool)> =
            keys.iter().map(|swept| (swept.key.as_str(), swept.logarithmic)).collect();
        assert_eq!(found, [(rate, false), (l2, true)]);
        let names = |swept: &SweptKey| -> Vec<String> {
            swept.series.iter().map(|series| series.name.clone()).collect()
        };
        assert_eq!(names(&keys[0]), ["none", "mine l2=0.1", "mine l2=0.0", "mine l2=0.0001"]);
        assert_eq!(names(&keys[1]), ["mine learning_rate=0.1", "mine learning_rate=0.2"]);
        let points = &keys[1].series[0].points;
        let points: Vec<(f64, bool)> =
            points.iter().map(|point| (point.value, point.best)).collect();
        assert_eq!(points, [(0.0, false), (1e-4, true), (1e-1, false)]);
    }

    #[test]
    fn each_variant_keeps_its_best_of_too_many_series() {
        let (rate, l2) = ("fit.learning_rate", "variant.mine.hidden2.kernel_regularizer.l2");
        let mine = |number: u32| at("mine", &[(rate, 0.1), (l2, number.into())]);
        let mut rows = vec![at("none", &[(rate, 0.1)])];
        rows.extend((0..11).map(mine));
        let keys = swept_keys(&groups(&rows, 5.0));
        assert_eq!((keys[0].series.len(), keys[0].omitted), (12, 0));
        rows.push(mine(11));
        let keys = swept_keys(&groups(&rows, 5.0));
        let swept = &keys[0];
        let names: Vec<&str> = swept.series.iter().map(|series| series.name.as_str()).collect();
        assert_eq!((names, swept.omitted), (vec!["none", "mine l2=5.0"], 11));
    }

    #[test]
    fn keys_with_text_values_are_left_out() {
        let mut row = at("none", &[]);
        row.run.point.insert("data.pixels".to_owned(), "raw".into());
        assert!(swept_keys(&groups(&[row], 0.0)).is_empty());
    }
}
