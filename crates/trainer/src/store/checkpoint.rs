//! The saved state of a run: the checkpoint from which a later process resumes it, and the state after its last epoch,
//! from which a run of more epochs starts.

use std::path::Path;

use serde::{Deserialize, Serialize};
use training::{State, checkpoint};

pub use training::checkpoint::Checkpoint;

use super::{Error, files};

/// File name of the checkpoint of a run that is under way.
pub const FILE: &str = "checkpoint.safetensors";
/// File name of the state after the last epoch.
pub const STATE: &str = "state.safetensors";

/// Header of a saved state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Id of the run.
    pub run: String,
    /// Optimizer steps done.
    pub steps: u64,
    /// Seconds spent fitting so far.
    pub fit_seconds: f64,
    /// SHA-256 of the other fields and the tensors' bytes. It detects a damaged file.
    pub sha256: String,
}

impl Header {
    /// Creates the header of a run's state after `steps` steps, which took `fit_seconds` seconds.
    pub fn new(run: &str, steps: u64, fit_seconds: f64) -> Self {
        Self { run: run.to_owned(), steps, fit_seconds, sha256: String::new() }
    }

    /// Serialises the header as JSON, with the checksum of its other fields and of these tensors' bytes.
    pub fn text(&self, tensors: &[u8]) -> Result<String, String> {
        let header = Self { sha256: self.checksum(tensors)?, ..self.clone() };
        serde_json::to_string(&header).map_err(|error| error.to_string())
    }

    /// Parses a header and verifies its checksum against the tensors' bytes.
    fn parse(text: &str, tensors: &[u8]) -> Result<Self, String> {
        let header: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let expected = header.checksum(tensors)?;
        if header.sha256 == expected { Ok(header) } else { Err("checksum mismatch".to_owned()) }
    }

    /// Computes the SHA-256 of the header's other fields and these tensors' bytes.
    fn checksum(&self, tensors: &[u8]) -> Result<String, String> {
        let json = serde_json::to_vec(&Self { sha256: String::new(), ..self.clone() });
        Ok(data::sha256([json.map_err(|error| error.to_string())?.as_slice(), tensors]))
    }
}

/// Reads the saved state of the run of this id; `None` if there is none.
pub fn read(path: &Path, run: &str) -> Result<Option<(Header, Checkpoint)>, Error> {
    let Some(bytes) = files::read(path)? else { return Ok(None) };
    let malformed = |reason| Error::Malformed { path: path.to_owned(), reason };
    let (header, checkpoint) = parse(bytes).map_err(|error| malformed(error.to_string()))?;
    if header.run != run {
        return Err(malformed(format!("it belongs to the run {}", header.run)));
    }
    Ok(Some((header, checkpoint)))
}

/// Parses a saved state and verifies its checksum.
pub fn parse(bytes: Vec<u8>) -> Result<(Header, Checkpoint), training::Error> {
    Checkpoint::parse(bytes, Header::parse)
}

/// Saves a run's state.
pub fn write(path: &Path, header: &Header, state: &State) -> Result<(), Error> {
    files::write(path, &checkpoint::to_bytes(state, |tensors| header.text(tensors))?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use burn::tensor::{Device, Tensor};
    use model::{Loss, Network, NetworkNoise, presets};
    use proptest::prelude::*;
    use training::{
        Batch, Columns, Epoch, Metrics, OptimizerConfig, RuleConfig, RunningMetrics, weights,
    };

    use super::*;
    use crate::study::Backend;

    const COLUMNS: Columns = Columns { depth: 2, is_validated: false, has_wrong_labels: false };

    fn adam() -> OptimizerConfig {
        let rule = RuleConfig::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
        OptimizerConfig { rule, ..OptimizerConfig::default() }
    }

    fn network(seed: u64, device: &Device) -> Network {
        let [.., (_, config)] = presets(&[2, 2]);
        config.init(3, 10, seed, device)
    }

    fn header() -> Header {
        Header::new("0123456789ab", 7, 0.1)
    }

    fn state(device: &Device) -> State {
        let train = Metrics { loss: 0.1, accuracy: 1.0 / 3.0 };
        let images = Tensor::from_data([[1.0, 0.5, 0.0], [0.0, 1.0, 0.2]], device);
        let batch = Batch { images: images.into(), classes: Tensor::from_data([3, 1], device) };
        State {
            steps: 7,
            metrics: RunningMetrics::from_sums([0.1_f32.into(), 5.0, 20.0], device),
            history: vec![Epoch { number: 1, train, validation: None, recorded: None }],
            ..State::new(network(1, device), &adam()).step(
                batch,
                NetworkNoise::default(),
                Loss::default(),
            )
        }
    }

    /// Returns the bytes of a checkpoint file.
    fn checkpoint_bytes() -> Vec<u8> {
        let device = Backend::Flex.open().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        write(&path, &header(), &state(&device)).unwrap();
        fs::read(path).unwrap()
    }

    #[test]
    fn reads_back_what_was_written() {
        let device = Backend::Flex.open().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let read = || read(&path, &header().run);
        assert!(read().unwrap().is_none());
        let expected = state(&device);
        write(&path, &header(), &expected).unwrap();
        let (found, checkpoint) = read().unwrap().unwrap();
        assert_eq!(found, Header { sha256: found.sha256.clone(), ..header() });
        let found = {
            let optimizer = adam();
            checkpoint
                .state(network(2, &device), &optimizer, found.steps, COLUMNS, &device)
                .unwrap()
        };
        assert_eq!((found.steps, &found.history), (expected.steps, &expected.history));
        let error = super::read(&path, "ba9876543210").unwrap_err();
        assert!(error.to_string().ends_with("it belongs to the run 0123456789ab"), "{error}");
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
                let optimizer = adam();
                let expected = expected.state(network(), &optimizer, 7, COLUMNS, &device).unwrap();
                if let Ok(found) = checkpoint.state(network(), &optimizer, 7, COLUMNS, &device) {
                    prop_assert_eq!(found.metrics.sums(), expected.metrics.sums());
                    prop_assert!(found.history == expected.history);
                    let bytes = |state: &State| weights::to_bytes(&state.network).unwrap();
                    prop_assert!(bytes(&found) == bytes(&expected));
                }
            }
        }
    }
}
