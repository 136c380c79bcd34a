//! run.json: the record of a finished run.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};
use training::{Epoch, Stopping};

use super::{
    Error, calibration::CalibrationBin, changed_labels, files, history, metrics,
    metrics::Recordings, predictions, predictions::Predictions,
};
use crate::splits::ChangedLabel;

/// File name of the record. It is written last and marks a run as finished.
pub const FILE: &str = "run.json";
/// File name of the trained weights.
pub const MODEL: &str = "model.safetensors";

/// Record of a finished run. run.json has the fields in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// How training ended.
    pub ended: Ending,
    /// Accuracy of the final weights on the training images, 0 to 1.
    pub acc_train: f64,
    /// Accuracy on the held-out images, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acc_val: Option<f64>,
    /// Accuracy on the test images.
    pub acc_test: f64,
    /// Mean cross-entropy plus penalties on the training images. run.json has null for a value that is not finite.
    #[serde(deserialize_with = "nan_for_null")]
    pub loss_train: f64,
    /// Mean cross-entropy plus penalties on the held-out images, if there are any.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "some_nan_for_null"
    )]
    pub loss_val: Option<f64>,
    /// Mean cross-entropy plus penalties on the test images.
    #[serde(deserialize_with = "nan_for_null")]
    pub loss_test: f64,
    /// Mean cross-entropy on the training images, without penalties.
    #[serde(deserialize_with = "nan_for_null")]
    pub cross_entropy_train: f64,
    /// Mean cross-entropy on the held-out images, without penalties, if there are any.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "some_nan_for_null"
    )]
    pub cross_entropy_val: Option<f64>,
    /// Mean cross-entropy on the test images, without penalties.
    #[serde(deserialize_with = "nan_for_null")]
    pub cross_entropy_test: f64,
    /// Accuracy on the training images with their true labels, if some are known to be wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acc_train_true: Option<f64>,
    /// Share of the wrong training labels that the final network gives, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memorised: Option<f64>,
    /// Calibration on the test images; `None` if the network's output is NaN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Vec<CalibrationBin>>,
    /// Numbers of images.
    pub images: ImageCounts,
    /// Number of parameters, trainable and non-trainable.
    pub parameters: usize,
    /// Epochs trained. Fewer than configured if training ended early.
    pub epochs: usize,
    /// Best epoch, from 1, if early stopping monitored one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<usize>,
    /// Seconds spent fitting, validation and recordings included.
    pub fit_seconds: f64,
    /// Name of the device that the run finished on.
    pub machine: String,
    /// Version of this program.
    pub version: String,
    /// Checksums of the run's other files.
    pub files_sha256: Checksums,
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

/// Numbers of images that a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCounts {
    /// Training images.
    pub train: usize,
    /// Validation images.
    pub validation: usize,
    /// Test images.
    pub test: usize,
}

/// SHA-256 checksums of a finished run's files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    /// Checksum of [`changed_labels::FILE`]; `None` without label noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_labels: Option<String>,
    /// Checksum of [`MODEL`].
    pub model: String,
    /// Checksum of [`history::FILE`].
    pub history: String,
    /// Checksum of [`metrics::FILE`]; `None` of a run from before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,
    /// Checksum of [`predictions::FILE`].
    pub predictions: String,
}

/// Contents of a run's files that have a checksum.
#[derive(Debug)]
pub struct Contents {
    /// Text of [`changed_labels::FILE`]; `None` without label noise.
    pub changed_labels: Option<String>,
    /// Bytes of [`MODEL`].
    pub model: Vec<u8>,
    /// Text of [`history::FILE`].
    pub history: String,
    /// Text of [`metrics::FILE`].
    pub metrics: String,
    /// Bytes of [`predictions::FILE`].
    pub predictions: Vec<u8>,
}

impl Record {
    /// Returns the notebook's `1 − acc_test / acc_train`: the share of the training accuracy that is lost on the test
    /// images. NaN if both accuracies are 0.
    pub fn pct_diff(&self) -> f64 {
        1.0 - self.acc_test / self.acc_train
    }

    /// Returns the gap: training minus test accuracy.
    pub fn gap(&self) -> f64 {
        self.acc_train - self.acc_test
    }

    /// Reads the record in a run's folder; `None` if the run has not finished.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let record = serde_json::from_slice(&bytes);
        let malformed = |error| Error::Malformed { path, reason: format!("not a record: {error}") };
        record.map(Some).map_err(malformed)
    }

    /// Reads one of the run's files and verifies its checksum.
    pub fn read_file(&self, folder: &Path, file: &str) -> Result<Vec<u8>, Error> {
        let path = folder.join(file);
        let mut files = self.files_sha256.files();
        let expected = files.find(|(name, _)| *name == file).map(|(_, sha256)| sha256);
        let defect = match files::read(&path)? {
            Some(bytes) if expected == Some(data::sha256([bytes.as_slice()]).as_str()) => {
                return Ok(bytes);
            }
            Some(_) => "not as the run left it",
            None => "missing",
        };
        Err(Error::Malformed { path, reason: defect.to_owned() })
    }

    /// Reads the run's history, whose values are rounded to six decimals.
    pub fn read_history(&self, folder: &Path) -> Result<Vec<Epoch>, Error> {
        let malformed = |reason| Error::Malformed { path: folder.join(history::FILE), reason };
        history::parse(&self.read_file(folder, history::FILE)?, self.epochs).map_err(malformed)
    }

    /// Reads the labels and predicted classes of the test images.
    pub fn read_predictions(&self, folder: &Path) -> Result<Predictions, Error> {
        let malformed = |reason| Error::Malformed { path: folder.join(predictions::FILE), reason };
        Predictions::parse(&self.read_file(folder, predictions::FILE)?).map_err(malformed)
    }

    /// Reads what was recorded by epoch; `None` of a run from before that.
    pub fn read_metrics(&self, folder: &Path) -> Result<Option<Recordings>, Error> {
        self.read_optional(
            folder,
            metrics::FILE,
            self.files_sha256.metrics.is_some(),
            metrics::parse,
        )
    }

    /// Reads the labels that were changed; `None` without label noise.
    pub fn read_changed_labels(&self, folder: &Path) -> Result<Option<Vec<ChangedLabel>>, Error> {
        let is_there = self.files_sha256.changed_labels.is_some();
        self.read_optional(folder, changed_labels::FILE, is_there, changed_labels::parse)
    }

    fn read_optional<T>(
        &self,
        folder: &Path,
        file: &str,
        is_there: bool,
        parse: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        if !is_there {
            return Ok(None);
        }
        let malformed = |reason| Error::Malformed { path: folder.join(file), reason };
        parse(&self.read_file(folder, file)?).map(Some).map_err(malformed)
    }

    /// Verifies the checksums of the run's files.
    pub fn verify(&self, folder: &Path) -> Result<(), Error> {
        let mut files = self.files_sha256.files();
        files.try_for_each(|(file, _)| self.read_file(folder, file).map(drop))
    }

    /// Writes the record, after which the run is finished.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        files::write_json(&folder.join(FILE), FILE, self)
    }
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

impl Checksums {
    /// Returns the files that have a checksum, each with it.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { changed_labels, model, history, metrics, predictions } = self;
        let optional = [(metrics::FILE, metrics), (changed_labels::FILE, changed_labels)];
        let optional =
            optional.into_iter().filter_map(|(file, sha256)| Some((file, sha256.as_deref()?)));
        let others = [(MODEL, model), (history::FILE, history), (predictions::FILE, predictions)];
        others.map(|(file, sha256)| (file, sha256.as_str())).into_iter().chain(optional)
    }
}

impl Contents {
    /// Writes the files to a run's folder.
    pub fn write(&self, folder: &Path) -> Result<Checksums, Error> {
        let write = |file, bytes: &[u8]| {
            files::write(&folder.join(file), bytes)?;
            Ok::<_, Error>(data::sha256([bytes]))
        };
        let changed_labels = self.changed_labels.as_ref();
        let changed_labels =
            changed_labels.map(|text| write(changed_labels::FILE, text.as_bytes()));
        Ok(Checksums {
            changed_labels: changed_labels.transpose()?,
            model: write(MODEL, &self.model)?,
            history: write(history::FILE, self.history.as_bytes())?,
            metrics: Some(write(metrics::FILE, self.metrics.as_bytes())?),
            predictions: write(predictions::FILE, &self.predictions)?,
        })
    }
}

/// Deserialises a number that is null where it is not finite, because JSON has no NaN and no infinity.
fn nan_for_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// Deserialises a number that is there, as [`nan_for_null`] does.
fn some_nan_for_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    nan_for_null(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use training::{EarlyStopping, Metrics, Monitor};

    use super::*;

    #[test]
    fn early_stopping_ends_a_run_by_patience_alone() {
        let settings = EarlyStopping { monitor: Monitor::Loss, ..EarlyStopping::default() };
        let ending = |losses: &[f64], has_stopping: bool, is_finite| {
            let epoch = |(&loss, number)| Epoch {
                number,
                train: Metrics { loss, accuracy: 0.5 },
                validation: None,
            };
            let history: Vec<Epoch> = losses.iter().zip(1..).map(epoch).collect();
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
