//! Where a run stands, kept in its folder, so that a later process goes on from there as if nothing
//! had happened.

use std::{collections::HashMap, path::Path};

use burn::tensor::{Device, TensorData};
use model::Network;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    evaluate::{Score, Sums},
    files,
    fit::{Epoch, State},
    study::Settings,
    weights,
};

/// The checkpoint's name in a run's folder.
pub const FILE: &str = "checkpoint.safetensors";
/// A tensor beside the weights, float64: loss and accuracy of the epochs that have ended, `[epochs, 2]`, or
/// with the validation's `[epochs, 4]`.
const HISTORY: &str = "fit.history";
/// Another, `[3]`, of the epoch that has begun: the sums of losses, of right answers and of images.
const SUMS: &str = "fit.sums";
/// Where the metadata have the [`Head`].
const HEAD: &str = "run";

/// What a checkpoint says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The variant's name.
    pub variant: String,
    /// The run's seed.
    pub seed: u64,
    /// Where it stands in the sweep.
    pub point: Settings,
    /// Every setting that the result depends on.
    pub settings: Settings,
    /// What tells the data set from others.
    pub dataset_sha256: String,
    /// Training steps done.
    pub steps: u64,
    /// Time spent fitting so far.
    pub fit_seconds: f64,
    /// Of all of this and the tensors' bytes: a damaged checkpoint must not pass for another state.
    pub sha256: String,
}

impl Head {
    /// As the metadata of a file with these tensors' bytes have it, the checksum in it.
    ///
    /// # Errors
    ///
    /// When JSON has no words for it.
    pub fn text(&self, tensors: &[u8]) -> serde_json::Result<String> {
        serde_json::to_string(&Self { sha256: self.sum(tensors)?, ..self.clone() })
    }

    /// The checksum that it should have beside these tensors' bytes.
    fn sum(&self, tensors: &[u8]) -> serde_json::Result<String> {
        let words = serde_json::to_vec(&Self { sha256: String::new(), ..self.clone() })?;
        Ok(data::sha256([words.as_slice(), tensors]))
    }
}

/// A checkpoint as its file has it.
#[derive(Debug)]
pub struct Checkpoint {
    /// What it says of itself.
    pub head: Head,
    /// The epochs that have ended.
    pub history: Vec<Epoch>,
    sums: [f64; 3],
    bytes: Vec<u8>,
}

impl Checkpoint {
    /// Reads the checkpoint in a run's folder, if there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is no checkpoint.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        Self::parse(bytes).map(Some).map_err(|reason| Error::Malformed {
            reason: format!("not a checkpoint: {reason}; move it away to begin the run again"),
            path,
        })
    }

    /// Reads a checkpoint from its file's bytes.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let (header, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|error| error.to_string())?;
        let head = metadata.metadata().as_ref().and_then(|metadata| metadata.get(HEAD));
        let head = head.ok_or_else(|| format!("it has no `{HEAD}` in its metadata"))?;
        let head: Head = serde_json::from_str(head).map_err(|error| error.to_string())?;
        let sum = head.sum(after(&bytes, header)).map_err(|error| error.to_string())?;
        if head.sha256 != sum {
            return Err("its checksum is another".to_owned());
        }
        let file = SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
        let (shape, values) = numbers(&file, HISTORY)?;
        let history = match *shape {
            [_, 2] => values.as_chunks().0.iter().enumerate().map(trained).collect(),
            [_, 4] => values.as_chunks().0.iter().enumerate().map(validated).collect(),
            _ => return Err(format!("`{HISTORY}` is {shape:?}")),
        };
        let (_, sums) = numbers(&file, SUMS)?;
        let sums: [f64; 3] =
            sums.try_into().map_err(|_| format!("`{SUMS}` is not three numbers"))?;
        let [_, correct, images] = sums;
        if !(is_count(correct) && is_count(images) && correct <= images) {
            return Err(format!("`{SUMS}` counts what cannot be: {correct} of {images} images"));
        }
        Ok(Self { head, history, sums, bytes })
    }

    /// Epochs that have begun.
    #[must_use]
    pub fn epochs(&self) -> usize {
        let [.., images] = self.sums;
        self.history.len() + usize::from(images > 0.0)
    }

    /// Where the run goes on, with a network of its variant whose weights are taken over.
    ///
    /// # Errors
    ///
    /// Why the weights are not this variant's.
    pub fn state(self, network: Network, device: &Device) -> Result<State, String> {
        let file = SafeTensors::deserialize(&self.bytes).map_err(|error| error.to_string())?;
        Ok(State {
            network: weights::load(network, &file, &[HISTORY, SUMS])?,
            steps: self.head.steps,
            sums: Sums::restore(self.sums, device),
            history: self.history,
        })
    }
}

/// Writes a run's checkpoint.
///
/// # Errors
///
/// When the device does not give the weights up, or the file cannot be written.
pub fn write(folder: &Path, head: &Head, state: &State) -> Result<(), Error> {
    let path = folder.join(FILE);
    let mut tensors = weights::tensors(&state.network)?;
    let sums = state.sums.read();
    let epochs = state.history.len();
    let history: Vec<f64> = state.history.iter().flat_map(columns).collect();
    let width = history.len().checked_div(epochs).unwrap_or(2);
    tensors.insert(HISTORY.to_owned(), TensorData::new(history, [epochs, width]));
    tensors.insert(SUMS.to_owned(), TensorData::new(sums.to_vec(), [sums.len()]));
    let bare = weights::serialize(&tensors, None)?;
    let header = SafeTensors::read_metadata(&bare).map_or(0, |(header, _)| header);
    let head = (head.text(after(&bare, header)))
        .map_err(|error| Error::Malformed { path: path.clone(), reason: error.to_string() })?;
    let metadata = HashMap::from([(HEAD.to_owned(), head)]);
    files::write(&path, &weights::serialize(&tensors, Some(metadata))?)
}

/// Takes a run's checkpoint away, if there is one.
///
/// # Errors
///
/// When the system refuses.
pub fn remove(folder: &Path) -> Result<(), Error> {
    files::remove(&folder.join(FILE))
}

/// What comes after a safetensors file's header of so many bytes and its length's eight.
fn after(bytes: &[u8], header: usize) -> &[u8] {
    bytes.get(header + 8..).unwrap_or_default()
}

/// Whether a number can be one of images, as which devices count them.
fn is_count(number: f64) -> bool {
    (0.0..=f64::from(i32::MAX)).contains(&number) && number.fract() == 0.0
}

/// A float64 tensor's shape and values.
fn numbers(file: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f64>), String> {
    let view: TensorView<'_> = file.tensor(name).map_err(|_| format!("it lacks `{name}`"))?;
    if view.dtype() != Dtype::F64 {
        return Err(format!("`{name}` is {:?}", view.dtype()));
    }
    let values = view.data().as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
    Ok((view.shape().to_vec(), values.collect()))
}

fn columns(epoch: &Epoch) -> impl Iterator<Item = f64> {
    [Some(epoch.train), epoch.validation]
        .into_iter()
        .flatten()
        .flat_map(|score| [score.loss, score.accuracy])
}

fn trained((index, &[loss, accuracy]): (usize, &[f64; 2])) -> Epoch {
    Epoch { number: index + 1, train: Score { loss, accuracy }, validation: None }
}

fn validated((index, &[loss, accuracy, val_loss, val_accuracy]): (usize, &[f64; 4])) -> Epoch {
    let validation = Score { loss: val_loss, accuracy: val_accuracy };
    Epoch { number: index + 1, train: Score { loss, accuracy }, validation: Some(validation) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use model::{NetworkConfig, presets};
    use proptest::prelude::*;

    use super::*;
    use crate::device::Backend;

    fn network_config() -> NetworkConfig {
        let [.., variant] = presets();
        let mut config = variant.network;
        (config.inputs, config.hidden1.units, config.hidden2.units) = (3, 2, 2);
        config
    }

    fn head() -> Head {
        let settings = Settings::from([("fit.learning_rate".to_owned(), 0.1.into())]);
        Head {
            variant: "mine".to_owned(),
            seed: 3,
            point: Settings::new(),
            settings,
            dataset_sha256: "abc".to_owned(),
            steps: 7,
            fit_seconds: 0.1,
            sha256: String::new(),
        }
    }

    fn state(device: &Device) -> State {
        let score = |loss| Score { loss, accuracy: 1.0 / 3.0 };
        let epoch = |number, loss, validation| Epoch { number, train: score(loss), validation };
        State {
            network: network_config().init(1, device),
            steps: 7,
            sums: Sums::restore([0.1_f32.into(), 5.0, 20.0], device),
            history: vec![
                epoch(1, 0.1, Some(score(f64::INFINITY))),
                epoch(2, 1e-300, Some(score(0.7))),
            ],
        }
    }

    /// A checkpoint's bytes.
    fn written() -> Vec<u8> {
        let device = Backend::Flex.open().unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &head(), &state(&device)).unwrap();
        fs::read(folder.path().join(FILE)).unwrap()
    }

    /// A checkpoint of these tensors beside the weights, its checksum right.
    fn forged(head: &Head, history: TensorData, sums: TensorData) -> Vec<u8> {
        let device = Backend::Flex.open().unwrap();
        let mut tensors = weights::tensors(&network_config().init(1, &device)).unwrap();
        tensors.extend([(HISTORY.to_owned(), history), (SUMS.to_owned(), sums)]);
        let bare = weights::serialize(&tensors, None).unwrap();
        let (header, _) = SafeTensors::read_metadata(&bare).unwrap();
        let head = head.text(after(&bare, header)).unwrap();
        weights::serialize(&tensors, Some(HashMap::from([(HEAD.to_owned(), head)]))).unwrap()
    }

    fn numbers() -> impl Strategy<Value = f64> {
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.5, -1.0, 1e19];
        let counts = (0..9_i32).prop_map(f64::from);
        prop_oneof![4 => counts, 1 => any::<f64>(), 1 => prop::sample::select(odd.to_vec())]
    }

    #[test]
    fn gives_back_what_was_written() {
        let device = Backend::Flex.open().unwrap();
        let expected = state(&device);
        let checkpoint = Checkpoint::parse(written()).unwrap();
        let sha256 = checkpoint.head.sha256.clone();
        assert_eq!(checkpoint.head, Head { sha256, ..head() });
        assert_eq!(checkpoint.epochs(), 3);
        let found = checkpoint.state(network_config().init(2, &device), &device).unwrap();
        assert_eq!((found.steps, &found.history), (expected.steps, &expected.history));
        assert_eq!(found.sums.read(), expected.sums.read());
        let bytes = |state: &State| weights::to_bytes(&state.network).unwrap();
        assert!(bytes(&found) == bytes(&expected));

        // Nothing of the first epoch done yet, and no validation.
        let begun = State { history: Vec::new(), sums: Sums::default(), ..expected };
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &head(), &begun).unwrap();
        let checkpoint = Checkpoint::read(folder.path()).unwrap().unwrap();
        assert!(checkpoint.history.is_empty());
        remove(folder.path()).unwrap();
        assert!(Checkpoint::read(folder.path()).unwrap().is_none());
        remove(folder.path()).unwrap();
    }

    #[test]
    fn weights_of_another_variant_are_refused() {
        let device = Backend::Flex.open().unwrap();
        let other = NetworkConfig::plain().init(0, &device);
        let reason = Checkpoint::parse(written()).unwrap().state(other, &device).unwrap_err();
        assert!(reason.contains("hidden1"), "{reason}");
    }

    #[test]
    fn another_number_of_steps_is_damage() {
        let steps = b"\\\"steps\\\":7";
        let mut bytes = written();
        let place = bytes.windows(steps.len()).position(|there| there == steps).unwrap();
        bytes[place + steps.len() - 1] = b'6';
        assert_eq!(Checkpoint::parse(bytes).unwrap_err(), "its checksum is another");
    }

    proptest! {
        #[test]
        fn anything_else_is_refused_in_words(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Checkpoint::parse(bytes).is_err());
        }

        #[test]
        fn what_passes_for_one_is_the_same_written_again(
            (seed, steps, fit_seconds) in (any::<u64>(), any::<u64>(), any::<f64>()),
            history in prop::collection::vec(numbers(), 0..9),
            width in prop::sample::select(vec![1_usize, 2, 4]),
            sums in prop::collection::vec(numbers(), 2..5),
        ) {
            let device = Backend::Flex.open().unwrap();
            let head = Head { seed, steps, fit_seconds, ..head() };
            let rows = history.len() / width;
            let history = TensorData::new(history[..rows * width].to_vec(), [rows, width]);
            let (bytes, len) = (sums.clone(), sums.len());
            let file = forged(&head, history, TensorData::new(bytes, [len]));
            let Ok(checkpoint) = Checkpoint::parse(file) else {
                // What a fit can have left is never refused.
                let [_, correct, images] = *sums else { return Ok(()) };
                let usual = |count: f64| (0..9).any(|usual| count == f64::from(usual));
                prop_assert!(width == 1 || correct > images || !usual(correct) || !usual(images));
                return Ok(());
            };
            let sha256 = checkpoint.head.sha256.clone();
            prop_assert_eq!(&checkpoint.head, &Head { sha256, ..head.clone() });
            let state = checkpoint.state(network_config().init(2, &device), &device).unwrap();
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), &head, &state).unwrap();
            let again = Checkpoint::read(folder.path()).unwrap().unwrap();
            let again = again.state(network_config().init(2, &device), &device).unwrap();
            prop_assert_eq!(again.steps, state.steps);
            // As text: NaN is as good as any.
            prop_assert_eq!(format!("{:?}", again.history), format!("{:?}", state.history));
            prop_assert_eq!(format!("{:?}", again.sums.read()), format!("{:?}", state.sums.read()));
        }

        #[test]
        fn damage_does_not_pass_for_another_state(
            place in any::<prop::sample::Index>(),
            bit in 0_u32..8,
            cut in 0_usize..9,
        ) {
            let device = Backend::Flex.open().unwrap();
            let whole = written();
            let mut bytes = whole.clone();
            let place = place.index(bytes.len());
            bytes[place] ^= 1_u8 << bit;
            bytes.truncate(bytes.len() - cut);
            if let Ok(checkpoint) = Checkpoint::parse(bytes) {
                // Only names in the file's own header may have suffered, which no network then knows.
                let expected = Checkpoint::parse(whole).unwrap();
                prop_assert_eq!(&checkpoint.head, &expected.head);
                let network = || network_config().init(2, &device);
                let expected = expected.state(network(), &device).unwrap();
                if let Ok(found) = checkpoint.state(network(), &device) {
                    prop_assert_eq!(found.steps, expected.steps);
                    prop_assert_eq!(found.sums.read(), expected.sums.read());
                    prop_assert!(found.history == expected.history);
                    let bytes = |state: &State| weights::to_bytes(&state.network).unwrap();
                    prop_assert!(bytes(&found) == bytes(&expected));
                }
            }
        }
    }
}
