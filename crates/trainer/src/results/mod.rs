//! The results of a study's finished runs: CSV and JSON, summaries over seeds, and the table for the terminal.

mod choice;
mod columns;
mod comparison;
mod effects;
mod export;
mod group;
mod notes;
mod row;
mod set;
pub mod statistics;
mod table;
mod verdict;

pub use self::{
    choice::data_slice,
    columns::{Cell, Column, Table, of_groups as columns},
    comparison::{Comparison, Verdict},
    effects::{Change, Effect, accuracy_differs, differs, effects},
    export::{csv_text, json, swept_keys, write},
    group::{Group, groups, is_swept, is_validated, runs},
    notes::notes,
    row::{Row, rows, unfinished},
    set::ResultSet,
    table::{Layout, footnote_mark, table},
    verdict::{p_text, verdicts},
};

/// The training accuracy below which a run counts as barely trained. Guessing gives 0.1 with ten classes, and the
/// variants that do train exceed 0.8.
const BARELY_TRAINED: f64 = 0.5;

#[cfg(test)]
pub(crate) mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::*;
    use crate::{
        config::Entries,
        store::{Ending, Evaluated, Record},
        study::{Backend, Study},
    };

    /// Builds the row of a run on raw pixels with these metrics.
    pub(crate) fn row(
        variant: &str,
        seed: u64,
        (acc_train, acc_test): (f64, f64),
        loss_train: f64,
    ) -> Row {
        let config = format!(
            "variants = [{variant:?}]\nvariant.{variant:?} = {{}}\nseeds = [{seed}]\ndata.pixels = \"raw\""
        );
        let entries = Entries::parse(&config, Path::new("")).unwrap();
        let run = Study::read("small", &entries).unwrap().runs.remove(0);
        let ended = if loss_train.is_finite() { Ending::Epochs } else { Ending::Diverged };
        let of = |accuracy, loss| Evaluated { accuracy, loss, cross_entropy: 1.0, images: 10_000 };
        let record = Record {
            ended,
            epochs: 2,
            best_epoch: None,
            parameters: 5,
            fit_seconds: 1.234,
            train: of(acc_train, loss_train),
            validation: None,
            test: of(acc_test, 1.0),
            calibration: None,
            acc_train_true: None,
            memorised: None,
            doubts: None,
            machine: String::new(),
            version: String::new(),
            files: BTreeMap::new(),
        };
        let folder = format!("runs/{variant}-seed-{seed}-0123456789ab").into();
        Row { run, dataset: "a, b".to_owned(), backend: Backend::Flex, folder, record }
    }
}
