//! The HTML of the report: its template, and the texts and the table in it.

use askama::Template;
use training::Pixels;

use super::{page_data::PageData, sentences::Sentences};
use crate::{
    results::{
        self, Comparison, Row, Summary, groups,
        statistics::{Difference, Spread},
    },
    store::{Record, SavedStudy},
    study::{Study, setting_text, short},
};

/// The magnitude from which numbers are written in scientific notation.
const LARGE: f64 = 1e6;

const STYLE: &str = include_str!("../../templates/report.css");
/// D3, <https://d3js.org>, which Plot depends on.
const D3: &str = include_str!("../../templates/vendor/d3.min.js");
/// Observable Plot, <https://observablehq.com/plot>, which draws the charts.
const PLOT: &str = include_str!("../../templates/vendor/plot.umd.min.js");
const SCRIPT: &str = concat!(
    include_str!("../../templates/scripts/data.js"),
    include_str!("../../templates/scripts/table.js"),
    include_str!("../../templates/scripts/network.js"),
    include_str!("../../templates/scripts/state.js"),
    include_str!("../../templates/scripts/view.js"),
    include_str!("../../templates/scripts/controls.js"),
    include_str!("../../templates/scripts/accuracy.js"),
    include_str!("../../templates/scripts/gap.js"),
    include_str!("../../templates/scripts/weights.js"),
    include_str!("../../templates/scripts/sweep.js"),
    include_str!("../../templates/scripts/confidence.js"),
    include_str!("../../templates/scripts/wrong_labels.js"),
    include_str!("../../templates/scripts/confusion.js"),
    include_str!("../../templates/scripts/misclassified.js"),
    include_str!("../../templates/scripts/pad.js"),
    include_str!("../../templates/scripts/questions.js"),
);

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: &'a str,
    description: String,
    sentences: &'a Sentences,
    notes: Vec<String>,
    headings: Vec<Heading>,
    rows: Vec<Vec<Cell>>,
    data: String,
    style: &'a str,
    d3: &'a str,
    plot: &'a str,
    script: &'a str,
}

/// A column of the table.
struct Heading {
    name: String,
    hint: String,
}

/// A cell of the table.
#[derive(Default)]
struct Cell {
    text: String,
    /// The mark of a note.
    mark: String,
    /// Small text below the cell's text.
    detail: String,
    /// The sort key.
    value: String,
    best: bool,
}

/// Renders the page.
pub(super) fn render(
    saved: &SavedStudy,
    rows: &[Row],
    summaries: &[Summary],
    notes: &[String],
    sentences: &Sentences,
    data: &PageData,
) -> Result<String, String> {
    let study = &saved.study;
    let page = Page {
        title: &study.name,
        description: description(saved, rows),
        sentences,
        notes: notes
            .iter()
            .map(|note| note.replace('\n', " ").replace("95 %", "95\u{a0}%"))
            .collect(),
        headings: headings(study, rows),
        rows: lines(rows, summaries),
        data: data.json().map_err(|error| error.to_string())?,
        style: STYLE,
        d3: D3,
        plot: PLOT,
        script: SCRIPT,
    };
    page.render().map_err(|error| error.to_string())
}

/// Describes the study: its data set, its main settings, the machines, and the time that training took.
fn description(saved: &SavedStudy, rows: &[Row]) -> String {
    let (study, dataset) = (&saved.study, &saved.manifest.dataset.name);
    let images = image_counts(rows);
    let pixels = match study.settings.data.pixels {
        Pixels::Unit => "pixels from 0 to 1",
        Pixels::Raw => "pixels from 0 to 255",
    };
    let fit = &study.settings.fit;
    // A swept setting has several values.
    let settings = [
        ("data.pixels", "pixels", pixels.to_owned()),
        ("fit.epochs", "epochs", counted(fit.epochs, "epoch")),
        ("fit.batch_size", "batch size", format!("batches of {}", fit.batch_size)),
        (
            "fit.learning_rate",
            "learning rate",
            format!("a learning rate of {:?}", fit.learning_rate),
        ),
    ];
    let settings = settings.map(
        |(key, name, value)| {
            if study.is_swept(key) { format!("{name} varied") } else { value }
        },
    );
    let mut machines: Vec<&str> = rows.iter().map(|row| row.record.machine.as_str()).collect();
    machines.sort_unstable();
    machines.dedup();
    let machine =
        if machines.is_empty() { String::new() } else { format!(" on {}", machines.join(" and ")) };
    let seconds: f64 = rows.iter().map(|row| row.record.fit_seconds).sum();
    let seeds: Vec<String> = study.settings.seeds.iter().map(u64::to_string).collect();
    format!(
        "{} of one network on {dataset}{images}: {}, {} {}, backend {}{machine}. \
         Training the finished runs took {seconds:.1} s.",
        counted(study.variants.len(), "variant"),
        settings.join(", "),
        if seeds.len() == 1 { "seed" } else { "seeds" },
        seeds.join(", "),
        study.settings.backend,
    )
}

/// Formats the numbers of training, validation and test images, in brackets; empty if no run has finished.
fn image_counts(rows: &[Row]) -> String {
    let mut counts = rows.iter().map(|Row { record, .. }| {
        let validation = record.validation.map_or(0, |validation| validation.images);
        [record.train.images, validation, record.test.images]
    });
    let Some(first) = counts.next() else { return String::new() };
    let [train, validation, test] = first;
    if counts.any(|other| other != first) {
        return format!(" (training images varied, {test} test images)");
    }
    let validation =
        if validation > 0 { format!(", {validation} validation") } else { String::new() };
    format!(" ({train} training{validation} and {test} test images)")
}

/// Formats a number with its noun: `1 epoch`, `2 epochs`.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns the headings of the table's columns.
fn headings(study: &Study, rows: &[Row]) -> Vec<Heading> {
    let heading = |name: &str, hint: &str| Heading { name: name.to_owned(), hint: hint.to_owned() };
    let keys = results::swept_keys(rows);
    let several = results::has_several_seeds(rows);
    let swept = keys.iter().map(|key| {
        heading(
            short(key, &keys),
            &format!("Value of {key}; empty where the setting does not apply"),
        )
    });
    let n = heading(
        "n",
        "Number of runs, each with its own seed; ± is the standard deviation over them",
    );
    let first = study.first_variant();
    let difference = heading(
        &format!("acc_test − {first}’s"),
        "Mean difference over pairs of runs of the same seed, with its 95 % confidence interval, which is not adjusted for several comparisons",
    );
    let verdict = heading(
        "verdict",
        "Whether the test accuracy is better or worse; p is adjusted for the number of comparisons by Holm’s method",
    );
    let validated = rows.iter().any(|row| row.record.validation.is_some());
    let acc_val = heading(
        "acc_val",
        "Share of the held-out images that the trained network classifies correctly; the best is marked, in a sweep each variant’s best",
    );
    let variant = heading("variant", "How the network is regularised");
    let acc_train = heading(
        "acc_train",
        "Share of the training images that the trained network classifies correctly",
    );
    let accuracies = [
        heading(
            "acc_test",
            "Share of the test images that the trained network classifies correctly",
        ),
        heading(
            "pct_diff",
            "1 − acc_test / acc_train: the share of the training accuracy that is lost on the test images",
        ),
    ];
    let other_metrics = [
        heading(
            "loss_train",
            "Mean cross-entropy plus penalties on the training images, without dropout",
        ),
        heading("loss_test", "Mean cross-entropy plus penalties on the test images"),
        heading(
            "epochs",
            "Passes over the training images; fewer than configured if training ended early",
        ),
        heading("fit_seconds", "Training time in seconds"),
    ];
    std::iter::once(variant)
        .chain(swept)
        .chain(several.then_some(n))
        .chain([acc_train])
        .chain(validated.then_some(acc_val))
        .chain(accuracies)
        .chain(several.then_some([difference, verdict]).into_iter().flatten())
        .chain(other_metrics)
        .collect()
}

/// Returns the rows of the table, one for each group of runs.
fn lines(rows: &[Row], summaries: &[Summary]) -> Vec<Vec<Cell>> {
    let keys = results::swept_keys(rows);
    let several = results::has_several_seeds(rows);
    let groups: Vec<&[Row]> = groups(rows).collect();
    let validated = summaries.iter().any(|summary| summary.acc_val.is_some());
    let line = |(summary, runs): (&Summary, &[Row])| {
        let mean = |value: &dyn Fn(&Record) -> f64, digits: usize| {
            spread_cell(
                Spread::new(&runs.iter().map(|row| value(&row.record)).collect::<Vec<_>>()),
                digits,
            )
        };
        let acc_val = |spread| Cell { best: summary.starred, ..spread_cell(spread, 5) };
        let acc_val = validated.then(|| summary.acc_val.map_or_else(Cell::default, acc_val));
        let accuracies = [spread_cell(summary.acc_test, 5), spread_cell(summary.pct_diff, 5)];
        let comparison = summary.difference.as_ref();
        let other_metrics = [
            mean(&|run| run.train.loss, 5),
            mean(&|run| run.test.loss, 5),
            mean(&|run| run.epochs as f64, 0),
            mean(&|run| run.fit_seconds, 2),
        ];
        let cells = std::iter::once(variant_cell(&summary.variant, results::footnote_mark(runs)))
            .chain(keys.iter().map(|key| plain_cell(&setting_text(&summary.point, key))))
            .chain(several.then(|| plain_cell(&summary.n.to_string())))
            .chain([spread_cell(summary.acc_train, 5)])
            .chain(acc_val)
            .chain(accuracies)
            .chain(
                several
                    .then(|| [difference_cell(comparison), verdict_cell(comparison)])
                    .into_iter()
                    .flatten(),
            )
            .chain(other_metrics);
        cells.collect()
    };
    summaries.iter().zip(groups).map(line).collect()
}

fn plain_cell(text: &str) -> Cell {
    Cell { text: text.to_owned(), value: text.to_owned(), ..Cell::default() }
}

fn variant_cell(variant: &str, mark: Option<String>) -> Cell {
    Cell { mark: mark.map_or_else(String::new, |mark| format!(" {mark}")), ..plain_cell(variant) }
}

fn spread_cell(Spread { mean, deviation }: Spread, digits: usize) -> Cell {
    // Whole numbers, such as the epochs, are often equal in all runs: a deviation of 0 is not shown for them.
    let deviation = deviation.filter(|&deviation| digits > 0 || deviation > 0.0);
    let deviation =
        deviation.map_or_else(String::new, |deviation| format!("± {}", number(deviation, digits)));
    Cell {
        text: number(mean, digits),
        detail: deviation,
        value: mean.to_string(),
        ..Cell::default()
    }
}

/// Formats a number with so many decimals; large numbers in scientific notation.
fn number(number: f64, digits: usize) -> String {
    if number.abs() < LARGE { format!("{number:.digits$}") } else { format!("{number:.3e}") }
}

fn difference_cell(comparison: Option<&Comparison>) -> Cell {
    let Some(Difference { mean, low, high, .. }) = comparison.and_then(|found| found.difference)
    else {
        return Cell::default();
    };
    Cell {
        text: format!("{mean:+.5}"),
        detail: format!("{low:+.5} to {high:+.5}"),
        value: mean.to_string(),
        ..Cell::default()
    }
}

fn verdict_cell(comparison: Option<&Comparison>) -> Cell {
    let Some(Comparison { verdict: Some(verdict), p_adjusted, .. }) = comparison else {
        return Cell::default();
    };
    let detail = p_adjusted.map_or_else(String::new, results::p_text);
    Cell { detail, ..plain_cell(&verdict.to_string()) }
}
