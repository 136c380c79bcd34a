//! What is kept of a finished run: its weights, its history, and run.json.

use std::{
    fs,
    path::{Path, PathBuf},
};

use model::LayerName;
use serde::{Deserialize, Serialize};
use training::{Epoch, Metrics, Pixels};

use super::{Error, checkpoint, files};
use crate::study::{EPOCHS, HIDDEN, KeyValues, Run, run_folder, setting_text};

/// The trained weights.
pub const MODEL: &str = "model.safetensors";
/// The epochs' losses and accuracies.
pub const HISTORY: &str = "history.csv";
/// The file that makes a run a finished one. It is written last.
pub const FILE: &str = "run.json";
/// Says why a run failed, where one did.
const FAILURE: &str = "failure.txt";

/// Everything known of a finished run, in the order of run.json.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The variant's name.
    pub variant: String,
    /// The run's seed.
    pub seed: u64,
    /// The swept keys that it uses, with its values.
    #[serde(default, skip_serializing_if = "KeyValues::is_empty")]
    pub point: KeyValues,
    /// Every setting that the result depends on.
    pub settings: KeyValues,
    /// The data set's name.
    pub dataset: String,
    /// What tells two data sets of one name apart.
    pub dataset_sha256: String,
    /// Share of the training images that the final weights classify rightly, 0 to 1.
    pub acc_train: f64,
    /// The same of the test images.
    pub acc_test: f64,
    /// Mean cross-entropy plus penalties on the training images; null where it is not finite.
    #[serde(with = "null_for_nan")]
    pub loss_train: f64,
    /// The same on the test images.
    #[serde(with = "null_for_nan")]
    pub loss_test: f64,
    /// All parameters, trainable or not.
    pub parameters: usize,
    /// Epochs trained; fewer than asked for where the loss ceased to be finite.
    pub epochs: usize,
    /// Time spent fitting, validation included.
    pub fit_seconds: f64,
    /// The device that it ended on.
    pub machine: String,
    /// The version of this program.
    pub version: String,
    /// Of the two files beside this one.
    pub files_sha256: Checksums,
    /// Where it was found.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// SHA-256 sums that tell a run's files from damaged ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    /// Of [`MODEL`].
    pub model: String,
    /// Of [`HISTORY`].
    pub history: String,
}

impl Record {
    /// The notebook's `1 − acc_test / acc_train`: how much of the training accuracy is lost on images
    /// never seen. NaN where nothing was learnt at all.
    pub fn pct_diff(&self) -> f64 {
        1.0 - self.acc_test / self.acc_train
    }

    /// What its network sees of a pixel.
    pub fn pixels(&self) -> Option<Pixels> {
        let name = self.setting("data.pixels");
        Pixels::ALL.into_iter().find(|pixels| pixels.to_string() == name)
    }

    /// A setting as text; empty where there is none.
    pub fn setting(&self, key: &str) -> String {
        setting_text(&self.settings, key)
    }

    /// Units of its hidden layers, from the input on.
    pub fn hidden_units(&self) -> Vec<usize> {
        let units = self.settings.get(HIDDEN).and_then(toml::Value::as_array);
        let unit = |unit: &toml::Value| usize::try_from(unit.as_integer()?).ok();
        units.map(|units| units.iter().filter_map(unit).collect()).unwrap_or_default()
    }

    /// Whether it regularises a layer.
    pub fn regularises(&self, layer: LayerName) -> bool {
        let prefix = format!("{layer}.");
        self.settings
            .range(prefix.clone()..)
            .next()
            .is_some_and(|(key, _)| key.starts_with(&prefix))
    }

    /// Whether it is of the same variant at the same point as another.
    pub fn is_beside(&self, other: &Self) -> bool {
        (&self.variant, &self.point) == (&other.variant, &other.point)
    }

    /// Whether it is the record of this run.
    pub fn is_of(&self, run: &Run) -> bool {
        self.variant == run.variant.name && self.seed == run.seed && self.point == run.point
    }

    /// Whether the loss ceased to be finite before the last epoch, which ends a run for good.
    pub fn ended_early(&self) -> bool {
        self.asked_epochs().is_some_and(|asked| self.epochs < asked)
    }

    /// The epochs that it was asked for.
    pub fn asked_epochs(&self) -> Option<usize> {
        usize::try_from(self.settings.get(EPOCHS)?.as_integer()?).ok()
    }

    /// Whether its run needs no more training to have so many epochs.
    pub fn is_finished(&self, epochs: usize) -> bool {
        self.epochs >= epochs || self.ended_early()
    }

    /// Whether a run of so many epochs may be this one: it goes on from where this ends, unless the loss
    /// already ceased to be finite.
    pub fn goes_on(&self, epochs: usize) -> bool {
        let asked = self.asked_epochs().unwrap_or(usize::MAX);
        asked < epochs || (self.ended_early() && self.epochs <= epochs)
    }

    /// Whether it lies in its run's folder of an output folder, and not in one that somebody copied or renamed.
    pub fn is_in_place(&self, output: &Path) -> bool {
        self.folder == output.join(run_folder(&self.variant, &self.point, self.seed))
    }

    /// All records of an output folder, each in its run's folder, in no particular order.
    pub fn read_all(output: &Path) -> Result<Vec<Self>, Error> {
        let records = run_folders(output)?.into_iter().map(|folder| Self::read(&folder));
        let records = records.filter_map(Result::transpose);
        records
            .filter(|record| record.as_ref().map_or(true, |record| record.is_in_place(output)))
            .collect()
    }

    /// The record in a run's folder, if the run has finished.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let record = serde_json::from_slice::<Self>(&bytes);
        let record = record.map_err(|error| Error::Malformed {
            path,
            reason: format!("not a run's record: {error}; move it away to train the run again"),
        })?;
        Ok(Some(Self { folder: folder.to_owned(), ..record }))
    }

    /// Refuses a run whose weights or history are not those that were recorded.
    pub fn check_files(&self, folder: &Path) -> Result<(), Error> {
        let Checksums { model, history } = &self.files_sha256;
        for (file, sum) in [(MODEL, model), (HISTORY, history)] {
            let path = folder.join(file);
            let what = match files::read(&path)? {
                Some(bytes) if data::sha256([bytes.as_slice()]) == *sum => continue,
                Some(_) => "not as the run left it",
                None => "missing",
            };
            let reason = format!("{what}; move the run's folder away to train it again");
            return Err(Error::Malformed { path, reason });
        }
        Ok(())
    }

    /// Writes the run's three files, the record last, with the sums of the other two in it.
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

/// Leaves word in a run's folder that the run failed, until it succeeds.
pub fn mark_failed(folder: &Path, reason: &str) -> Result<(), Error> {
    files::write(&folder.join(FAILURE), format!("{reason}\n").as_bytes())
}

/// Takes back that a run failed.
pub fn unmark_failed(folder: &Path) -> Result<(), Error> {
    files::remove(&folder.join(FAILURE))
}

/// Why the run in a folder failed, if it did.
pub fn failure(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(FAILURE)).ok().map(|reason| reason.trim_end().to_owned())
}

/// The folders of all runs in an output folder, finished or not.
pub fn run_folders(output: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    for variant in folders(&output.join("runs"))? {
        all.extend(folders(&variant)?);
    }
    Ok(all)
}

/// The folder of some run that has left a record or a checkpoint; `None` where none has.
pub fn any_run(output: &Path) -> Result<Option<PathBuf>, Error> {
    let has_left =
        |run: &PathBuf| [FILE, checkpoint::FILE].iter().any(|file| run.join(file).exists());
    for variant in folders(&output.join("runs"))? {
        if let Some(run) = folders(&variant)?.into_iter().find(has_left) {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

/// The folders in a folder; none where it does not exist.
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

/// Reads the history of so many epochs in a finished run's folder, to the six digits that it has.
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

/// `epoch,loss,acc[,val_loss,val_acc]`, a line an epoch.
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

/// JSON has no NaN and no infinity.
mod null_for_nan {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Some(number).filter(|number| number.is_finite()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}
