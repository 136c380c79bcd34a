//! What a study has come to: its finished runs as rows, tables and summaries, and whether two results belong
//! together.

mod csv;
mod error;
mod json;
pub mod statistics;
mod summary;
mod table;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

pub use self::{
    csv::{csv_text, swept_keys, write},
    error::Error,
    json::json,
    summary::{Against, Summary, cells, has_several_seeds, summaries},
    table::{mark, notes, table},
};
use crate::{
    store::record::{self, Record},
    study::{Run, Study, label},
};

/// Under this share of the training images a variant has barely learnt: guessing gives 0.1, and
/// the least of the variants that do learn is above 0.8.
const BARELY_TRAINED: f64 = 0.5;

/// Everything finished in an output folder, in the study's order; what the study does not name
/// comes after it.
pub fn read(study: &Study, output: &Path) -> Result<Vec<Record>, Error> {
    let mut records = Record::read_all(output)?;
    let variant_of = |record: &Record| {
        let place = study.variants.iter().position(|variant| variant.name == record.variant);
        (place.unwrap_or(usize::MAX), record.variant.clone())
    };
    let places: HashMap<PathBuf, usize> =
        study.runs.iter().map(|run| output.join(run.folder())).zip(0..).collect();
    // Of one variant, those that the study names first, in its order.
    let place = |record: &Record| {
        let place = places.get(&record.folder).copied().unwrap_or(usize::MAX);
        (variant_of(record), place, label(&record.point), record.seed)
    };
    records.sort_by_cached_key(place);
    Ok(records)
}

/// What there is to say of a study's runs that have not finished: how many there are, and why some failed.
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
    let failed = runs.iter().filter_map(|run| {
        let reason = record::failure(&output.join(run.folder()))?;
        Some(format!("{run} failed: {reason}"))
    });
    let failed: Vec<String> = failed.collect();
    let count = (!runs.is_empty()).then_some(count);
    count.into_iter().chain(failed).collect()
}

/// Whether a run's loss ceased to be finite.
pub(crate) fn diverged(record: &Record) -> bool {
    record.ended_early() || !record.loss_train.is_finite()
}

/// Whether a run did not diverge but learnt hardly anything.
pub(crate) fn barely_trained(record: &Record) -> bool {
    !diverged(record) && record.acc_train < BARELY_TRAINED
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::study::KeyValues;

    /// A run's record on raw pixels, of which these figures are known.
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
            folder: PathBuf::new(),
        }
    }
}
