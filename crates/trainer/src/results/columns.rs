//! The columns of the results. results.csv, summary.csv, the terminal's table and the report's are renderings of this
//! list. The runs of `trainer results --json` have its names.

use std::fmt;

use console::truncate_str;
use serde::Serialize;

use super::{
    Comparison, Group, Row, Verdict,
    group::has_several_seeds,
    statistics::{Difference, Spread},
    verdict::p_text,
};
use crate::store::{Evaluated, Record};

/// Maximum number of characters of the first variant's label in a heading.
const LONGEST_FIRST: usize = 12;

#[derive(Debug)]
pub struct Column {
    /// Name in CSV and JSON.
    pub name: &'static str,
    /// Description for readers of a table.
    pub help: &'static str,
    value: Value,
    /// Tables of groups with this column.
    tables: &'static [Table],
    when: When,
    /// Heading in tables for people; empty: the name.
    heading: &'static str,
}

/// A table with a row for each group of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Summary,
    /// The terminal's, in 80 columns.
    Brief,
    /// The terminal's, with all columns for people.
    Full,
    Report,
}

/// Condition for a column to be shown. summary.csv always has all of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// If some run has a value. In results.csv these columns come last.
    Measured,
    SeveralSeeds,
}

#[derive(Debug)]
enum Value {
    /// A value of a run, equal in a group where a table of groups has it.
    OfRun(fn(&Row) -> Cell),
    /// A number of a run. Groups have its mean and deviation.
    Metric(fn(&Row) -> Cell),
    OfGroup(fn(&Group<'_>) -> Cell),
}

/// A cell. In CSV, numbers have six decimals, seconds two.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    Text(String),
    Count(u64),
    Number(f64),
    /// A share of images; tables show it in per cent.
    Share(f64),
    Seconds(f64),
    /// The mean and deviation of a metric.
    Spread(Spread, Unit),
    Difference(Difference),
    /// A verdict with its adjusted p value, and whether it is provisional.
    Verdict(Verdict, Option<f64>, bool),
    Empty,
}

/// The unit of a metric in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    Count,
    Number,
    Percent,
    Seconds,
}

use Cell::{Count, Empty, Number, Seconds, Share, Text};
use Value::{Metric, OfGroup, OfRun};
use When::{Always, Measured, SeveralSeeds};

const SUMMARY: &[Table] = &[Table::Summary];
const SHOWN: &[Table] = &[Table::Brief, Table::Full, Table::Report];
const DETAILED: &[Table] = &[Table::Full, Table::Report];
const BOTH: &[Table] = &[Table::Summary, Table::Brief, Table::Full, Table::Report];
const BOTH_DETAILED: &[Table] = &[Table::Summary, Table::Full, Table::Report];

/// All columns, in the order of every table.
#[rustfmt::skip]
pub(super) const COLUMNS: &[Column] = &[
    column("variant", SUMMARY, Always, OfRun(|row| Text(row.variant().to_owned())),
        "How the network is regularised"),
    column("label", SHOWN, Always, OfGroup(|group| Text(group.runs[0].label().to_owned())),
        "How the network is regularised").titled("variant"),
    column("n", BOTH_DETAILED, SeveralSeeds, OfGroup(|group| Count(group.runs.len() as u64)),
        "Number of runs, each with its own seed; ± is the standard deviation over them"),
    column("acc_train", SUMMARY, Always, Metric(|row| Share(row.record.train.accuracy)),
        "Share of the training images that the trained network classifies correctly"),
    column("own", SHOWN, Always, OfGroup(|group| percent(group, Record::true_accuracy)),
        "Training images that the trained network classifies correctly, by their true labels").titled("train %"),
    column("acc_val", DETAILED, Measured, Metric(|row| share(row.record.validation.map(|images| images.accuracy))),
        "Held-out images that it classifies correctly; the best is marked, in a sweep each variant’s best").titled("held-out %"),
    column("acc_test", BOTH, Always, Metric(|row| Share(row.record.test.accuracy)),
        "Test images that it classifies correctly").titled("test %"),
    column("gap", SHOWN, Always, OfGroup(|group| percent(group, Record::gap)),
        "Train % − test %, in points"),
    column("pct_diff", SUMMARY, Always, Metric(|row| Number(row.record.pct_diff())),
        "1 − acc_test / acc_train: the share of the training accuracy that is lost on the test images"),
    column("difference", SHOWN, SeveralSeeds, OfGroup(|group| difference(group, Cell::Difference)),
        "Mean difference of test % from the first variant’s in points, over pairs of runs of the same seed, with its 95 % confidence interval (Student’s t), which is not adjusted for several comparisons"),
    column("difference_mean", SUMMARY, Always, OfGroup(|group| difference(group, |found| Number(found.mean))),
        "Mean difference of acc_test from the first variant’s over pairs of runs of the same seed"),
    column("difference_low", SUMMARY, Always, OfGroup(|group| difference(group, |found| Number(found.low))),
        "Lower bound of the difference’s 95 % confidence interval"),
    column("difference_high", SUMMARY, Always, OfGroup(|group| difference(group, |found| Number(found.high))),
        "Upper bound of the difference’s 95 % confidence interval"),
    column("difference_pairs", SUMMARY, Always, OfGroup(|group| difference(group, |found| Count(found.pairs as u64))),
        "Number of pairs of runs of the same seed"),
    column("chosen", SUMMARY, Always, OfGroup(|group| Text(group.chosen.to_string())),
        "Whether it is its variant’s best point on the held-out images"),
    column("p", SUMMARY, Always, OfGroup(|group| comparison(group, |found| p_value(found.p))),
        "p value of the difference: Student’s t test, with one seed McNemar’s test"),
    column("p_adjusted", SUMMARY, Always, OfGroup(|group| comparison(group, |found| p_value(found.p_adjusted))),
        "p value, adjusted for the number of comparisons by Holm’s method"),
    column("verdict", BOTH, SeveralSeeds, OfGroup(|group| comparison(group, verdict)),
        "Whether test % is better or worse; p is adjusted for the number of comparisons by Holm’s method"),
    column("seeds_needed", SUMMARY, Always, OfGroup(|group| comparison(group, |found| Text(found.seeds_needed.to_string()))),
        "Number of seeds that would show the difference 4 times in 5"),
    column("provisional", SUMMARY, Always, OfGroup(|group| comparison(group, |found| mark(found.provisional))),
        "true for a verdict on fewer than five pairs of runs"),
    column("at_edge", SUMMARY, Always, OfGroup(|group| mark(!group.edges.is_empty())),
        "true if the chosen value of a swept key is the smallest or largest of three or more: the best may lie beyond"),
    column("seed", &[], Always, OfRun(|row| Count(row.run.seed)),
        "Seed of the run’s random numbers"),
    column("loss_train", &[], Always, Metric(|row| Number(row.record.train.loss)),
        "Mean cross-entropy plus penalties on the training images, without dropout"),
    column("train_cross_entropy", DETAILED, Always, OfGroup(|group| cross_entropy(group, |record| record.train)),
        "Mean cross-entropy on the training images, without penalties and dropout").titled("train loss"),
    column("loss_val", &[], Measured, Metric(|row| number(row.record.validation.map(|images| images.loss))),
        "Mean cross-entropy plus penalties on the held-out images"),
    column("loss_test", &[], Always, Metric(|row| Number(row.record.test.loss)),
        "Mean cross-entropy plus penalties on the test images"),
    column("test_cross_entropy", DETAILED, Always, OfGroup(|group| cross_entropy(group, |record| record.test)),
        "Mean cross-entropy on the test images, without penalties").titled("test loss"),
    column("parameters", &[], Always, OfRun(|row| Count(row.record.parameters as u64)),
        "Number of parameters of the network"),
    column("epochs", DETAILED, Always, Metric(|row| Count(row.record.epochs as u64)),
        "Passes over the training images; fewer than configured if training ended early"),
    column("best_epoch", &[], Measured, Metric(|row| row.record.best_epoch.map_or(Empty, |epoch| Count(epoch as u64))),
        "Best epoch of early stopping, from 1"),
    column("dataset", &[], Always, OfRun(|row| Text(row.dataset.clone())),
        "Name of the data set"),
    column("pixels", &[], Always, OfRun(|row| Text(row.run.data.pixels.to_string())),
        "Range of the inputs; unit: 0 to 1, raw: 0 to 255"),
    column("backend", &[], Always, OfRun(|row| Text(row.backend.to_string())),
        "Burn backend"),
    column("fit_seconds", DETAILED, Always, Metric(|row| Seconds(row.record.fit_seconds)),
        "Training time in seconds").titled("seconds"),
    column("run", &[], Always, OfRun(|row| Text(row.run_name())),
        "Name of the run’s folder"),
    column("acc_train_true", &[], Measured, Metric(|row| share(row.record.acc_train_true)),
        "acc_train by the true labels, where labels were replaced"),
    column("memorised", DETAILED, Measured, Metric(|row| share(row.record.memorised)),
        "Wrong labels that the network gives").titled("memorised %"),
];

const fn column(
    name: &'static str,
    tables: &'static [Table],
    when: When,
    value: Value,
    help: &'static str,
) -> Column {
    Column { name, help, value, tables, when, heading: "" }
}

/// Returns the columns of results.csv.
pub(super) fn of_runs(rows: &[Row]) -> Vec<&'static Column> {
    let has_value = |column: &Column| rows.iter().any(|row| column.run_cell(row) != Empty);
    let mut columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|column| !matches!(column.value, OfGroup(_)))
        .filter(|column| column.when != Measured || has_value(column))
        .collect();
    columns.sort_by_key(|column| column.when == Measured);
    columns
}

/// Returns the columns of a table of groups.
pub fn of_groups(table: Table, groups: &[Group<'_>]) -> Vec<&'static Column> {
    COLUMNS
        .iter()
        .filter(|column| column.tables.contains(&table))
        .filter(|column| match column.when {
            Measured => groups.iter().any(|group| column.cell(group) != Empty),
            SeveralSeeds => table == Table::Summary || has_several_seeds(groups),
            Always => true,
        })
        .collect()
}

impl Column {
    const fn titled(mut self, heading: &'static str) -> Self {
        self.heading = heading;
        self
    }

    /// Returns a run's cell; empty if the column is of groups.
    pub(super) fn run_cell(&self, row: &Row) -> Cell {
        match self.value {
            OfRun(cell) | Metric(cell) => cell(row),
            OfGroup(_) => Empty,
        }
    }

    pub fn cell(&self, group: &Group<'_>) -> Cell {
        match self.value {
            OfRun(cell) => cell(&group.runs[0]),
            Metric(cell) => {
                let unit = match cell(&group.runs[0]) {
                    Count(_) => Unit::Count,
                    Share(_) => Unit::Percent,
                    Seconds(_) => Unit::Seconds,
                    _ => Unit::Number,
                };
                let spread = group.spread_if_measured(|row| cell(row).number());
                spread.map_or(Empty, |spread| Cell::Spread(spread, unit))
            }
            OfGroup(cell) => cell(group),
        }
    }

    /// Returns the mean and deviation of a metric of a group's runs; `None` unless every run has it.
    pub(super) fn spread(&self, group: &Group<'_>) -> Option<Spread> {
        match (&self.value, self.cell(group)) {
            (Metric(_), Cell::Spread(spread, _)) => Some(spread),
            _ => None,
        }
    }

    /// Returns the column's names in summary.csv.
    pub(super) fn csv_names(&self) -> Vec<String> {
        match self.value {
            Metric(_) => ["mean", "deviation"].map(|part| format!("{}_{part}", self.name)).to_vec(),
            _ => vec![self.name.to_owned()],
        }
    }

    /// Returns a group's cells in summary.csv.
    pub(super) fn csv_cells(&self, group: &Group<'_>) -> Vec<Cell> {
        match self.cell(group) {
            Cell::Spread(Spread { mean, deviation }, _) => vec![Number(mean), number(deviation)],
            cell => vec![cell],
        }
    }

    /// Returns the column's heading in a table, given the label of the study's first variant.
    pub fn heading(&self, first: &str) -> String {
        match (self.name, self.heading) {
            ("difference", _) => {
                format!("against {}, 95 %", truncate_str(first, LONGEST_FIRST, "…"))
            }
            (name, "") => name.to_owned(),
            (_, heading) => heading.to_owned(),
        }
    }
}

impl Cell {
    fn number(&self) -> Option<f64> {
        match *self {
            Count(count) => Some(count as f64),
            Number(number) | Share(number) | Seconds(number) => Some(number),
            _ => None,
        }
    }

    /// Returns the cell's main text in a table, and its smaller one: a deviation, an interval or a p value.
    pub fn texts(&self) -> [String; 2] {
        match self {
            Cell::Spread(Spread { mean, deviation }, unit) => {
                let (scale, digits) = match unit {
                    Unit::Count => (1.0, 0),
                    Unit::Percent => (100.0, 1),
                    Unit::Seconds => (1.0, 2),
                    Unit::Number => (1.0, 4),
                };
                // Whole numbers, such as the epochs, are often equal in all runs.
                let deviation = deviation.filter(|&deviation| digits > 0 || deviation > 0.0);
                let detail =
                    deviation.map(|deviation| format!("± {}", decimal(scale * deviation, digits)));
                [decimal(scale * mean, digits), detail.unwrap_or_default()]
            }
            Cell::Difference(Difference { mean, low, high, .. }) => {
                let [mean, low, high] = [mean, low, high].map(|share| points(*share));
                [mean, format!("[{low}, {high}]")]
            }
            Cell::Verdict(_, p, is_provisional) => {
                let provisional = if *is_provisional { "provisional, " } else { "" };
                let p = p.map_or_else(String::new, p_text);
                [self.to_string(), format!("({provisional}{p})")]
            }
            cell => [cell.to_string(), String::new()],
        }
    }

    /// Returns the text by which a table is sorted.
    pub fn sort_key(&self) -> String {
        match self {
            Cell::Spread(Spread { mean, .. }, _) | Cell::Difference(Difference { mean, .. }) => {
                mean.to_string()
            }
            cell => cell.to_string(),
        }
    }
}

fn cross_entropy(group: &Group<'_>, of: fn(&Record) -> Evaluated) -> Cell {
    Cell::Spread(group.spread(|row| of(&row.record).cross_entropy), Unit::Number)
}

/// Formats a number with `digits` decimals; a large one in scientific notation.
fn decimal(number: f64, digits: usize) -> String {
    let text =
        if number.abs() < 1e6 { format!("{number:.digits$}") } else { format!("{number:.3e}") };
    // A rounded -0.04 is 0.0.
    if text.trim_matches(['-', '0', '.']).is_empty() { text.replace('-', "") } else { text }
}

/// Formats a difference of shares in percentage points: `+0.31`.
fn points(share: f64) -> String {
    format!("{:+.2}", 100.0 * share)
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Empty, Number)
}

fn share(value: Option<f64>) -> Cell {
    value.map_or(Empty, Share)
}

fn percent(group: &Group<'_>, metric: fn(&Record) -> f64) -> Cell {
    Cell::Spread(group.spread(|row| metric(&row.record)), Unit::Percent)
}

/// Formats a p value with six significant digits, however small it is.
fn p_value(p: Option<f64>) -> Cell {
    p.map_or(Empty, |p| Text(format!("{:?}", format!("{p:.5e}").parse::<f64>().unwrap_or(p))))
}

fn mark(is_set: bool) -> Cell {
    if is_set { Text(true.to_string()) } else { Empty }
}

fn comparison(group: &Group<'_>, cell: fn(&Comparison) -> Cell) -> Cell {
    group.comparison.as_ref().map_or(Empty, cell)
}

fn difference(group: &Group<'_>, cell: fn(Difference) -> Cell) -> Cell {
    let comparison = group.comparison.as_ref();
    comparison.and_then(|comparison| comparison.difference).map_or(Empty, cell)
}

fn verdict(comparison: &Comparison) -> Cell {
    comparison.verdict.map_or(Empty, |verdict| {
        Cell::Verdict(verdict, comparison.p_adjusted, comparison.provisional)
    })
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text(text) => formatter.write_str(text),
            Count(count) => write!(formatter, "{count}"),
            Number(number) | Share(number) => write!(formatter, "{number:.6}"),
            Seconds(seconds) => write!(formatter, "{seconds:.2}"),
            Cell::Verdict(verdict, ..) => write!(formatter, "{verdict}"),
            Cell::Spread(..) | Cell::Difference(_) => {
                formatter.write_str(self.texts().join(" ").trim_end())
            }
            Empty => Ok(()),
        }
    }
}
