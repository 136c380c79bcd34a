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
    Columns, Epoch, Error, FirstLayer, Metrics, Optimizer, OptimizerConfig, RunningMetrics, State,
    weights::{self, Views},
};

#[cfg(test)]
mod tests;

/// Name of the tensor of the finished epochs, float64, `[epochs, 4 + recorded]`: [`Epoch::metrics`], then the recorded
/// values in the order of [`Columns::names`], if some epoch is recorded. Values of an epoch that was not validated or
/// not recorded are NaN. An accuracy, and so the first recorded value, is never NaN otherwise.
const HISTORY: &str = "fit.epochs";
/// Name of the tensor of the current epoch's running metrics, float64, `[3]`: [`RunningMetrics::sums`].
const SUMS: &str = "fit.sums";
/// Prefix of the names of the first layer's kernels, each of an epoch.
const FIRST_LAYER: &str = "fit.first_layer.";
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
            [_, width] if width >= 4 => values.chunks_exact(width).zip(1..).map(epoch).collect(),
            _ => return Err(format!("`{HISTORY}` is {shape:?}, but needs 4 columns or more")),
        };
        let (_, sums) = numbers(&file, SUMS)?;
        let sums: [f64; 3] =
            sums.try_into().map_err(|_| format!("`{SUMS}` does not hold three numbers"))?;
        let [_, correct, images] = sums;
        if !(is_count(correct) && is_count(images) && correct <= images) {
            return Err(format!(
                "`{SUMS}` has impossible counts: {correct} of {images} images are correct"
            ));
        }
        Ok((header, Self { history, sums, bytes }))
    }

    /// Restores the state after `steps` steps of an optimizer. `network` is a network of the checkpoint's variant, whose
    /// weights are replaced. `columns` are those of the recorded values.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsMismatch`] if the checkpoint's weights or recorded values do not fit the network.
    pub fn state(
        self,
        network: Network,
        optimizer: &OptimizerConfig,
        steps: u64,
        columns: Columns,
        device: &Device,
    ) -> Result<State, Error> {
        let Self { history, sums, bytes } = self;
        let columns = columns.names().len();
        let mut recorded = history.iter().filter_map(|epoch| epoch.recorded.as_ref());
        if let Some(values) = recorded.find(|values| values.len() != columns) {
            return Err(Error::WeightsMismatch(format!(
                "`{HISTORY}` has {} recorded columns, but needs {columns}",
                values.len()
            )));
        }
        let file = SafeTensors::deserialize(&bytes)
            .map_err(|error| Error::InvalidSafetensors(error.to_string()))?;
        let first_layer = FirstLayer::read(FIRST_LAYER, file.tensors())?;
        let tensors = file.tensors().into_iter().filter(|(name, _)| !name.starts_with(FIT));
        let mut tensors: Views<'_> = tensors.collect();
        let (best, moments) = (take(&mut tensors, BEST), take(&mut tensors, OPTIMIZER));
        let best = (!best.is_empty()).then(|| weights::load(network.clone(), best)).transpose()?;
        let mut restored = Optimizer::new(optimizer.clone(), &network);
        let trained = tensors.iter().filter(|(name, _)| steps > 0 && is_trained(name));
        restored.restore(moments, trained, device).map_err(|name| {
            Error::WeightsMismatch(format!(
                "`{OPTIMIZER}{name}` is missing, or does not fit the optimizer"
            ))
        })?;
        let state = State::new(weights::load(network, tensors)?, optimizer);
        let (metrics, best) = (RunningMetrics::from_sums(sums, device), best.map(Module::train));
        Ok(State { steps, metrics, history, first_layer, best, optimizer: restored, ..state })
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
    let (epochs, recorded) = (state.history.len(), state.history.iter().map(recorded_values));
    let width = 4 + recorded.map(<[f64]>::len).max().unwrap_or(0);
    let mut history = Vec::new();
    for epoch in &state.history {
        history.extend(epoch.metrics().map(|metric| metric.unwrap_or(f64::NAN)));
        history.extend(recorded_values(epoch));
        history.resize(history.len().next_multiple_of(width), f64::NAN);
    }
    let best = state.best.as_ref().map(weights::tensors).transpose()?.unwrap_or_default();
    tensors.extend(best.into_iter().map(|(name, data)| (format!("{BEST}{name}"), data)));
    let moments = state.optimizer.tensors();
    tensors.extend(moments.into_iter().map(|(name, data)| (format!("{OPTIMIZER}{name}"), data)));
    tensors.extend(state.first_layer.tensors(FIRST_LAYER));
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

fn recorded_values(epoch: &Epoch) -> &[f64] {
    epoch.recorded.as_deref().unwrap_or_default()
}

/// Reads a row of the history, of 4 values or more.
fn epoch((row, number): (&[f64], usize)) -> Epoch {
    let metrics = |row: &[f64]| Metrics { loss: row[0], accuracy: row[1] };
    Epoch {
        number,
        train: metrics(row),
        validation: Some(metrics(&row[2..])).filter(|metrics| !metrics.accuracy.is_nan()),
        recorded: Some(row[4..].to_vec())
            .filter(|values| values.first().is_some_and(|accuracy| !accuracy.is_nan())),
    }
}
