//! The HTML of the report: its template, and the texts and the table in it.

use std::{collections::BTreeSet, path::Path};

use askama::Template;

use super::{group::PageGroup, page_data::PageData};
use crate::{
    results::{self, Column, Group, Table},
    store::{Record, SavedStudy},
    study::{counted, setting_text, short},
};

const STYLE: &str = include_str!("../../templates/report.css");
/// D3, <https://d3js.org>, which Plot depends on.
const D3: &str = include_str!("../../templates/vendor/d3.min.js");
/// Observable Plot, <https://observablehq.com/plot>, which draws the charts.
const PLOT: &str = include_str!("../../templates/vendor/plot.umd.min.js");
/// Licence of both.
const LICENCE: &str = include_str!("../../templates/vendor/licence.html");
const SCRIPT: &str = concat!(
    include_str!("../../templates/scripts/data.js"),
    include_str!("../../templates/scripts/table.js"),
    include_str!("../../templates/scripts/network.js"),
    include_str!("../../templates/scripts/state.js"),
    include_str!("../../templates/scripts/view.js"),
    include_str!("../../templates/scripts/player.js"),
    include_str!("../../templates/scripts/curves.js"),
    include_str!("../../templates/scripts/sweep.js"),
    include_str!("../../templates/scripts/wrong_labels.js"),
    include_str!("../../templates/scripts/first.js"),
    include_str!("../../templates/scripts/effects.js"),
    include_str!("../../templates/scripts/mistakes.js"),
    include_str!("../../templates/scripts/confidence.js"),
    include_str!("../../templates/scripts/weights.js"),
    include_str!("../../templates/scripts/pad.js"),
    include_str!("../../templates/scripts/controls.js"),
    include_str!("../../templates/scripts/questions.js"),
);

/// The sections that the scripts draw, in order: id, title, and a sentence.
const SECTIONS: [(&str, &str, &str); 8] = [
    (
        "effects",
        "What does each variant change?",
        "Arrows: a change over the seeds that chance does not explain. Green is better, red is worse, black is neither, \
         grey is undecided; ?: few seeds. One seed says nothing of a method.",
    ),
    (
        "wrong-labels",
        "Who learns the wrong labels?",
        "A network that repeats most of the wrong labels has learnt those images by heart.",
    ),
    (
        "sweep",
        "How strong should it be?",
        "Too weak leaves the network as it is. Too strong keeps it from learning.",
    ),
    (
        "curves",
        "When does it begin to overfit?",
        "After each epoch, losses without penalties. Solid: training images. Dashed: held-out images. Shaded: the gap. \
         ◆: test images, if none are held out.",
    ),
    ("pad", "What do they see in your drawing?", "Draw with a mouse, a pen or a finger."),
    ("mistakes", "Which images are hard?", "✓: read. Click an image to load it on the pad."),
    (
        "confidence",
        "How sure are they?",
        "Below the diagonal a network is surer than it should be: it is less often right than it says. Paler bins have \
         fewer images.",
    ),
    (
        "weights",
        "What happens to the weights?",
        "Each square shows what one unit of the first layer looks for.",
    ),
];

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    study: &'a str,
    /// Summary of the training in a line.
    trained: String,
    /// The resolved config.
    settings: String,
    title: &'a str,
    doubts: &'a str,
    sections: [(&'a str, &'a str, &'a str); 8],
    machine: String,
    notes: Vec<String>,
    headings: Vec<Heading>,
    rows: Vec<Row>,
    data: String,
    style: &'a str,
    licence: &'a str,
    d3: &'a str,
    plot: &'a str,
    script: &'a str,
}

/// A row of the table.
struct Row {
    variant: String,
    /// The variant's label with the sweep point.
    name: String,
    cells: Vec<Cell>,
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

pub(super) fn render(
    saved: &SavedStudy,
    groups: &[Group<'_>],
    notes: &[String],
    data: &PageData,
) -> Result<String, String> {
    let study = &saved.study;
    let columns = results::columns(Table::Report, groups);
    let keys = results::swept_keys(groups.iter().map(Group::point));
    let shown: Vec<&PageGroup> = data.shown().collect();
    let first = shown.first().map_or(study.first_variant(), |group| group.label.as_str());
    let headline = shown.first().and_then(|group| group.headline.as_ref());
    let page = Page {
        study: &study.name,
        trained: trained(saved, groups),
        settings: study.to_toml(Path::new("")).unwrap_or_default(),
        title: headline.map_or("No run has finished yet.", |headline| headline.title.as_str()),
        doubts: headline.map_or("", |headline| headline.doubts.as_str()),
        sections: SECTIONS,
        machine: machine(groups),
        notes: notes
            .iter()
            .map(|note| note.replace('\n', " ").replace("95 %", "95\u{a0}%"))
            .collect(),
        headings: headings(&columns, &keys, first),
        rows: groups.iter().map(|group| row(&columns, &keys, group)).collect(),
        data: data.json().map_err(|error| error.to_string())?,
        style: STYLE,
        licence: LICENCE,
        d3: D3,
        plot: PLOT,
        script: SCRIPT,
    };
    page.render().map_err(|error| error.to_string())
}

/// Says in a line what was trained: `7 variants × 10 seeds · 1000 training images, 10000 held out, mnist · 100 epochs`.
fn trained(saved: &SavedStudy, groups: &[Group<'_>]) -> String {
    let (study, dataset) = (&saved.study, &saved.manifest.dataset.name);
    let settings = &study.settings;
    let varied = |key, text| if study.is_swept(key) { String::new() } else { text };
    let mut records = results::runs(groups).map(|row| &row.record);
    let counts = |record: &Record| {
        (record.train.images, record.validation.map_or(0, |images| images.images))
    };
    let images = records.next().map(|first| {
        let (train, held_out) = counts(first);
        let train = if records.all(|record| counts(record) == (train, held_out)) {
            format!("{train} training images")
        } else {
            "training images varied".to_owned()
        };
        let held_out = if held_out > 0 { format!(", {held_out} held out") } else { String::new() };
        format!("{train}{held_out}, {} test images", first.test.images)
    });
    let parts = [
        format!(
            "{} × {}",
            counted(study.variants.len(), "variant"),
            counted(settings.seeds.len(), "seed")
        ),
        if settings.data.label_noise > 0.0 {
            format!("{:.0}\u{a0}% wrong labels", 100.0 * settings.data.label_noise)
        } else {
            String::new()
        },
        images.unwrap_or_default(),
        dataset.clone(),
        varied("fit.epochs", counted(settings.fit.epochs, "epoch")),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

/// Names the machines and the backend, and the time that a run took.
fn machine(groups: &[Group<'_>]) -> String {
    let distinct = |texts: BTreeSet<&str>| texts.into_iter().collect::<Vec<_>>().join(" and ");
    let machines = results::runs(groups).map(|row| row.record.machine.as_str()).collect();
    let versions = results::runs(groups).map(|row| row.record.version.as_str()).collect();
    let Some(first) = results::runs(groups).next() else { return String::new() };
    let mut seconds: Vec<f64> = results::runs(groups).map(|row| row.record.fit_seconds).collect();
    seconds.sort_by(f64::total_cmp);
    format!(
        "Trained on {} with the backend {}, by version {}. A run took {:.1}\u{a0}s (median of {}).",
        distinct(machines),
        first.backend,
        distinct(versions),
        seconds[seconds.len() / 2],
        counted(seconds.len(), "run"),
    )
}

/// Returns the headings of the table: the first column, the swept keys, the other columns.
fn headings(columns: &[&Column], keys: &BTreeSet<&str>, first: &str) -> Vec<Heading> {
    let mut headings: Vec<Heading> = columns
        .iter()
        .map(|column| Heading { name: column.heading(first), hint: column.help.to_owned() })
        .collect();
    let swept = keys.iter().map(|key| Heading {
        name: short(key, keys).to_owned(),
        hint: format!("Value of {key}; empty where the setting does not apply"),
    });
    headings.splice(1..1, swept);
    headings
}

/// Returns the row of a group.
fn row(columns: &[&Column], keys: &BTreeSet<&str>, group: &Group<'_>) -> Row {
    let mut cells: Vec<Cell> = Vec::new();
    for column in columns {
        let cell = column.cell(group);
        let ([text, detail], value) = (cell.texts(), cell.sort_key());
        let best = column.name == "acc_val" && group.starred;
        cells.push(Cell { text, detail, value, best, mark: String::new() });
    }
    if let Some(mark) = results::footnote_mark(group.runs) {
        cells[0].mark = format!(" {mark}");
    }
    let swept = keys.iter().map(|key| {
        let text = setting_text(group.point(), key);
        Cell { value: text.clone(), text, ..Cell::default() }
    });
    cells.splice(1..1, swept);
    Row { variant: group.variant().to_owned(), name: group.label(), cells }
}
