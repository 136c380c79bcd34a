//! Results as JSON, the output of `trainer results --json`.

use serde::Serialize;

use super::{
    Row,
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
    variant: &'a str,
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    point: &'a KeyValues,
    acc_train: f64,
    acc_test: f64,
    pct_diff: f64,
    seed: u64,
    loss_train: f64,
    loss_test: f64,
    parameters: usize,
    epochs: usize,
    dataset: &'a str,
    pixels: String,
    backend: String,
    fit_seconds: f64,
    run: String,
}

/// Formats the runs and their summaries as JSON. The summaries are compared with the variant `first`. Numbers that are
/// not finite become null.
pub fn json(rows: &[Row], first: &str) -> Result<String, Error> {
    let summary = summaries(rows, first);
    let results = Results { runs: rows.iter().map(json_row).collect(), summary };
    to_json("the results", &results)
}

fn json_row(row: &Row) -> JsonRow<'_> {
    let record = &row.record;
    JsonRow {
        variant: row.variant(),
        point: row.point(),
        acc_train: record.acc_train,
        acc_test: record.acc_test,
        pct_diff: record.pct_diff(),
        seed: row.run.seed,
        loss_train: record.loss_train,
        loss_test: record.loss_test,
        parameters: record.parameters,
        epochs: record.epochs,
        dataset: &row.dataset,
        pixels: row.run.data.pixels.to_string(),
        backend: row.backend.to_string(),
        fit_seconds: record.fit_seconds,
        run: row.run_name(),
    }
}
