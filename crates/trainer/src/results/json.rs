//! Results as JSON, the output of `trainer results --json`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Row,
    columns::{self, Cell},
    summary::{Summary, summaries},
};
use crate::{
    store::{Error, files::to_json},
    study::KeyValues,
};

#[derive(Serialize)]
struct Results<'a> {
    runs: Vec<JsonRow<'a>>,
    summary: Vec<Summary>,
}

/// A row of results.csv with unrounded numbers.
#[derive(Serialize)]
struct JsonRow<'a> {
    #[serde(flatten)]
    cells: BTreeMap<&'static str, Cell>,
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    point: &'a KeyValues,
}

/// Formats the runs and their summaries as JSON. The summaries are compared with the variant `first`. Numbers that are
/// not finite become null.
pub fn json(rows: &[Row], first: &str) -> Result<String, Error> {
    let columns = || columns::RESULTS.into_iter().chain(columns::OPTIONAL);
    let cells = |row| {
        let cells = columns().map(|(name, cell)| (name, cell(row)));
        cells.filter(|(_, cell)| *cell != Cell::Empty).collect()
    };
    let runs = rows.iter().map(|row| JsonRow { cells: cells(row), point: row.point() });
    to_json("the results", &Results { runs: runs.collect(), summary: summaries(rows, first) })
}
