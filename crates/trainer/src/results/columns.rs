//! The columns of results.csv and summary.csv. The first are also the keys of `trainer results --json`.

use std::fmt;

use serde::Serialize;

use super::{Comparison, Row, Summary, statistics::Difference};

/// A cell. In CSV, numbers have six decimals, seconds two.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Text(String),
    Count(u64),
    Number(f64),
    Seconds(f64),
    Empty,
}

/// A column: its name, and its cell in a row.
pub(super) type Column<T> = (&'static str, fn(&T) -> Cell);

use Cell::{Count, Number, Seconds, Text};

/// Columns of results.csv.
pub(super) const RESULTS: [Column<Row>; 14] = [
    ("variant", |row| Text(row.variant().to_owned())),
    ("acc_train", |row| Number(row.record.train.accuracy)),
    ("acc_test", |row| Number(row.record.test.accuracy)),
    ("pct_diff", |row| Number(row.record.pct_diff())),
    ("seed", |row| Count(row.run.seed)),
    ("loss_train", |row| Number(row.record.train.loss)),
    ("loss_test", |row| Number(row.record.test.loss)),
    ("parameters", |row| Count(row.record.parameters as u64)),
    ("epochs", |row| Count(row.record.epochs as u64)),
    ("dataset", |row| Text(row.dataset.clone())),
    ("pixels", |row| Text(row.run.data.pixels.to_string())),
    ("backend", |row| Text(row.backend.to_string())),
    ("fit_seconds", |row| Seconds(row.record.fit_seconds)),
    ("run", |row| Text(row.run_name())),
];

/// Further columns of results.csv, each only if some row has it.
pub(super) const OPTIONAL: [Column<Row>; 5] = [
    ("acc_val", |row| number(row.record.validation.map(|images| images.accuracy))),
    ("loss_val", |row| number(row.record.validation.map(|images| images.loss))),
    ("best_epoch", |row| row.record.best_epoch.map_or(Cell::Empty, |epoch| Count(epoch as u64))),
    ("acc_train_true", |row| number(row.record.acc_train_true)),
    ("memorised", |row| number(row.record.memorised)),
];

/// Columns of summary.csv.
pub(super) const SUMMARY: [Column<Summary>; 17] = [
    ("variant", |summary| Text(summary.variant.clone())),
    ("n", |summary| Count(summary.n as u64)),
    ("acc_train_mean", |summary| Number(summary.acc_train.mean)),
    ("acc_train_deviation", |summary| number(summary.acc_train.deviation)),
    ("acc_test_mean", |summary| Number(summary.acc_test.mean)),
    ("acc_test_deviation", |summary| number(summary.acc_test.deviation)),
    ("pct_diff_mean", |summary| Number(summary.pct_diff.mean)),
    ("pct_diff_deviation", |summary| number(summary.pct_diff.deviation)),
    ("difference_mean", |summary| difference(summary, |difference| Number(difference.mean))),
    ("difference_low", |summary| difference(summary, |difference| Number(difference.low))),
    ("difference_high", |summary| difference(summary, |difference| Number(difference.high))),
    ("difference_pairs", |summary| {
        difference(summary, |difference| Count(difference.pairs as u64))
    }),
    ("chosen", |summary| Text(summary.chosen.to_string())),
    ("p", |summary| comparison(summary, |comparison| p_value(comparison.p))),
    ("p_adjusted", |summary| comparison(summary, |comparison| p_value(comparison.p_adjusted))),
    ("verdict", |summary| {
        comparison(summary, |comparison| {
            Text(comparison.verdict.map_or(String::new(), |verdict| verdict.to_string()))
        })
    }),
    ("seeds_needed", |summary| {
        comparison(summary, |comparison| Text(comparison.seeds_needed.to_string()))
    }),
];

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Empty, Number)
}

/// Formats a p value with six significant digits, however small it is.
fn p_value(p: Option<f64>) -> Cell {
    let text = |p: f64| format!("{:?}", format!("{p:.5e}").parse::<f64>().unwrap_or(p));
    p.map_or(Cell::Empty, |p| Text(text(p)))
}

fn comparison(summary: &Summary, cell: fn(&Comparison) -> Cell) -> Cell {
    summary.difference.as_ref().map_or(Cell::Empty, cell)
}

fn difference(summary: &Summary, cell: fn(&Difference) -> Cell) -> Cell {
    let comparison = summary.difference.as_ref();
    comparison
        .and_then(|comparison| comparison.difference)
        .map_or(Cell::Empty, |found| cell(&found))
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text(text) => formatter.write_str(text),
            Count(count) => write!(formatter, "{count}"),
            Number(number) => write!(formatter, "{number:.6}"),
            Seconds(seconds) => write!(formatter, "{seconds:.2}"),
            Cell::Empty => Ok(()),
        }
    }
}
