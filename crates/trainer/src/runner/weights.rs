//! Start weights.

use std::{fs, path::Path};

use model::Network;
use training::weights::Weights;

use crate::study::SettingError;

/// Start weights of a safetensors file.
#[derive(Debug)]
pub struct StartWeights {
    weights: Weights,
    /// SHA-256 of the file.
    pub sha256: String,
}

impl StartWeights {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, SettingError> {
        let refused = |reason: String| refused(format!("{}: {reason}", path.display()));
        // A device could be endless, and reading a pipe could block.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(refused("cannot be read: it is not a regular file".to_owned()));
        }
        let bytes = fs::read(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        let sha256 = data::sha256([bytes.as_slice()]);
        let weights = Weights::parse(bytes).map_err(|error| refused(error.to_string()))?;
        Ok(Self { weights, sha256 })
    }

    /// Replaces a network's weights. The file must hold exactly the network's tensors, as float32 and in their
    /// shapes.
    pub fn load(&self, network: Network) -> Result<Network, SettingError> {
        self.weights.load(network).map_err(|error| refused(error.to_string()))
    }
}

fn refused(reason: String) -> SettingError {
    SettingError { key: "fit.weights", reason }
}
