//! The checkpoint in a run's folder, from which a later process resumes the run.

use std::path::Path;

use serde::{Deserialize, Serialize};
use training::{State, checkpoint};

pub use training::checkpoint::Checkpoint;

use super::{Error, files};
use crate::study::KeyValues;

/// File name of the checkpoint in a run's folder.
pub const FILE: &str = "checkpoint.safetensors";

/// A checkpoint's header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The variant's name.
    pub variant: String,
    /// The run's seed.
    pub seed: u64,
    /// The run's point in the sweep.
    pub point: KeyValues,
    /// Settings that the result depends on.
    pub settings: KeyValues,
    /// SHA-256 of the data set.
    pub dataset_sha256: String,
    /// Optimizer steps done.
    pub steps: u64,
    /// Seconds spent fitting so far.
    pub fit_seconds: f64,
    /// SHA-256 of the other fields and the tensors' bytes. It detects a damaged checkpoint.
    pub sha256: String,
}

impl Header {
    /// Serialises the header as JSON, with the checksum of its other fields and of these tensors' bytes.
    pub fn text(&self, tensors: &[u8]) -> serde_json::Result<String> {
        serde_json::to_string(&Self { sha256: self.checksum(tensors)?, ..self.clone() })
    }

    /// Parses a header and verifies its checksum against the tensors' bytes.
    fn parse(text: &str, tensors: &[u8]) -> Result<Self, String> {
        let header: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let expected = header.checksum(tensors).map_err(|error| error.to_string())?;
        if header.sha256 == expected { Ok(header) } else { Err("checksum mismatch".to_owned()) }
    }

    /// Computes the SHA-256 of the header's other fields and these tensors' bytes.
    fn checksum(&self, tensors: &[u8]) -> serde_json::Result<String> {
        let json = serde_json::to_vec(&Self { sha256: String::new(), ..self.clone() })?;
        Ok(data::sha256([json.as_slice(), tensors]))
    }
}

/// Reads the checkpoint in a run's folder; `None` if there is none.
pub fn read(folder: &Path) -> Result<Option<(Header, Checkpoint)>, Error> {
    let path = folder.join(FILE);
    let Some(bytes) = files::read(&path)? else { return Ok(None) };
    parse(bytes).map(Some).map_err(|error| Error::Malformed {
        reason: format!("not a checkpoint: {error}; move it away to restart the run"),
        path,
    })
}

/// Parses a checkpoint and verifies its checksum.
pub fn parse(bytes: Vec<u8>) -> Result<(Header, Checkpoint), training::Error> {
    Checkpoint::parse(bytes, Header::parse)
}

/// Writes a run's checkpoint.
pub fn write(folder: &Path, header: &Header, state: &State) -> Result<(), Error> {
    let header = |tensors: &[u8]| header.text(tensors).map_err(|error| error.to_string());
    files::write(&folder.join(FILE), &checkpoint::to_bytes(state, header)?)
}

/// Deletes a run's checkpoint, if there is one.
pub fn remove(folder: &Path) -> Result<(), Error> {
    files::remove(&folder.join(FILE))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use burn::tensor::Device;
    use model::{Network, presets};
    use proptest::prelude::*;
    use training::{Epoch, Metrics, RunningMetrics, weights};

    use super::*;
    use crate::study::Backend;

    fn network(seed: u64, device: &Device) -> Network {
        let [.., variant] = presets(&[2, 2]);
        variant.network.init(3, 10, seed, device)
    }

    fn header() -> Header {
        let settings = KeyValues::from([("fit.learning_rate".to_owned(), 0.1.into())]);
        Header {
            variant: "mine".to_owned(),
            seed: 3,
            point: KeyValues::new(),
            settings,
            dataset_sha256: "abc".to_owned(),
            steps: 7,
            fit_seconds: 0.1,
            sha256: String::new(),
        }
    }

    fn state(device: &Device) -> State {
        let train = Metrics { loss: 0.1, accuracy: 1.0 / 3.0 };
        State {
            steps: 7,
            metrics: RunningMetrics::from_sums([0.1_f32.into(), 5.0, 20.0], device),
            history: vec![Epoch { number: 1, train, validation: None }],
            ..State::new(network(1, device))
        }
    }

    /// Returns the bytes of a checkpoint file.
    fn checkpoint_bytes() -> Vec<u8> {
        let device = Backend::Flex.open().unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &header(), &state(&device)).unwrap();
        fs::read(folder.path().join(FILE)).unwrap()
    }

    #[test]
    fn reads_back_what_was_written() {
        let device = Backend::Flex.open().unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_none());
        let expected = state(&device);
        write(folder.path(), &header(), &expected).unwrap();
        let (found, checkpoint) = read(folder.path()).unwrap().unwrap();
        assert_eq!(found, Header { sha256: found.sha256.clone(), ..header() });
        let found = checkpoint.state(network(2, &device), found.steps, &device).unwrap();
        assert_eq!((found.steps, &found.history), (expected.steps, &expected.history));
        remove(folder.path()).unwrap();
        assert!(read(folder.path()).unwrap().is_none());
        remove(folder.path()).unwrap();
    }

    #[test]
    fn a_changed_step_count_is_detected() {
        let steps = b"\\\"steps\\\":7";
        let mut bytes = checkpoint_bytes();
        let index = bytes.windows(steps.len()).position(|window| window == steps).unwrap();
        bytes[index + steps.len() - 1] = b'6';
        assert_eq!(parse(bytes).unwrap_err().to_string(), "checksum mismatch");
    }

    proptest! {
        #[test]
        fn a_damaged_checkpoint_never_loads_as_another_state(
            index in any::<prop::sample::Index>(),
            bit in 0_u32..8,
            cut in 0_usize..9,
        ) {
            let device = Backend::Flex.open().unwrap();
            let original = checkpoint_bytes();
            let mut bytes = original.clone();
            let index = index.index(bytes.len());
            bytes[index] ^= 1_u8 << bit;
            bytes.truncate(bytes.len() - cut);
            if let Ok((header, checkpoint)) = parse(bytes) {
                // The checksum does not cover tensor names, so loading may still fail, but never with other values.
                let (expected_header, expected) = parse(original).unwrap();
                prop_assert_eq!(&header, &expected_header);
                let network = || network(2, &device);
                let expected = expected.state(network(), 7, &device).unwrap();
                if let Ok(found) = checkpoint.state(network(), 7, &device) {
                    prop_assert_eq!(found.metrics.sums(), expected.metrics.sums());
                    prop_assert!(found.history == expected.history);
                    let bytes = |state: &State| weights::to_bytes(&state.network).unwrap();
                    prop_assert!(bytes(&found) == bytes(&expected));
                }
            }
        }
    }
}
