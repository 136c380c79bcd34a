//! Files of a finished run: weights, history and run.json.

use std::{
    fs,
    path::{Path, PathBuf},
};

use model::LayerName;
use serde::{Deserialize, Serialize};
use training::{Epoch, Metrics, Pixels};

use super::{Error, checkpoint, files};
use crate::study::{EPOCHS, HIDDEN, KeyValues, Run, run_folder, setting_text};

/// File name of the trained weights.
pub const MODEL: &str = "model.safetensors";
/// File name of each epoch's losses and accuracies.
pub const HISTORY: &str = "history.csv";
/// File name of the record. It is written last and marks a run as finished.
pub const FILE: &str = "run.json";
/// File name of the reason why a run failed.
const FAILURE: &str = "failure.txt";

/// Record of a finished run. run.json has the fields in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The variant's name.
    pub variant: String,
    /// The run's seed.
    pub seed: u64,
    /// The run's point in the sweep: the swept keys that apply to it, with its values.
    #[serde(default, skip_serializing_if = "KeyValues::is_empty")]
    pub point: KeyValues,
    /// Settings that the result depends on.
    pub settings: KeyValues,
    /// The data set's name.
    pub dataset: String,
    /// SHA-256 of the data set.
    pub dataset_sha256: String,
    /// Accuracy of the final weights on the training images, 0 to 1.
    pub acc_train: f64,
    /// Accuracy of the final weights on the test images, 0 to 1.
    pub acc_test: f64,
    /// Mean cross-entropy plus penalties on the training images. run.json has null for a value that is not finite.
    #[serde(with = "null_for_nan")]
    pub loss_train: f64,
    /// Mean cross-entropy plus penalties on the test images.
    #[serde(with = "null_for_nan")]
    pub loss_test: f64,
    /// Number of parameters, trainable and non-trainable.
    pub parameters: usize,
    /// Epochs trained. Fewer than configured if the loss became non-finite.
    pub epochs: usize,
    /// Seconds spent fitting, validation included.
    pub fit_seconds: f64,
    /// Name of the device that the run finished on.
    pub machine: String,
    /// Version of this program.
    pub version: String,
    /// Checksums of the weights and the history.
    pub files_sha256: Checksums,
    /// Folder that the record was read from.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// SHA-256 checksums of a run's files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    /// Checksum of [`MODEL`].
    pub model: String,
    /// Checksum of [`HISTORY`].
    pub history: String,
}

impl Record {
    /// Returns the notebook's `1 − acc_test / acc_train`: the share of the training accuracy that is lost on the test
    /// images. NaN if both accuracies are 0.
    pub fn pct_diff(&self) -> f64 {
        1.0 - self.acc_test / self.acc_train
    }

    /// Returns the pixel scaling that the network was trained with.
    pub fn pixels(&self) -> Option<Pixels> {
        let name = self.setting("data.pixels");
        Pixels::ALL.into_iter().find(|pixels| pixels.to_string() == name)
    }

    /// Returns a setting as text; empty if it is unset.
    pub fn setting(&self, key: &str) -> String {
        setting_text(&self.settings, key)
    }

    /// Returns the units of the hidden layers, first layer first.
    pub fn hidden_units(&self) -> Vec<usize> {
        let units = self.settings.get(HIDDEN).and_then(toml::Value::as_array);
        let unit = |unit: &toml::Value| usize::try_from(unit.as_integer()?).ok();
        units.map(|units| units.iter().filter_map(unit).collect()).unwrap_or_default()
    }

    /// Returns whether the run regularises a layer.
    pub fn regularises(&self, layer: LayerName) -> bool {
        let prefix = format!("{layer}.");
        self.settings
            .range(prefix.clone()..)
            .next()
            .is_some_and(|(key, _)| key.starts_with(&prefix))
    }

    /// Returns whether another record has the same variant and point; their seeds may differ.
    pub fn is_beside(&self, other: &Self) -> bool {
        (&self.variant, &self.point) == (&other.variant, &other.point)
    }

    /// Returns whether this is the record of a run.
    pub fn is_of(&self, run: &Run) -> bool {
        self.variant == run.variant.name && self.seed == run.seed && self.point == run.point
    }

    /// Returns whether training ended before the last epoch because the loss became non-finite.
    pub fn ended_early(&self) -> bool {
        self.asked_epochs().is_some_and(|asked| self.epochs < asked)
    }

    /// Returns the configured number of epochs.
    pub fn asked_epochs(&self) -> Option<usize> {
        usize::try_from(self.settings.get(EPOCHS)?.as_integer()?).ok()
    }

    /// Returns whether a run of `epochs` epochs needs no more training.
    pub fn is_finished(&self, epochs: usize) -> bool {
        self.epochs >= epochs || self.ended_early()
    }

    /// Returns whether a run of `epochs` epochs may resume from this record or use it as it is, although `fit.epochs`
    /// differs.
    pub fn goes_on(&self, epochs: usize) -> bool {
        let asked = self.asked_epochs().unwrap_or(usize::MAX);
        asked < epochs || (self.ended_early() && self.epochs <= epochs)
    }

    /// Returns whether the record was read from its run's own folder in `output`, rather than from a copied or renamed
    /// one.
    pub fn is_in_place(&self, output: &Path) -> bool {
        self.folder == output.join(run_folder(&self.variant, &self.point, self.seed))
    }

    /// Reads all records of a study's folder, in no particular order. Copied or renamed run folders are skipped.
    pub fn read_all(output: &Path) -> Result<Vec<Self>, Error> {
        let records = run_folders(output)?.into_iter().map(|folder| Self::read(&folder));
        let records = records.filter_map(Result::transpose);
        records
            .filter(|record| record.as_ref().map_or(true, |record| record.is_in_place(output)))
            .collect()
    }

    /// Reads the record in a run's folder; `None` if the run has not finished.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let record = serde_json::from_slice::<Self>(&bytes);
        let record = record.map_err(|error| Error::Malformed {
            path,
            reason: format!("not a run record: {error}; move it away to train the run again"),
        })?;
        Ok(Some(Self { folder: folder.to_owned(), ..record }))
    }

    /// Returns an error if the weights or the history are missing or do not match their checksums.
    pub fn check_files(&self, folder: &Path) -> Result<(), Error> {
        let Checksums { model, history } = &self.files_sha256;
        for (file, sum) in [(MODEL, model), (HISTORY, history)] {
            let path = folder.join(file);
            let defect = match files::read(&path)? {
                Some(bytes) if data::sha256([bytes.as_slice()]) == *sum => continue,
                Some(_) => "not as the run left it",
                None => "missing",
            };
            let reason = format!("{defect}; move the run's folder away to train it again");
            return Err(Error::Malformed { path, reason });
        }
        Ok(())
    }

    /// Writes the weights, the history and, last, the record with their checksums.
    pub fn write(mut self, folder: &Path, weights: &[u8], history: &[Epoch]) -> Result<(), Error> {
        let history = history_csv(history);
        self.files_sha256 = Checksums {
            model: data::sha256([weights]),
            history: data::sha256([history.as_bytes()]),
        };
        files::write(&folder.join(MODEL), weights)?;
        files::write(&folder.join(HISTORY), history.as_bytes())?;
        let mut json = serde_json::to_vec_pretty(&self).map_err(|error| Error::Malformed {
            path: folder.join(FILE),
            reason: error.to_string(),
        })?;
        json.push(b'\n');
        files::write(&folder.join(FILE), &json)
    }
}

/// Writes the reason why a run failed to the run's folder.
pub fn mark_failed(folder: &Path, reason: &str) -> Result<(), Error> {
    files::write(&folder.join(FAILURE), format!("{reason}\n").as_bytes())
}

/// Deletes the reason why a run failed, if there is one.
pub fn unmark_failed(folder: &Path) -> Result<(), Error> {
    files::remove(&folder.join(FAILURE))
}

/// Returns the reason why the run in a folder failed, if it did.
pub fn failure(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(FAILURE)).ok().map(|reason| reason.trim_end().to_owned())
}

/// Lists the run folders in a study's folder, finished or not.
pub fn run_folders(output: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    for variant in folders(&output.join("runs"))? {
        all.extend(folders(&variant)?);
    }
    Ok(all)
}

/// Returns the folder of any run with a record or a checkpoint; `None` if there is none.
pub fn any_run(output: &Path) -> Result<Option<PathBuf>, Error> {
    let has_state =
        |run: &PathBuf| [FILE, checkpoint::FILE].iter().any(|file| run.join(file).exists());
    for variant in folders(&output.join("runs"))? {
        if let Some(run) = folders(&variant)?.into_iter().find(has_state) {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

/// Lists the subfolders of a folder; none if it does not exist.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let refused = |source| Error::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if files::is_missing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(refused(error)),
    };
    let paths = entries.map(|entry| Ok(entry.map_err(refused)?.path()));
    let paths: Vec<_> = paths.collect::<Result<_, Error>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
}

/// Reads a finished run's history, which must have `expected` epochs. Its values are rounded to six decimals.
pub fn read_history(folder: &Path, expected: usize) -> Result<Vec<Epoch>, Error> {
    let path = folder.join(HISTORY);
    let text =
        fs::read_to_string(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let epochs = text.lines().skip(1).map(|line| {
        let numbers: Option<Vec<f64>> = line.split(',').map(|number| number.parse().ok()).collect();
        let metrics = |loss, accuracy| Metrics { loss, accuracy };
        match *numbers? {
            [_, loss, acc] => Some((metrics(loss, acc), None)),
            [_, loss, acc, val_loss, val_acc] => {
                Some((metrics(loss, acc), Some(metrics(val_loss, val_acc))))
            }
            _ => None,
        }
    });
    let epochs: Option<Vec<_>> = epochs.collect();
    let epochs = epochs.filter(|epochs| epochs.len() == expected);
    let epochs = epochs.ok_or_else(|| Error::Malformed {
        path,
        reason: "not the run's history; move the run's folder away to train it again".to_owned(),
    })?;
    let numbered = epochs.into_iter().zip(1..);
    Ok(numbered.map(|((train, validation), number)| Epoch { number, train, validation }).collect())
}

/// Formats a history as CSV with the columns `epoch,loss,acc[,val_loss,val_acc]`.
fn history_csv(history: &[Epoch]) -> String {
    let validated = history.iter().any(|epoch| epoch.validation.is_some());
    let mut csv = String::from("epoch,loss,acc");
    csv.push_str(if validated { ",val_loss,val_acc\n" } else { "\n" });
    for epoch in history {
        let metrics = epoch.train;
        csv.push_str(&format!("{},{:.6},{:.6}", epoch.number, metrics.loss, metrics.accuracy));
        if let Some(metrics) = epoch.validation {
            csv.push_str(&format!(",{:.6},{:.6}", metrics.loss, metrics.accuracy));
        }
        csv.push('\n');
    }
    csv
}

/// Serialises a non-finite number as null, because JSON has no NaN and no infinity.
mod null_for_nan {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Some(number).filter(|number| number.is_finite()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}
