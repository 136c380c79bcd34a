//! Sliders over the swept keys, and metrics as a function of each.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    results::{Row, Summary, statistics::Spread},
    store::Record,
    study::{KeyValues, cell_name, setting_text, short},
};

/// The ratio of the largest value to the smallest positive one from which the axis is logarithmic.
const LOG_RATIO: f64 = 50.0;
/// The maximum number of series in a chart; more cannot be told apart.
const MAX_SERIES: usize = 12;

/// A swept key and the accuracies along its values.
#[derive(Debug, Serialize)]
pub(super) struct SweptKey {
    key: String,
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
    /// Training minus test accuracy.
    gap: Spread,
    /// Cross-entropies without penalties.
    cross_entropy_train: Spread,
    cross_entropy_val: Option<Spread>,
    cross_entropy_test: Spread,
    /// True if it is its variant's chosen point.
    best: bool,
    runs: usize,
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
    pub(super) fn index(&self, summary: &Summary) -> Option<(String, usize)> {
        let text = setting_text(&summary.point, &self.key);
        let index = self.values.iter().position(|value| *value == text)?;
        Some((self.key.clone(), index))
    }
}

/// Returns a slider for each swept key.
pub(super) fn sliders(summaries: &[Summary]) -> Vec<Slider> {
    let keys: BTreeSet<&str> =
        summaries.iter().flat_map(|summary| summary.point.keys()).map(String::as_str).collect();
    let slider = |key: &&str| {
        let mut values: Vec<(f64, String)> = Vec::new();
        for summary in summaries.iter().filter(|summary| summary.point.contains_key(*key)) {
            let text = setting_text(&summary.point, key);
            if values.iter().all(|(_, other)| *other != text) {
                values.push((text.parse().unwrap_or(0.0), text));
            }
        }
        values.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let values = values.into_iter().map(|(_, text)| text).collect();
        Slider { key: (*key).to_owned(), label: short(key, &keys).to_owned(), values }
    };
    keys.iter().map(slider).collect()
}

/// Returns the metrics along each swept key whose values are numbers.
pub(super) fn swept_keys(groups: &[(&Summary, &[Row])]) -> Vec<SweptKey> {
    let keys: BTreeSet<&String> =
        groups.iter().flat_map(|(summary, _)| summary.point.keys()).collect();
    keys.into_iter().filter_map(|key| swept_key(key, groups)).collect()
}

/// Returns `None` if some value of the key is not a number.
fn swept_key(key: &str, groups: &[(&Summary, &[Row])]) -> Option<SweptKey> {
    let mut series: Vec<Series> = Vec::new();
    for (summary, runs) in groups {
        let spread = |value: fn(&Record) -> f64| {
            Spread::new(&runs.iter().map(|row| value(&row.record)).collect::<Vec<_>>())
        };
        let held_out: Option<Vec<f64>> =
            runs.iter().map(|row| Some(row.record.validation?.cross_entropy)).collect();
        let Some(value) = summary.point.get(key) else { continue };
        let value = value.as_float().or_else(|| value.as_integer().map(|value| value as f64))?;
        let mut other_keys: KeyValues = summary.point.clone();
        other_keys.remove(key);
        let name = cell_name(&summary.variant, &other_keys);
        let point = Point {
            value,
            acc_train: summary.acc_train,
            acc_val: summary.acc_val,
            acc_test: summary.acc_test,
            gap: spread(Record::gap),
            cross_entropy_train: spread(|run| run.train.cross_entropy),
            cross_entropy_val: held_out.map(|values| Spread::new(&values)),
            cross_entropy_test: spread(|run| run.test.cross_entropy),
            best: summary.chosen,
            runs: summary.n,
        };
        if let Some(series) = series.iter_mut().find(|series| series.name == name) {
            series.points.push(point);
        } else {
            let variant = summary.variant.clone();
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
    (!series.is_empty()).then_some(SweptKey { key: key.to_owned(), logarithmic, series, omitted })
}

/// Keeps the series with a chosen point, and of a variant without any its first, up to [`MAX_SERIES`].
fn shown_series(series: Vec<Series>) -> Vec<Series> {
    let has_chosen = |series: &Series| series.points.iter().any(|point| point.best);
    let with_choice: BTreeSet<String> =
        series.iter().filter(|series| has_chosen(series)).map(|one| one.variant.clone()).collect();
    let mut seen = BTreeSet::new();
    let mut is_shown = |series: &Series| {
        let is_first = seen.insert(series.variant.clone());
        has_chosen(series) || is_first && !with_choice.contains(&series.variant)
    };
    series.into_iter().filter(|series| is_shown(series)).take(MAX_SERIES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(variant: &str, point: &[(&str, f64)], acc_test: f64) -> Summary {
        let spread = |mean| Spread { mean, deviation: None };
        Summary {
            variant: variant.to_owned(),
            point: point.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect(),
            n: 1,
            acc_train: spread(1.0),
            acc_test: spread(acc_test),
            pct_diff: spread(0.0),
            acc_val: None,
            chosen: acc_test == 0.9 || point.iter().any(|&(_, value)| value == 1e-4),
            starred: false,
            difference: None,
        }
    }

    /// Returns the swept keys of summaries without runs.
    fn swept(summaries: &[Summary]) -> Vec<SweptKey> {
        let groups: Vec<(&Summary, &[Row])> =
            summaries.iter().map(|summary| (summary, [].as_slice())).collect();
        swept_keys(&groups)
    }

    #[test]
    fn sliders_have_numbers_in_their_order() {
        let rate = "fit.learning_rate";
        let summaries = [
            summary("none", &[], 0.5),
            summary("a", &[(rate, 0.1)], 0.5),
            summary("a", &[(rate, 0.01)], 0.5),
        ];
        let sliders = sliders(&summaries);
        assert_eq!(sliders[0].values, ["0.01", "0.1"]);
        assert_eq!(sliders[0].label, "learning_rate");
        let index = |summary| sliders[0].index(summary).map(|(_, index)| index);
        assert_eq!(summaries.each_ref().map(index), [None, Some(1), Some(0)]);
    }

    #[test]
    fn each_value_of_the_other_keys_has_its_own_series() {
        let (rate, l2) = ("fit.learning_rate", "variant.mine.hidden2.kernel_regularizer.l2");
        let summaries = [
            summary("none", &[(rate, 0.1)], 0.5),
            summary("mine", &[(rate, 0.1), (l2, 1e-1)], 0.6),
            summary("mine", &[(rate, 0.1), (l2, 0.0)], 0.7),
            summary("mine", &[(rate, 0.1), (l2, 1e-4)], 0.8),
            summary("mine", &[(rate, 0.2), (l2, 1e-4)], 0.9),
        ];
        let keys = swept(&summaries);
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
        let mine = |number: u32| {
            let acc_test = if number == 5 { 0.9 } else { 0.8 };
            summary("mine", &[(rate, 0.1), (l2, number.into())], acc_test)
        };
        let mut summaries = vec![summary("none", &[(rate, 0.1)], 0.5)];
        summaries.extend((0..11).map(mine));
        let keys = swept(&summaries);
        assert_eq!((keys[0].series.len(), keys[0].omitted), (12, 0));
        summaries.push(mine(11));
        let keys = swept(&summaries);
        let swept = &keys[0];
        let names: Vec<&str> = swept.series.iter().map(|series| series.name.as_str()).collect();
        assert_eq!((names, swept.omitted), (vec!["none", "mine l2=5.0"], 11));
    }

    #[test]
    fn keys_with_text_values_are_left_out() {
        let mut summary = summary("none", &[], 0.5);
        summary.point.insert("data.pixels".to_owned(), "raw".into());
        assert!(swept(&[summary]).is_empty());
    }
}
