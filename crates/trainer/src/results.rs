//! results.csv, the table, and whether two results belong together.

use std::{collections::BTreeSet, path::Path};

use crate::{
    error::Error,
    files,
    lock::Lock,
    record::{self, Record},
    study::{Pixels, Settings, Study},
};

const HEADER: [&str; 13] = [
    "variant",
    "acc_train",
    "acc_test",
    "pct_diff",
    "seed",
    "loss_train",
    "loss_test",
    "parameters",
    "epochs",
    "dataset",
    "pixels",
    "backend",
    "fit_seconds",
];

/// Under this share of the training images a variant has barely learnt: guessing gives 0.1, and
/// the least of the variants that do learn is above 0.8.
const BARELY_TRAINED: f64 = 0.5;

/// An output folder holds a run of other settings.
#[derive(Debug, thiserror::Error)]
#[error("{} holds {run} with other settings: {}", folder.display(), differences.join(", "))]
pub struct Mismatch {
    /// The output folder.
    pub folder: std::path::PathBuf,
    /// The run there.
    pub run: String,
    /// Each setting that differs: there and here.
    pub differences: Vec<String>,
}

/// Everything finished in an output folder, in the study's order; what the study does not name
/// comes after it.
///
/// # Errors
///
/// When a record cannot be read.
pub fn read(study: &Study, output: &Path) -> Result<Vec<Record>, Error> {
    let mut records = Record::read_all(output)?;
    let place = |record: &Record| {
        let variant = study.variants.iter().position(|variant| variant.name == record.variant);
        let seed = study.seeds.iter().position(|&seed| seed == record.seed);
        let last = usize::MAX;
        (variant.unwrap_or(last), record.variant.clone(), seed.unwrap_or(last), record.seed)
    };
    records.sort_by_key(place);
    Ok(records)
}

/// What there is to say of a study's runs that have no record: how many there are, and why some failed.
#[must_use]
pub fn unfinished(study: &Study, records: &[Record], output: &Path) -> Vec<String> {
    let mut runs = study.runs();
    let all = runs.len();
    runs.retain(|run| !records.iter().any(|record| record.is_of(run)));
    let count = format!("note: {} of {all} runs have not finished", runs.len());
    let failed = runs.iter().filter_map(|run| {
        let reason = record::failure(&output.join(run.folder()))?;
        Some(format!("note: {run} failed: {reason}"))
    });
    let failed: Vec<String> = failed.collect();
    let count = (!runs.is_empty()).then_some(count);
    count.into_iter().chain(failed).collect()
}

/// Rewrites results.csv from all finished runs.
///
/// # Errors
///
/// When a record cannot be read, or the file not be written.
pub fn write_csv(study: &Study, output: &Path) -> Result<(), Error> {
    // Whoever writes last has seen every record.
    let _lock = Lock::take(output)?;
    let path = output.join("results.csv");
    let csv = csv_text(&read(study, output)?)
        .map_err(|error| Error::Malformed { path: path.clone(), reason: error.to_string() })?;
    files::write(&path, &csv)
}

fn csv_text(records: &[Record]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for record in records {
        writer.write_record(csv_row(record))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn csv_row(record: &Record) -> [String; 13] {
    let setting = |key: &str| match record.settings.get(key) {
        Some(toml::Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    [
        record.variant.clone(),
        format!("{:.6}", record.acc_train),
        format!("{:.6}", record.acc_test),
        format!("{:.6}", record.pct_diff()),
        record.seed.to_string(),
        format!("{:.6}", record.loss_train),
        format!("{:.6}", record.loss_test),
        record.parameters.to_string(),
        record.epochs.to_string(),
        record.dataset.clone(),
        setting("data.pixels"),
        setting("backend"),
        format!("{:.2}", record.fit_seconds),
    ]
}

/// The notebook's table, with a seed column where there are several, and footnotes.
#[must_use]
pub fn table(records: &[Record]) -> String {
    let width = records.iter().map(|record| record.variant.len()).max().unwrap_or(0).max(7);
    let several_seeds = records.windows(2).any(|pair| pair[0].variant == pair[1].variant);
    let seed_column = |text: String| {
        if several_seeds { format!("{text:>6}") } else { String::new() }
    };
    let mut table = format!(
        "{:width$}{}  {:>9}  {:>8}  {:>8}\n",
        "variant",
        seed_column("seed".to_owned()),
        "acc_train",
        "acc_test",
        "pct_diff",
    );
    for record in records {
        let mark = if diverged(record) {
            " †"
        } else if barely_trained(record) {
            " *"
        } else {
            ""
        };
        table.push_str(&format!(
            "{:width$}{}  {:>9.5}  {:>8.5}  {:>8.5}{mark}\n",
            record.variant,
            seed_column(record.seed.to_string()),
            record.acc_train,
            record.acc_test,
            record.pct_diff(),
        ));
    }
    table + &footnotes(records)
}

fn diverged(record: &Record) -> bool {
    record.ended_early() || !record.loss_train.is_finite()
}

fn barely_trained(record: &Record) -> bool {
    record.acc_train < BARELY_TRAINED
}

fn footnotes(records: &[Record]) -> String {
    let mut notes = String::new();
    if records.iter().any(diverged) {
        notes.push_str(
            "\n† the loss is no longer a finite number, which ends training; try a lower fit.learning_rate\n",
        );
    }
    let barely = |record: &&Record| !diverged(record) && barely_trained(record);
    if let Some(record) = records.iter().find(barely) {
        let raw = record.pixels() == Some(Pixels::Raw);
        notes.push_str(if raw {
            "\n* barely trained: raw pixels (0–255) make the first steps so large that most ReLU units end up\n  \
             silent for every image, and whether enough survive is luck of the draw. Batch normalisation\n  \
             brings the scale back; so does pixels = \"unit\", as in the config mnist.\n"
        } else {
            "\n* barely trained: it needs more epochs or a higher learning rate.\n"
        });
    }
    notes
}

/// Each setting that differs between a run as it was found and as it is asked for, in words.
#[must_use]
pub fn differences(there: &Settings, here: &Settings) -> Vec<String> {
    let shown = |value: Option<&toml::Value>| value.map_or("unset".to_owned(), ToString::to_string);
    let keys: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
    (keys.into_iter())
        .map(|key| (key, there.get(key), here.get(key)))
        .filter(|(_, there, here)| there != here)
        .map(|(key, there, here)| format!("{key} is {} there, {} here", shown(there), shown(here)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(variant: &str, seed: u64, acc_train: f64, loss_train: f64) -> Record {
        Record {
            variant: variant.to_owned(),
            seed,
            settings: Settings::from([("data.pixels".to_owned(), "raw".into())]),
            dataset: "a, b".to_owned(),
            dataset_sha256: String::new(),
            acc_train,
            acc_test: 0.75,
            loss_train,
            loss_test: 1.0,
            parameters: 5,
            epochs: 2,
            fit_seconds: 1.234,
            version: String::new(),
            files_sha256: record::Checksums::default(),
        }
    }

    #[test]
    fn a_row_holds_what_the_header_says() {
        let csv = csv_text(&[record("l2", 3, 0.8, f64::NAN)]).unwrap();
        let expected = "variant,acc_train,acc_test,pct_diff,seed,loss_train,loss_test,parameters,epochs,dataset,pixels,backend,fit_seconds\n\
                        l2,0.800000,0.750000,0.062500,3,NaN,1.000000,5,2,\"a, b\",raw,,1.23\n";
        assert_eq!(String::from_utf8(csv).unwrap(), expected);
    }

    #[test]
    fn the_table_marks_what_barely_trained_and_says_why() {
        let text = table(&[record("none", 0, 0.2, 1.0), record("batch_norm", 0, 0.9, 1.0)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "variant     acc_train  acc_test  pct_diff");
        assert_eq!(lines[1], "none          0.20000   0.75000  -2.75000 *");
        assert_eq!(lines[2], "batch_norm    0.90000   0.75000   0.16667");
        assert!(lines[4].starts_with("* barely trained: raw pixels"), "{text}");
    }

    #[test]
    fn several_seeds_have_a_column() {
        let text = table(&[record("none", 0, 0.9, 1.0), record("none", 11, 0.9, f64::INFINITY)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "variant  seed  acc_train  acc_test  pct_diff");
        assert_eq!(lines[2], "none       11    0.90000   0.75000   0.16667 †");
    }
}
