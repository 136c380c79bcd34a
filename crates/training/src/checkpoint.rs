//! Checkpoints: the state of a fit as a safetensors file. A fit resumed from one gives the same result as a fit that
//! was not interrupted.

use std::collections::HashMap;

use burn::{
    module::Module,
    tensor::{Device, TensorData},
};
use model::{Network, is_trained};
use safetensors::{Dtype, SafeTensors};

use crate::{
    Columns, Epoch, Error, Metrics, Optimizer, OptimizerConfig, Recording, RunningMetrics, State,
    weights::{self, Views},
};

#[cfg(test)]
mod tests;

/// Name of the tensor of the finished epochs' metrics, float64. It is `[epochs, 2]`, loss and accuracy, or with
/// validation `[epochs, 4]`, followed by the validation loss and accuracy. Both are NaN for an epoch that was not
/// evaluated on the validation images; an accuracy is never NaN otherwise.
const HISTORY: &str = "fit.history";
/// Name of the tensor of the current epoch's running metrics, float64, `[3]`: [`RunningMetrics::sums`].
const SUMS: &str = "fit.sums";
/// Name of the tensor of the recordings, float64, `[recordings, 1 + values]`: the epoch's number, then the values in
/// the order of [`Columns::names`].
const RECORDINGS: &str = "fit.recordings";
/// Prefix of the names of tensors that are not a network's weights.
const FIT: &str = "fit.";
/// Prefix of the names of the weights after the best epoch.
const BEST: &str = "best.";
/// Prefix of the names of the optimizer's tensors, float32.
const OPTIMIZER: &str = "optimizer.";
/// Key of the header in the file's metadata.
const HEADER: &str = "run";

/// A parsed checkpoint file.
#[derive(Debug)]
pub struct Checkpoint {
    /// The finished epochs.
    pub history: Vec<Epoch>,
    recordings: Vec<Recording>,
    sums: [f64; 3],
    bytes: Vec<u8>,
}

impl Checkpoint {
    /// Parses the bytes of a checkpoint file. `header` parses the caller's header: it gets the header's text and the
    /// bytes of all tensors.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCheckpoint`] if the bytes are not a checkpoint, or if `header` returns an error.
    pub fn parse<H>(
        bytes: Vec<u8>,
        header: impl FnOnce(&str, &[u8]) -> Result<H, String>,
    ) -> Result<(H, Self), Error> {
        Self::read(bytes, header).map_err(Error::InvalidCheckpoint)
    }

    fn read<H>(
        bytes: Vec<u8>,
        read_header: impl FnOnce(&str, &[u8]) -> Result<H, String>,
    ) -> Result<(H, Self), String> {
        let (length, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|error| error.to_string())?;
        let header = metadata.metadata().as_ref().and_then(|metadata| metadata.get(HEADER));
        let header = header.ok_or_else(|| format!("its metadata lacks `{HEADER}`"))?;
        let header = read_header(header, tensor_bytes(&bytes, length))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
        let (shape, values) = numbers(&file, HISTORY)?;
        let history: Vec<Epoch> = match *shape {
            [_, 2] => values.as_chunks().0.iter().enumerate().map(without_validation).collect(),
            [_, 4] => values.as_chunks().0.iter().enumerate().map(with_validation).collect(),
            _ => return Err(format!("`{HISTORY}` is {shape:?}, but needs 2 or 4 columns")),
        };
        let (shape, values) = numbers(&file, RECORDINGS)?;
        let [_, width] = *shape else {
            return Err(format!("`{RECORDINGS}` is {shape:?}, but needs two dimensions"));
        };
        let recordings: Vec<Recording> =
            values.chunks_exact(width.max(1)).map(recording).collect::<Result<_, _>>()?;
        let epochs: Vec<usize> = recordings.iter().map(|recording| recording.epoch).collect();
        if !epochs.is_sorted_by(|one, next| one < next) || epochs.last() > Some(&history.len()) {
            return Err(format!(
                "`{RECORDINGS}` is of the epochs {epochs:?}, but {} are done",
                history.len()
            ));
        }
        let (_, sums) = numbers(&file, SUMS)?;
        let sums: [f64; 3] =
            sums.try_into().map_err(|_| format!("`{SUMS}` does not hold three numbers"))?;
        let [_, correct, images] = sums;
        if !(is_count(correct) && is_count(images) && correct <= images) {
            return Err(format!(
                "`{SUMS}` has impossible counts: {correct} of {images} images are correct"
            ));
        }
        Ok((header, Self { history, recordings, sums, bytes }))
    }

    /// Restores the state after `steps` steps of an optimizer. `network` is a network of the checkpoint's variant, whose
    /// weights are replaced. `columns` are those of its recordings.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsMismatch`] if the checkpoint's weights or recordings do not fit the network.
    pub fn state(
        self,
        network: Network,
        optimizer: &OptimizerConfig,
        steps: u64,
        columns: Columns,
        device: &Device,
    ) -> Result<State, Error> {
        let Self { history, recordings, sums, bytes } = self;
        let columns = columns.names().len();
        if let Some(recording) = recordings.iter().find(|one| one.values.len() != columns) {
            return Err(Error::WeightsMismatch(format!(
                "`{RECORDINGS}` has {} columns, but needs {columns}",
                recording.values.len()
            )));
        }
        let file = SafeTensors::deserialize(&bytes)
            .map_err(|error| Error::InvalidSafetensors(error.to_string()))?;
        let tensors = file.tensors().into_iter().filter(|(name, _)| !name.starts_with(FIT));
        let mut tensors: Views<'_> = tensors.collect();
        let (best, moments) = (take(&mut tensors, BEST), take(&mut tensors, OPTIMIZER));
        let best = (!best.is_empty()).then(|| weights::load(network.clone(), best)).transpose()?;
        let mut restored = Optimizer::new(optimizer.clone(), &network);
        let trained = tensors.iter().filter(|(name, _)| steps > 0 && is_trained(name));
        restored.restore(moments, trained, device).map_err(|name| {
            Error::WeightsMismatch(format!(
                "`{OPTIMIZER}{name}` is missing, or is not the optimizer's"
            ))
        })?;
        let state = State::new(weights::load(network, tensors)?, optimizer);
        let (metrics, best) = (RunningMetrics::from_sums(sums, device), best.map(Module::train));
        Ok(State { steps, metrics, history, recordings, best, optimizer: restored, ..state })
    }
}

/// Serialises a state as the bytes of a checkpoint file. `header` returns the caller's header, given the bytes of all
/// tensors.
///
/// # Errors
///
/// [`Error::Save`] if the weights cannot be read from the device, or if `header` returns an error.
pub fn to_bytes(
    state: &State,
    header: impl FnOnce(&[u8]) -> Result<String, String>,
) -> Result<Vec<u8>, Error> {
    let mut tensors = weights::tensors(&state.network)?;
    let sums = state.metrics.sums();
    let epochs = state.history.len();
    let width = if state.history.iter().any(|epoch| epoch.validation.is_some()) { 4 } else { 2 };
    let history: Vec<f64> =
        state.history.iter().flat_map(|epoch| row(epoch).into_iter().take(width)).collect();
    let recordings = &state.recordings;
    let recorded = recordings.first().map_or(0, |recording| recording.values.len());
    let values: Vec<f64> = recordings
        .iter()
        .flat_map(|Recording { epoch, values }| [&[*epoch as f64], values.as_slice()].concat())
        .collect();
    let best = state.best.as_ref().map(weights::tensors).transpose()?.unwrap_or_default();
    tensors.extend(best.into_iter().map(|(name, data)| (format!("{BEST}{name}"), data)));
    let moments = state.optimizer.tensors();
    tensors.extend(moments.into_iter().map(|(name, data)| (format!("{OPTIMIZER}{name}"), data)));
    tensors
        .insert(RECORDINGS.to_owned(), TensorData::new(values, [recordings.len(), 1 + recorded]));
    tensors.insert(HISTORY.to_owned(), TensorData::new(history, [epochs, width]));
    tensors.insert(SUMS.to_owned(), TensorData::new(sums.to_vec(), [sums.len()]));
    let headerless = weights::serialize(&tensors, None)?;
    let length = SafeTensors::read_metadata(&headerless).map_or(0, |(length, _)| length);
    let header = header(tensor_bytes(&headerless, length)).map_err(Error::Save)?;
    let metadata = HashMap::from([(HEADER.to_owned(), header)]);
    weights::serialize(&tensors, Some(metadata))
}

/// Removes the tensors whose names have a prefix, and returns them without it.
fn take<'a>(tensors: &mut Views<'a>, prefix: &str) -> Views<'a> {
    let taken = tensors.extract_if(.., |name, _| name.starts_with(prefix));
    taken.map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor)).collect()
}

/// Returns the tensors' part of a safetensors file. It follows the length of the JSON header, eight bytes, and the
/// header itself, `length` bytes.
fn tensor_bytes(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(length + 8..).unwrap_or_default()
}

/// Returns whether a number can be a count of images. Devices count in int32.
fn is_count(number: f64) -> bool {
    (0.0..=f64::from(i32::MAX)).contains(&number) && number.fract() == 0.0
}

/// Reads a float64 tensor's shape and values.
fn numbers(file: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f64>), String> {
    let view = file.tensor(name).map_err(|_| format!("it lacks `{name}`"))?;
    if view.dtype() != Dtype::F64 {
        return Err(format!("`{name}` is {:?}, but has to be F64", view.dtype()));
    }
    let values = view.data().as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
    Ok((view.shape().to_vec(), values.collect()))
}

fn row(epoch: &Epoch) -> [f64; 4] {
    let none = Metrics { loss: f64::NAN, accuracy: f64::NAN };
    let validation = epoch.validation.unwrap_or(none);
    [epoch.train.loss, epoch.train.accuracy, validation.loss, validation.accuracy]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is checked to be a count"
)]
fn recording(row: &[f64]) -> Result<Recording, String> {
    match *row {
        [epoch, ref values @ ..] if is_count(epoch) => {
            Ok(Recording { epoch: epoch as usize, values: values.to_vec() })
        }
        _ => Err(format!("`{RECORDINGS}` has an epoch whose number is not a count")),
    }
}

fn without_validation((index, &[loss, accuracy]): (usize, &[f64; 2])) -> Epoch {
    Epoch { number: index + 1, train: Metrics { loss, accuracy }, validation: None }
}

fn with_validation(
    (index, &[loss, accuracy, val_loss, val_accuracy]): (usize, &[f64; 4]),
) -> Epoch {
    let validation = Metrics { loss: val_loss, accuracy: val_accuracy };
    let validation = Some(validation).filter(|metrics| !metrics.accuracy.is_nan());
    Epoch { number: index + 1, train: Metrics { loss, accuracy }, validation }
}
