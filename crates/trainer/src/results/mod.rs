//! The results of a study's finished runs: CSV and JSON, summaries over seeds, and the table for the terminal.

mod csv;
mod error;
mod json;
pub mod statistics;
mod summary;
mod table;

use std::{collections::HashMap, path::Path};

pub use self::{
    csv::{csv_text, swept_keys, write},
    error::Error,
    json::json,
    summary::{Comparison, Summary, groups, has_several_seeds, summaries},
    table::{footnote_mark, notes, table},
};
use crate::{
    store::record::{self, Record},
    study::{Run, Study, label},
};

/// The training accuracy below which a run counts as barely trained. Guessing gives 0.1 with ten classes, and the
/// variants that do train exceed 0.8.
const BARELY_TRAINED: f64 = 0.5;

/// Reads the records of all finished runs in an output folder, in the study's order of variants and runs.
///
/// Runs that the study does not name come after the others of their variant, and variants that it does not name come
/// last.
pub fn read(study: &Study, output: &Path) -> Result<Vec<Record>, Error> {
    let mut records = Record::read_all(output)?;
    let variant_order = |record: &Record| {
        let index = study.variants.iter().position(|variant| variant.name == record.variant);
        (index.unwrap_or(usize::MAX), record.variant.clone())
    };
    let (mut runs, mut points) = (HashMap::new(), HashMap::new());
    for (index, run) in study.runs.iter().enumerate() {
        let folder = output.join(run.folder());
        points.entry(folder.parent().map(Path::to_owned)).or_insert(index);
        runs.insert(folder, index);
    }
    let order = |record: &Record| {
        let folder = &record.folder;
        // The seeds of a point stay together, also those that the study does not name.
        let point = points.get(&folder.parent().map(Path::to_owned)).copied().unwrap_or(usize::MAX);
        let run = runs.get(folder).copied().unwrap_or(usize::MAX);
        (variant_order(record), point, label(&record.point), run, record.seed)
    };
    records.sort_by_cached_key(order);
    Ok(records)
}

/// Returns notes on the study's runs that have not finished: their number, and the reason for each failure.
pub fn unfinished(study: &Study, records: &[Record], output: &Path) -> Vec<String> {
    let records: HashMap<&Path, &Record> =
        records.iter().map(|record| (record.folder.as_path(), record)).collect();
    let all = study.runs.len();
    let is_finished = |run: &&Run| {
        let record = records.get(&*output.join(run.folder()));
        record.is_some_and(|record| record.is_finished(run.fit.epochs))
    };
    let runs: Vec<&Run> = study.runs.iter().filter(|run| !is_finished(run)).collect();
    let count = format!("{} of {all} runs have not finished", runs.len());
    let failures = runs.iter().filter_map(|run| {
        let reason = record::failure(&output.join(run.folder()))?;
        Some(format!("{run} failed: {reason}"))
    });
    let failures: Vec<String> = failures.collect();
    let count = (!runs.is_empty()).then_some(count);
    count.into_iter().chain(failures).collect()
}

/// Returns whether a run's loss stopped being finite.
pub(crate) fn diverged(record: &Record) -> bool {
    record.ended_early() || !record.loss_train.is_finite()
}

/// Returns whether a run did not diverge but has a training accuracy below [`BARELY_TRAINED`].
pub(crate) fn barely_trained(record: &Record) -> bool {
    !diverged(record) && record.acc_train < BARELY_TRAINED
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::study::KeyValues;

    /// Builds the record of a run on raw pixels with these metrics.
    pub(crate) fn record(
        variant: &str,
        seed: u64,
        (acc_train, acc_test): (f64, f64),
        loss_train: f64,
    ) -> Record {
        Record {
            variant: variant.to_owned(),
            seed,
            point: KeyValues::new(),
            settings: KeyValues::from([("data.pixels".to_owned(), "raw".into())]),
            dataset: "a, b".to_owned(),
            dataset_sha256: String::new(),
            acc_train,
            acc_test,
            loss_train,
            loss_test: 1.0,
            parameters: 5,
            epochs: 2,
            fit_seconds: 1.234,
            machine: String::new(),
            version: String::new(),
            files_sha256: record::Checksums::default(),
            folder: std::path::PathBuf::new(),
        }
    }
}
