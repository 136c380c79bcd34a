//! Results as JSON, the output of `trainer results --json`.

use serde::Serialize;

use super::{
    Error,
    summary::{Summary, summaries},
};
use crate::{store::record::Record, study::KeyValues};

#[derive(Serialize)]
struct Results<'a> {
    runs: Vec<Row<'a>>,
    summary: Vec<Summary>,
}

/// A row of results.csv with unrounded numbers.
#[derive(Serialize)]
struct Row<'a> {
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
}

/// Formats the runs and their summaries as JSON. The summaries are compared with the variant `first`. Numbers that are
/// not finite become null.
pub fn json(records: &[Record], first: &str) -> Result<String, Error> {
    let summary = summaries(records, first);
    let results = Results { runs: records.iter().map(row).collect(), summary };
    serde_json::to_string_pretty(&results)
        .map(|json| json + "\n")
        .map_err(|error| Error::Serialize { format: "JSON", reason: error.to_string() })
}

fn row(record: &Record) -> Row<'_> {
    Row {
        variant: &record.variant,
        point: &record.point,
        acc_train: record.acc_train,
        acc_test: record.acc_test,
        pct_diff: record.pct_diff(),
        seed: record.seed,
        loss_train: record.loss_train,
        loss_test: record.loss_test,
        parameters: record.parameters,
        epochs: record.epochs,
        dataset: &record.dataset,
        pixels: record.setting("data.pixels"),
        backend: record.setting("backend"),
        fit_seconds: record.fit_seconds,
    }
}
