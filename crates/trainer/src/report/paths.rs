//! Accuracy along each swept key.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    results::{Summary, statistics::Spread},
    study::{KeyValues, cell_name},
};

/// Values whose largest is so many times their smallest above 0 are seen better on a logarithmic axis.
const WIDE: f64 = 50.0;
/// The most series of a picture; more are not told apart.
const MOST_SERIES: usize = 12;

/// One swept key.
#[derive(Debug, Serialize)]
pub(super) struct Path {
    key: String,
    logarithmic: bool,
    series: Vec<Series>,
    /// How many series were too many.
    left_out: usize,
}

/// A variant along it, whatever else is swept standing still.
#[derive(Debug, Serialize)]
struct Series {
    /// The variant and whatever else is swept.
    variant: String,
    #[serde(skip)]
    own_name: String,
    points: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Point {
    value: f64,
    acc_train: Spread,
    acc_test: Spread,
    /// Whether none of the series is better on the test images.
    best: bool,
    runs: usize,
}

/// The paths of all keys that were swept by numbers.
pub(super) fn paths(summaries: &[Summary]) -> Vec<Path> {
    let keys: BTreeSet<&String> =
        summaries.iter().flat_map(|summary| summary.point.keys()).collect();
    keys.into_iter().filter_map(|key| path(key, summaries)).collect()
}

fn path(key: &str, summaries: &[Summary]) -> Option<Path> {
    let mut series: Vec<Series> = Vec::new();
    for summary in summaries {
        let Some(value) = summary.point.get(key) else { continue };
        let value = value.as_float().or_else(|| value.as_integer().map(|value| value as f64))?;
        let mut rest: KeyValues = summary.point.clone();
        rest.remove(key);
        let variant = cell_name(&summary.variant, &rest);
        let point = Point {
            value,
            acc_train: summary.acc_train,
            acc_test: summary.acc_test,
            best: false,
            runs: summary.n,
        };
        if let Some(series) = series.iter_mut().find(|series| series.variant == variant) {
            series.points.push(point);
        } else {
            let own_name = summary.variant.clone();
            series.push(Series { variant, own_name, points: vec![point] });
        }
    }
    for Series { points, .. } in &mut series {
        points.sort_by(|one, other| one.value.total_cmp(&other.value));
        let best = most(points);
        for point in points {
            point.best = point.acc_test.mean == best;
        }
    }
    let all = series.len();
    if all > MOST_SERIES {
        series = best_of_variants(series);
    }
    let left_out = all - series.len();
    let values = || series.iter().flat_map(|series| &series.points).map(|point| point.value);
    let above = || values().filter(|&value| value > 0.0);
    let (low, high) = (above().fold(f64::INFINITY, f64::min), above().fold(0.0, f64::max));
    let logarithmic = values().all(|value| value >= 0.0) && high >= WIDE * low;
    (!series.is_empty()).then_some(Path { key: key.to_owned(), logarithmic, series, left_out })
}

/// The highest accuracy on the test images.
fn most(points: &[Point]) -> f64 {
    points.iter().map(|point| point.acc_test.mean).fold(f64::NAN, f64::max)
}

/// Of each variant the series that its best point lies on.
fn best_of_variants(series: Vec<Series>) -> Vec<Series> {
    let mut best: Vec<Series> = Vec::new();
    for one in series {
        match best.iter_mut().find(|other| other.own_name == one.own_name) {
            Some(other) if most(&other.points) >= most(&one.points) => {}
            Some(other) => *other = one,
            None => best.push(one),
        }
    }
    best
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
            difference: None,
        }
    }

    #[test]
    fn a_variant_is_a_series_for_every_value_of_the_other_keys() {
        let (rate, l2) = ("fit.learning_rate", "variant.mine.hidden2.kernel_regularizer.l2");
        let summaries = [
            summary("none", &[(rate, 0.1)], 0.5),
            summary("mine", &[(rate, 0.1), (l2, 1e-1)], 0.6),
            summary("mine", &[(rate, 0.1), (l2, 0.0)], 0.7),
            summary("mine", &[(rate, 0.1), (l2, 1e-4)], 0.8),
            summary("mine", &[(rate, 0.2), (l2, 1e-4)], 0.9),
        ];
        let paths = paths(&summaries);
        let keys: Vec<(&str, bool)> =
            paths.iter().map(|path| (path.key.as_str(), path.logarithmic)).collect();
        assert_eq!(keys, [(rate, false), (l2, true)]);
        let names = |path: &Path| -> Vec<String> {
            path.series.iter().map(|series| series.variant.clone()).collect()
        };
        assert_eq!(names(&paths[0]), ["none", "mine l2=0.1", "mine l2=0.0", "mine l2=0.0001"]);
        assert_eq!(names(&paths[1]), ["mine learning_rate=0.1", "mine learning_rate=0.2"]);
        let points = &paths[1].series[0].points;
        let found: Vec<(f64, bool)> =
            points.iter().map(|point| (point.value, point.best)).collect();
        assert_eq!(found, [(0.0, false), (1e-4, true), (1e-1, false)]);
    }

    #[test]
    fn of_too_many_series_each_variant_keeps_its_best() {
        let (rate, l2) = ("fit.learning_rate", "variant.mine.hidden2.kernel_regularizer.l2");
        let mine = |number: u32| {
            let acc_test = if number == 5 { 0.9 } else { 0.8 };
            summary("mine", &[(rate, 0.1), (l2, number.into())], acc_test)
        };
        let mut summaries = vec![summary("none", &[(rate, 0.1)], 0.5)];
        summaries.extend((0..11).map(mine));
        assert_eq!((paths(&summaries)[0].series.len(), paths(&summaries)[0].left_out), (12, 0));
        summaries.push(mine(11));
        let path = &paths(&summaries)[0];
        let names: Vec<&str> = path.series.iter().map(|series| series.variant.as_str()).collect();
        assert_eq!((names, path.left_out), (vec!["none", "mine l2=5.0"], 11));
    }

    #[test]
    fn words_have_no_path() {
        let mut summary = summary("none", &[], 0.5);
        summary.point.insert("data.pixels".to_owned(), "raw".into());
        assert!(paths(&[summary]).is_empty());
    }
}
