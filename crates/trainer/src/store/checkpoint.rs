//! The checkpoint in a run's folder, with which a later process resumes the run as if nothing had happened.

use std::path::Path;

use serde::{Deserialize, Serialize};
use training::{State, checkpoint};

pub use training::checkpoint::Checkpoint;

use super::{Error, files};
use crate::study::KeyValues;

/// The checkpoint's name in a run's folder.
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
    /// Every setting that the result depends on.
    pub settings: KeyValues,
    /// Tells the data set from others.
    pub dataset_sha256: String,
    /// Training steps done.
    pub steps: u64,
    /// Seconds spent fitting so far.
    pub fit_seconds: f64,
    /// Of all of this and the tensors' bytes: a damaged checkpoint must not pass for another state.
    pub sha256: String,
}

impl Header {
    /// The header as text, with the checksum that it has beside these tensors' bytes.
    pub fn text(&self, tensors: &[u8]) -> serde_json::Result<String> {
        serde_json::to_string(&Self { sha256: self.sum(tensors)?, ..self.clone() })
    }

    /// Reads a header, and checks it against the tensors' bytes beside it.
    fn parse(text: &str, tensors: &[u8]) -> Result<Self, String> {
        let header: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let sum = header.sum(tensors).map_err(|error| error.to_string())?;
        if header.sha256 == sum { Ok(header) } else { Err("its checksum is another".to_owned()) }
    }

    /// The checksum that it should have beside these tensors' bytes.
    fn sum(&self, tensors: &[u8]) -> serde_json::Result<String> {
        let words = serde_json::to_vec(&Self { sha256: String::new(), ..self.clone() })?;
        Ok(data::sha256([words.as_slice(), tensors]))
    }
}

/// Reads the checkpoint in a run's folder, if there is one.
pub fn read(folder: &Path) -> Result<Option<(Header, Checkpoint)>, Error> {
    let path = folder.join(FILE);
    let Some(bytes) = files::read(&path)? else { return Ok(None) };
    parse(bytes).map(Some).map_err(|error| Error::Malformed {
        reason: format!("not a checkpoint: {error}; move it away to begin the run again"),
        path,
    })
}

/// Reads a checkpoint from its file's bytes.
pub fn parse(bytes: Vec<u8>) -> Result<(Header, Checkpoint), training::Error> {
    Checkpoint::parse(bytes, Header::parse)
}

/// Writes a run's checkpoint.
pub fn write(folder: &Path, header: &Header, state: &State) -> Result<(), Error> {
    let header = |tensors: &[u8]| header.text(tensors).map_err(|error| error.to_string());
    files::write(&folder.join(FILE), &checkpoint::to_bytes(state, header)?)
}

/// Takes a run's checkpoint away, if there is one.
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

    /// A checkpoint's bytes.
    fn written() -> Vec<u8> {
        let device = Backend::Flex.open().unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &header(), &state(&device)).unwrap();
        fs::read(folder.path().join(FILE)).unwrap()
    }

    #[test]
    fn a_folder_gives_back_what_was_written() {
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
    fn another_number_of_steps_is_damage() {
        let steps = b"\\\"steps\\\":7";
        let mut bytes = written();
        let index = bytes.windows(steps.len()).position(|window| window == steps).unwrap();
        bytes[index + steps.len() - 1] = b'6';
        assert_eq!(parse(bytes).unwrap_err().to_string(), "its checksum is another");
    }

    proptest! {
        #[test]
        fn damage_does_not_pass_for_another_state(
            index in any::<prop::sample::Index>(),
            bit in 0_u32..8,
            cut in 0_usize..9,
        ) {
            let device = Backend::Flex.open().unwrap();
            let whole = written();
            let mut bytes = whole.clone();
            let index = index.index(bytes.len());
            bytes[index] ^= 1_u8 << bit;
            bytes.truncate(bytes.len() - cut);
            if let Ok((header, checkpoint)) = parse(bytes) {
                // Only names in the file's own header may have suffered, which no network then knows.
                let (expected_header, expected) = parse(whole).unwrap();
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
