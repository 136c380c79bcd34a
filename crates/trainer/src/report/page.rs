//! The HTML of the report: its template, and the texts and the table in it.

use std::collections::BTreeSet;

use askama::Template;
use training::Pixels;

use super::{page_data::PageData, sentences::Sentences};
use crate::{
    results::{self, Column, Group, Row, Table},
    store::SavedStudy,
    study::{counted, setting_text, short},
};

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

pub(super) fn render(
    saved: &SavedStudy,
    groups: &[Group<'_>],
    notes: &[String],
    sentences: &Sentences,
    data: &PageData,
) -> Result<String, String> {
    let study = &saved.study;
    let columns = results::columns(Table::Report, groups);
    let keys = results::swept_keys(groups.iter().map(Group::point));
    let page = Page {
        title: &study.name,
        description: description(saved, &results::runs(groups).collect::<Vec<_>>()),
        sentences,
        notes: notes
            .iter()
            .map(|note| note.replace('\n', " ").replace("95 %", "95\u{a0}%"))
            .collect(),
        headings: headings(&columns, &keys, study.first_variant()),
        rows: groups.iter().map(|group| line(&columns, &keys, group)).collect(),
        data: data.json().map_err(|error| error.to_string())?,
        style: STYLE,
        d3: D3,
        plot: PLOT,
        script: SCRIPT,
    };
    page.render().map_err(|error| error.to_string())
}

/// Describes the study: its data set, its main settings, the machines, and the time that training took.
fn description(saved: &SavedStudy, rows: &[&Row]) -> String {
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
fn image_counts(rows: &[&Row]) -> String {
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
fn line(columns: &[&Column], keys: &BTreeSet<&str>, group: &Group<'_>) -> Vec<Cell> {
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
    cells
}
