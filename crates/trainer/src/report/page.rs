//! The page's text: the template and what is put into it.

use askama::Template;

use training::Pixels;

use super::{Error, picture::Picture};
use crate::{
    results::{
        self, Against, Summary, cells,
        statistics::{Difference, Spread},
        summaries,
    },
    store::record::Record,
    study::{Splits, Study, setting_text, short},
};

/// From here on a number is written as a power of ten.
const LARGE: f64 = 1e6;

const STYLE: &str = include_str!("../../templates/report.css");
/// Data-driven drawing, <https://d3js.org>, on which Plot stands.
const D3: &str = include_str!("../../templates/vendor/d3.min.js");
/// Charts as SVG, <https://observablehq.com/plot>.
const PLOT: &str = include_str!("../../templates/vendor/plot.umd.min.js");
const SCRIPT: &str = concat!(
    include_str!("../../templates/scripts/data.js"),
    include_str!("../../templates/scripts/table.js"),
    include_str!("../../templates/scripts/network.js"),
    include_str!("../../templates/scripts/figure.js"),
    include_str!("../../templates/scripts/charts.js"),
    include_str!("../../templates/scripts/paths.js"),
    include_str!("../../templates/scripts/misread.js"),
    include_str!("../../templates/scripts/pad.js"),
);

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: &'a str,
    sentence: String,
    weights_of: &'a str,
    notes: Vec<String>,
    headings: Vec<Heading>,
    rows: Vec<Row>,
    data: String,
    style: &'a str,
    d3: &'a str,
    plot: &'a str,
    script: &'a str,
}

struct Heading {
    name: String,
    hint: String,
}

struct Row {
    cells: Vec<Cell>,
}

struct Cell {
    text: String,
    /// What leads to a note.
    mark: String,
    /// Below it, smaller.
    small: String,
    /// What it is sorted by.
    value: String,
    best: bool,
}

/// The whole page.
pub(super) fn text(
    study: &Study,
    records: &[Record],
    splits: Option<&Splits>,
    notes: &[String],
    picture: &Picture,
) -> Result<String, Error> {
    let unwritten = |error: &dyn std::fmt::Display| Error::Page(error.to_string());
    let page = Page {
        title: &study.name,
        sentence: sentence(study, records, splits),
        weights_of: &picture.weights_of,
        notes: notes
            .iter()
            .map(|note| note.replace('\n', " ").replace("95 %", "95\u{a0}%"))
            .collect(),
        headings: headings(study, records),
        rows: rows(study, records),
        data: picture.json().map_err(|error| unwritten(&error))?,
        style: STYLE,
        d3: D3,
        plot: PLOT,
        script: SCRIPT,
    };
    page.render().map_err(|error| unwritten(&error))
}

/// What was run, on what, and how long it took.
fn sentence(study: &Study, records: &[Record], splits: Option<&Splits>) -> String {
    let dataset = match (records.first(), splits) {
        (Some(record), _) => &record.dataset,
        (None, Some(splits)) => &splits.name,
        (None, None) => "digits not at hand",
    };
    let images = splits.map_or_else(String::new, |splits| images(study, splits));
    let pixels = match study.settings.data.pixels {
        Pixels::Unit => "pixels from 0 to 1",
        Pixels::Raw => "pixels from 0 to 255",
    };
    let fit = &study.settings.fit;
    // What is swept has no one value.
    let settings = [
        ("data.pixels", "pixels", pixels.to_owned()),
        ("fit.epochs", "epochs", counted(fit.epochs, "epoch")),
        ("fit.batch_size", "batch size", format!("batches of {}", fit.batch_size)),
        ("fit.learning_rate", "learning rate", format!("a learning rate of {}", fit.learning_rate)),
    ];
    let settings = settings.map(
        |(key, name, value)| {
            if study.is_swept(key) { format!("{name} varied") } else { value }
        },
    );
    let mut machines: Vec<&str> = records.iter().map(|record| record.machine.as_str()).collect();
    machines.sort_unstable();
    machines.dedup();
    let machine =
        if machines.is_empty() { String::new() } else { format!(" on {}", machines.join(" and ")) };
    let seconds: f64 = records.iter().map(|record| record.fit_seconds).sum();
    let seeds: Vec<String> = study.settings.seeds.iter().map(u64::to_string).collect();
    format!(
        "{} of one network on {dataset}{images}: {}, {} {}, backend {}{machine}. \
         The finished runs took {seconds:.1} s of training.",
        counted(study.variants.len(), "variant"),
        settings.join(", "),
        if seeds.len() == 1 { "seed" } else { "seeds" },
        seeds.join(", "),
        study.settings.backend,
    )
}

/// How many images there are of each kind, in brackets.
fn images(study: &Study, splits: &Splits) -> String {
    let cut = splits.of(&study.settings.data);
    let (train, test) = (cut.train.len(), splits.test.len());
    if study.is_swept("data.limit") || study.is_swept("data.validation_split") {
        return format!(" (training images varied, {test} test images)");
    }
    let validation = cut.validation.as_ref();
    let validation =
        validation.map_or_else(String::new, |split| format!(", {} validation", split.len()));
    format!(" ({train} training{validation} and {test} test images)")
}

/// `1 epoch`, `2 epochs`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn headings(study: &Study, records: &[Record]) -> Vec<Heading> {
    let heading = |name: &str, hint: &str| Heading { name: name.to_owned(), hint: hint.to_owned() };
    let keys = results::swept_keys(records);
    let several = results::has_several_seeds(records);
    let swept = keys.iter().map(|key| {
        heading(short(key, &keys), &format!("{key}, as it was set; empty where it has no meaning"))
    });
    let n =
        heading("n", "How many runs, each from a seed of its own; ± is their standard deviation");
    let first = study.first_variant();
    let difference = heading(
        &format!("acc_test − {first}’s"),
        "Mean difference over pairs of runs of one seed, with its 95 % confidence interval: one that holds 0 leaves open whether there is any",
    );
    let variant = heading("variant", "How the network is regularised");
    let accuracies = [
        heading("acc_train", "Share of the training images that the trained network reads rightly"),
        heading(
            "acc_test",
            "Share of the test images that it reads rightly, which it has never seen; the highest is marked",
        ),
        heading(
            "pct_diff",
            "1 − acc_test / acc_train: the share of the training accuracy that is lost on new digits",
        ),
    ];
    let rest = [
        heading(
            "loss_train",
            "Mean cross-entropy and penalties on the training images, without dropout",
        ),
        heading("loss_test", "The same on the test images"),
        heading(
            "epochs",
            "Times through the training images; fewer than asked for where the loss ceased to be finite",
        ),
        heading("fit_seconds", "Time spent on training, in seconds"),
    ];
    std::iter::once(variant)
        .chain(swept)
        .chain(several.then_some(n))
        .chain(accuracies)
        .chain(several.then_some(difference))
        .chain(rest)
        .collect()
}

/// The cells below the headings, a row for each variant at each point of its sweep.
fn rows(study: &Study, records: &[Record]) -> Vec<Row> {
    let keys = results::swept_keys(records);
    let several = results::has_several_seeds(records);
    let summaries = summaries(records, study.first_variant());
    let cells_of_runs: Vec<&[Record]> = cells(records).collect();
    let sound = summaries.iter().zip(&cells_of_runs);
    let sound = sound.filter(|(_, runs)| !runs.iter().any(results::diverged));
    let best = sound.map(|(summary, _)| summary.acc_test.mean).fold(f64::NAN, f64::max);
    let row = |(summary, runs): (&Summary, &[Record])| {
        let mean = |value: &dyn Fn(&Record) -> f64, digits: usize| {
            spread(Spread::of(&runs.iter().map(value).collect::<Vec<_>>()), digits)
        };
        let accuracies = [
            spread(summary.acc_train, 5),
            Cell { best: summary.acc_test.mean == best, ..spread(summary.acc_test, 5) },
            spread(summary.pct_diff, 5),
        ];
        let rest = [
            mean(&|run| run.loss_train, 5),
            mean(&|run| run.loss_test, 5),
            mean(&|run| run.epochs as f64, 0),
            mean(&|run| run.fit_seconds, 2),
        ];
        let cells = std::iter::once(marked(&summary.variant, results::mark(runs)))
            .chain(keys.iter().map(|key| plain(&setting_text(&summary.point, key))))
            .chain(several.then(|| plain(&summary.n.to_string())))
            .chain(accuracies)
            .chain(several.then(|| difference(summary.difference.as_ref())))
            .chain(rest);
        Row { cells: cells.collect() }
    };
    summaries.iter().zip(cells_of_runs).map(row).collect()
}

fn plain(text: &str) -> Cell {
    Cell {
        text: text.to_owned(),
        mark: String::new(),
        small: String::new(),
        value: text.to_owned(),
        best: false,
    }
}

fn marked(variant: &str, mark: Option<String>) -> Cell {
    Cell { mark: mark.map_or_else(String::new, |mark| format!(" {mark}")), ..plain(variant) }
}

fn spread(Spread { mean, deviation }: Spread, digits: usize) -> Cell {
    // What is the same in all runs need not be said to vary by nothing.
    let deviation = deviation.filter(|&deviation| digits > 0 || deviation > 0.0);
    let deviation =
        deviation.map_or_else(String::new, |deviation| format!("± {}", number(deviation, digits)));
    Cell { text: number(mean, digits), small: deviation, value: mean.to_string(), ..plain("") }
}

/// A number in short.
fn number(number: f64, digits: usize) -> String {
    if number.abs() < LARGE { format!("{number:.digits$}") } else { format!("{number:.3e}") }
}

fn difference(against: Option<&Against>) -> Cell {
    against.map_or_else(
        || plain(""),
        |Against { difference, .. }| {
            let Difference { mean, low, high, .. } = difference;
            Cell {
                text: format!("{mean:+.5}"),
                small: format!("{low:+.5} to {high:+.5}"),
                value: mean.to_string(),
                ..plain("")
            }
        },
    )
}
