//! run.json: the record of a finished run.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Deserializer, Serialize};
use training::{Epoch, Evaluation, FirstLayer, Stopping};

use super::{
    CalibrationBin, EpochTable, Error, SavedPredictions, files, predictions,
    tables::{self, CHANGED_LABELS, HISTORY, METRICS},
};
use crate::{doubts::Doubts, splits::ChangedLabel};

/// File name of the record.
pub const FILE: &str = "run.json";
/// File name of the final weights.
pub const MODEL: &str = "model.safetensors";
/// File name of the first layer's kernels by epoch.
pub const FIRST_LAYER: &str = "first_layer.safetensors";
/// Format of the record. Raise it when a key changes its meaning. Unknown keys are ignored, and absent ones mean that
/// something was not recorded.
const FORMAT: u32 = 2;

/// Record of a finished run. run.json has the fields in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// How training ended.
    pub ended: Ending,
    /// Number of trained epochs.
    pub epochs: usize,
    /// Best epoch, from 1; `None` if early stopping monitored none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<usize>,
    pub parameters: usize,
    /// Seconds spent fitting.
    pub fit_seconds: f64,
    /// Evaluation of the training images.
    pub train: Evaluated,
    /// Evaluation of the held-out images, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Evaluated>,
    /// Evaluation of the test images.
    pub test: Evaluated,
    /// Confidences on the test images; `None` if they are NaN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Vec<CalibrationBin>>,
    /// Accuracy on the training images by their true labels, if some labels are known to be wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acc_train_true: Option<f64>,
    /// Share of the wrong labels that the network gives, if some are known to be wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memorised: Option<f64>,
    /// Doubts about the run's images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubts: Option<Doubts>,
    /// Name of the device.
    pub machine: String,
    /// Version of this program.
    pub version: String,
    /// SHA-256 of the run's other files by name.
    pub files: BTreeMap<String, String>,
}

/// Results of the final network on some images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Accuracy, 0 to 1.
    pub accuracy: f64,
    /// Mean cross-entropy with label smoothing, plus penalties.
    #[serde(deserialize_with = "nan_for_null")]
    pub loss: f64,
    /// Mean cross-entropy.
    #[serde(deserialize_with = "nan_for_null")]
    pub cross_entropy: f64,
    pub images: usize,
}

/// How a run's training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With the last epoch.
    Epochs,
    /// By early stopping, maybe in the last epoch.
    EarlyStopping,
    /// With a loss or weights that are not finite.
    Diverged,
}

impl Evaluated {
    /// Describes an evaluation of `images` images.
    pub fn new(evaluation: &Evaluation, images: usize) -> Self {
        let Evaluation { metrics, cross_entropy, .. } = *evaluation;
        Self { accuracy: metrics.accuracy, loss: metrics.loss, cross_entropy, images }
    }
}

impl Record {
    /// Returns 1 − test accuracy / training accuracy.
    pub fn pct_diff(&self) -> f64 {
        1.0 - self.test.accuracy / self.train.accuracy
    }

    /// Returns the training accuracy by the true labels.
    pub fn true_accuracy(&self) -> f64 {
        self.acc_train_true.unwrap_or(self.train.accuracy)
    }

    /// Returns training accuracy − test accuracy, both by the true labels.
    pub fn gap(&self) -> f64 {
        self.true_accuracy() - self.test.accuracy
    }

    /// Reads the record in a run's folder; `None` if there is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        parse(&bytes).map(Some).map_err(|reason| Error::Malformed { path, reason })
    }

    /// Reads one of the run's files and verifies its checksum.
    pub fn read_file(&self, folder: &Path, file: &str) -> Result<Vec<u8>, Error> {
        let path = folder.join(file);
        let defect = match (files::read(&path)?, self.files.get(file)) {
            (Some(bytes), Some(sha256)) if *sha256 == data::sha256([bytes.as_slice()]) => {
                return Ok(bytes);
            }
            (_, None) => "not among the files that run.json lists",
            (Some(_), _) => "changed since the run finished",
            (None, _) => "missing",
        };
        Err(Error::Malformed { path, reason: defect.to_owned() })
    }

    /// Verifies the checksums of all of the run's files.
    pub fn verify(&self, folder: &Path) -> Result<(), Error> {
        self.files.keys().try_for_each(|file| self.read_file(folder, file).map(drop))
    }

    pub fn read_history(&self, folder: &Path) -> Result<EpochTable, Error> {
        self.parse_file(folder, HISTORY, tables::parse_epochs)
    }

    pub fn read_predictions(&self, folder: &Path) -> Result<SavedPredictions, Error> {
        self.parse_file(folder, predictions::FILE, SavedPredictions::parse)
    }

    /// Reads metrics.csv; `None` if the run has none.
    pub fn read_metrics(&self, folder: &Path) -> Result<Option<EpochTable>, Error> {
        let is_there = self.files.contains_key(METRICS);
        is_there.then(|| self.parse_file(folder, METRICS, tables::parse_epochs)).transpose()
    }

    /// Reads the first layer's kernels by epoch; `None` if the run has none.
    pub fn read_first_layer(
        &self,
        folder: &Path,
    ) -> Result<Option<BTreeMap<usize, Vec<f32>>>, Error> {
        let parse = |bytes: &[u8]| FirstLayer::parse(bytes).map_err(|error| error.to_string());
        let is_there = self.files.contains_key(FIRST_LAYER);
        is_there.then(|| self.parse_file(folder, FIRST_LAYER, parse)).transpose()
    }

    /// Reads the changed labels; `None` if the run has none.
    pub fn read_changed_labels(&self, folder: &Path) -> Result<Option<Vec<ChangedLabel>>, Error> {
        let is_there = self.files.contains_key(CHANGED_LABELS);
        is_there
            .then(|| self.parse_file(folder, CHANGED_LABELS, tables::parse_changed_labels))
            .transpose()
    }

    fn parse_file<T>(
        &self,
        folder: &Path,
        file: &str,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, Error> {
        let bytes = self.read_file(folder, file)?;
        parse(&bytes).map_err(|reason| Error::Malformed { path: folder.join(file), reason })
    }

    /// Writes the record, which makes the run finished.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Versioned<'a> {
            format: u32,
            #[serde(flatten)]
            record: &'a Record,
        }
        let record = Versioned { format: FORMAT, record: self };
        files::write_json(&folder.join(FILE), FILE, &record)
    }
}

fn parse(bytes: &[u8]) -> Result<Record, String> {
    #[derive(Deserialize)]
    struct Format {
        #[serde(default)]
        format: u32,
    }
    let not_a_record = |error: serde_json::Error| format!("not a record: {error}");
    let Format { format } = serde_json::from_slice(bytes).map_err(not_a_record)?;
    if format != FORMAT {
        return Err(format!("its format is {format}, but this program reads {FORMAT}"));
    }
    let record: Record = serde_json::from_slice(bytes).map_err(not_a_record)?;
    let mut files = record.files.keys();
    if let Some(file) = files.find(|file| Path::new(file).file_name() != Some(file.as_ref())) {
        return Err(format!("it lists {file}, which is not a name of a file beside it"));
    }
    let required = [MODEL, HISTORY, predictions::FILE];
    match required.iter().find(|file| !record.files.contains_key(**file)) {
        Some(file) => Err(format!("it does not list {file}")),
        None => Ok(record),
    }
}

/// Writes a run's files and returns their checksums by name.
pub fn write_files(
    folder: &Path,
    files: &[(&str, Vec<u8>)],
) -> Result<BTreeMap<String, String>, Error> {
    let mut checksums = BTreeMap::new();
    for (file, bytes) in files {
        files::write(&folder.join(file), bytes)?;
        checksums.insert((*file).to_owned(), data::sha256([bytes.as_slice()]));
    }
    Ok(checksums)
}

impl Ending {
    /// Returns how training ended, given its epochs, the progress of early stopping, and whether the final weights and
    /// losses are finite. Without early stopping a last epoch whose loss is not finite counts too.
    pub fn of(history: &[Epoch], stopping: Option<Stopping>, is_finite: bool) -> Self {
        let last_is_finite = history.last().is_none_or(|epoch| epoch.train.loss.is_finite());
        match stopping {
            _ if !is_finite => Self::Diverged,
            Some(stopping) if stopping.is_over() => Self::EarlyStopping,
            None if !last_is_finite => Self::Diverged,
            _ => Self::Epochs,
        }
    }
}

fn nan_for_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use training::{EarlyStopping, Metrics, Monitor};

    use super::*;

    #[test]
    fn absent_keys_were_not_recorded_and_what_is_no_record_is_refused() {
        let images = "{\"accuracy\": 0.5, \"loss\": null, \"cross_entropy\": 1.0, \"images\": 3}";
        let files = [MODEL, HISTORY, predictions::FILE].map(|file| format!("\"{file}\": \"0\""));
        let record = |format: &str, files: &str| {
            format!(
                "{{{format}\"ended\": \"epochs\", \"epochs\": 2, \"parameters\": 4, \"fit_seconds\": 1.5, \
                 \"train\": {images}, \"test\": {images}, \"machine\": \"m\", \"version\": \"0\", \
                 \"files\": {{{files}}}, \"later\": 7}}"
            )
        };
        let current = "\"format\": 2, ";
        let read = parse(record(current, &files.join(", ")).as_bytes()).unwrap();
        assert!(read.train.loss.is_nan() && read.test.images == 3);
        assert!(read.validation.is_none() && read.calibration.is_none());
        let elsewhere = [&files[..], &["\"../../x\": \"0\"".to_owned()]].concat().join(", ");
        for (format, files, expected) in [
            ("", files.join(", "), "its format is 0, but this program reads 2"),
            ("\"format\": 3, ", files.join(", "), "its format is 3, but this program reads 2"),
            (current, files[1..].join(", "), "it does not list model.safetensors"),
            (current, elsewhere, "it lists ../../x, which is not a name of a file beside it"),
        ] {
            assert_eq!(parse(record(format, &files).as_bytes()).unwrap_err(), expected);
        }
    }

    #[test]
    fn early_stopping_ends_a_run_by_patience_alone() {
        let settings = EarlyStopping { monitor: Monitor::Loss, ..EarlyStopping::default() };
        let ending = |losses: &[f64], has_stopping: bool, is_finite| {
            let epochs = losses.iter().zip(1..).map(|(&loss, number)| Epoch {
                number,
                train: Metrics { loss, accuracy: 0.5 },
                validation: None,
                recorded: None,
            });
            let history: Vec<Epoch> = epochs.collect();
            let stopping = has_stopping.then(|| settings.after(&history));
            Ending::of(&history, stopping, is_finite)
        };
        assert_eq!(ending(&[2.0, 1.0], false, true), Ending::Epochs);
        assert_eq!(ending(&[2.0, f64::NAN], false, true), Ending::Diverged);
        assert_eq!(ending(&[2.0, 1.0], false, false), Ending::Diverged);
        assert_eq!(ending(&[2.0, 1.0], true, true), Ending::Epochs);
        assert_eq!(ending(&[1.0, 2.0], true, true), Ending::EarlyStopping);
        // The weights of the best epoch were restored.
        assert_eq!(ending(&[1.0, f64::NAN], true, true), Ending::EarlyStopping);
        assert_eq!(ending(&[1.0, f64::NAN], true, false), Ending::Diverged);
        assert_eq!(ending(&[f64::NAN], true, true), Ending::Epochs);
    }
}
