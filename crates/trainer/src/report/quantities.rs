//! The effect matrix: quantities, their values for each group of runs, and what changes against the first variant.

use model::LayerName;
use serde::Serialize;

use super::confidence::calibration_error;
use crate::{
    results::{
        Change, Comparison, Effect, Group, Row, Verdict, effects, p_text,
        statistics::{CONFIDENCE, Difference, Spread, rounding_variance},
    },
    store::Record,
};

/// The magnitude from which numbers are in scientific notation.
const LARGE: f64 = 1e6;

/// A column of the matrix.
#[derive(Debug, Serialize)]
pub(super) struct Quantity {
    label: String,
    /// The direction that is good; `None` if neither is.
    good: Option<Change>,
}

/// A cell of the matrix.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MatrixCell {
    /// The mean over the runs.
    value: String,
    pub(super) effect: Option<Effect>,
    /// Sentence with the effect's size.
    text: String,
}

/// The difference in test accuracy from the first variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Help {
    pub(super) mean: f64,
    low: f64,
    high: f64,
    /// The verdict over several seeds; `None` for two networks of one seed.
    pub(super) verdict: Option<Verdict>,
    /// Whether it is not one of chance, after adjustment for the number of comparisons.
    pub(super) is_supported: bool,
    /// Whether it rests on few seeds.
    #[serde(rename = "provisional")]
    pub(super) is_provisional: bool,
    text: String,
}

impl Help {
    pub(super) fn of(comparison: &Comparison) -> Option<Self> {
        let Difference { mean, low, high, .. } = comparison.difference.or(comparison.networks)?;
        let (p, verdict) = (comparison.p_adjusted?, comparison.verdict);
        let is_provisional = comparison.provisional;
        let few = if is_provisional { ", provisional: few seeds" } else { "" };
        let name = verdict.map_or_else(|| "these networks".to_owned(), |one| one.to_string());
        let text = format!("{name}, {}{few}", p_text(p));
        let is_supported = p < 1.0 - CONFIDENCE;
        Some(Self { mean, low, high, verdict, is_supported, is_provisional, text })
    }
}

/// Scale of a quantity on the page.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scale {
    Percent,
    Points,
    Number,
}

impl Scale {
    /// Returns a value as it is drawn.
    pub(super) fn drawn(self, value: f64) -> f64 {
        if matches!(self, Self::Number) { value } else { 100.0 * value }
    }

    pub(super) fn format(self, value: f64) -> String {
        // A rounded -0.04 is 0.0.
        let digits = |number: f64, digits: i32| {
            let scale = 10_f64.powi(digits);
            (number * scale).round() / scale + 0.0
        };
        match self {
            Self::Percent => format!("{:.1}\u{a0}%", digits(100.0 * value, 1)),
            Self::Points => format!("{:.1}", digits(100.0 * value, 1)),
            Self::Number if value.abs() >= LARGE => format!("{value:.1e}"),
            Self::Number => format!("{:.3}", digits(value, 3)),
        }
        .replace('-', "−")
    }

    fn difference(self, value: f64) -> String {
        match self {
            Self::Percent | Self::Points => format!("{:+.2}", 100.0 * value),
            Self::Number => format!("{value:+.3}"),
        }
        .replace('-', "−")
    }
}

/// Returns the columns of the matrix, and a row of cells for each group. `layer` is the layer whose weights are shown.
pub(super) fn matrix(
    groups: &[Group<'_>],
    layer: Option<LayerName>,
) -> (Vec<Quantity>, Vec<Vec<MatrixCell>>) {
    let record = groups.first().map(|group| &group.runs[0].record);
    let accuracy = record.map_or(0.0, |record| rounding_variance(record.test.images));
    let of = |value: fn(&Record) -> Option<f64>| move |row: &Row| value(&row.record);
    let confidence = |record: &Record| record.calibration.as_deref().map(calibration_error);
    let norm = |row: &Row| norm(row, layer);
    let weights = format!("norm of {}", layer_name(layer));

    let mut matrix = Matrix { groups, columns: Vec::new(), rows: vec![Vec::new(); groups.len()] };
    let percent = Scale::Percent;
    matrix.add(
        "new images right",
        Some(Change::Higher),
        percent,
        accuracy,
        of(|it| Some(it.test.accuracy)),
    );
    // By the true labels, the gap of a network that learns wrong ones is small.
    let has_wrong = record.is_some_and(|record| record.memorised.is_some());
    let good = (!has_wrong).then_some(Change::Lower);
    matrix.add("gap, points", good, Scale::Points, gap_floor(groups), of(|it| Some(it.gap())));
    matrix.add("loss on new images", Some(Change::Lower), Scale::Number, 0.0, |row| {
        Some(new_loss(row))
    });
    matrix.add(&weights, None, Scale::Number, 0.0, norm);
    matrix.add(
        "confidence off by, points",
        Some(Change::Lower),
        Scale::Points,
        0.0,
        of(confidence),
    );
    (matrix.columns, matrix.rows)
}

/// Returns the variance of the rounding of a difference of gaps.
pub(super) fn gap_floor(groups: &[Group<'_>]) -> f64 {
    let record = groups.first().map(|group| &group.runs[0].record);
    record.map_or(0.0, |record| {
        rounding_variance(record.test.images) + rounding_variance(record.train.images)
    })
}

struct Matrix<'a> {
    groups: &'a [Group<'a>],
    columns: Vec<Quantity>,
    rows: Vec<Vec<MatrixCell>>,
}

impl Matrix<'_> {
    /// Adds a column. The variance of a difference is not taken to be less than `floor`.
    fn add(
        &mut self,
        label: &str,
        good: Option<Change>,
        scale: Scale,
        floor: f64,
        quantity: impl Fn(&Row) -> Option<f64>,
    ) {
        let effects = effects(self.groups, &quantity, floor);
        for ((group, effect), row) in self.groups.iter().zip(effects).zip(&mut self.rows) {
            let spread = group.spread_if_measured(&quantity);
            let value = spread.map_or("–".to_owned(), |Spread { mean, .. }| scale.format(mean));
            let text = match &effect {
                Some(effect) => sentence(effect, scale),
                None if group.runs.len() == 1 => "one seed says nothing of it".to_owned(),
                None => "not compared".to_owned(),
            };
            row.push(MatrixCell { value, effect, text });
        }
        self.columns.push(Quantity { label: label.to_owned(), good });
    }
}

/// Describes an effect: `lower by 0.13 (0.10 to 0.15), p = 0.001`.
fn sentence(effect: &Effect, scale: Scale) -> String {
    let Effect { difference: Difference { mean, low, high, pairs, .. }, p_adjusted, .. } = *effect;
    let change = match effect.change {
        Change::Higher => "higher",
        Change::Lower => "lower",
        Change::Undecided => "undecided",
    };
    let [mean, low, high] = [mean, low, high].map(|value| scale.difference(value));
    let few = if effect.provisional {
        format!("; provisional, {pairs} seeds are few")
    } else {
        String::new()
    };
    format!("{change}: {mean} ({low} to {high}), {}{few}", p_text(p_adjusted))
}

/// Returns the cross-entropy on held-out images, or else on the test images.
pub(super) fn new_loss(row: &Row) -> f64 {
    row.record.validation.unwrap_or(row.record.test).cross_entropy
}

/// Returns the name of the layer whose weights are shown: without one, each network's last hidden layer.
pub(super) fn layer_name(layer: Option<LayerName>) -> String {
    layer.map_or_else(|| "the last hidden layer".to_owned(), |layer| layer.to_string())
}

/// Returns the norm of a layer's kernel, of the epoch whose weights were kept; that of the last hidden layer without a layer.
pub(super) fn norm(row: &Row, layer: Option<LayerName>) -> Option<f64> {
    let last = LayerName::Hidden(row.run.variant.network.hidden.len() - 1);
    let metrics = row.record.read_metrics(&row.folder).ok()??;
    let column = metrics.columns.get(&format!("{}.norm", layer.unwrap_or(last)))?;
    let is_restored = row
        .run
        .variant
        .settings
        .early_stopping
        .is_some_and(|stopping| stopping.restore_best_weights);
    let index = match row.record.best_epoch.filter(|_| is_restored) {
        Some(epoch) => metrics.epochs.iter().position(|recorded| *recorded == epoch)?,
        None => column.len().checked_sub(1)?,
    };
    column[index].filter(|norm| norm.is_finite())
}
