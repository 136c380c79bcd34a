//! Weights to start from.

use std::{fs, path::Path};

use model::Network;
use training::weights::Weights;

use crate::study::SettingError;

/// Weights to start from, as a safetensors file has them.
#[derive(Debug)]
pub struct StartWeights {
    weights: Weights,
    /// Tells one file's contents from another's.
    pub sha256: String,
}

impl StartWeights {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, SettingError> {
        let refused = |reason: String| refused(format!("{}: {reason}", path.display()));
        let bytes = fs::read(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        let sha256 = data::sha256([bytes.as_slice()]);
        let weights = Weights::parse(bytes).map_err(|error| refused(error.to_string()))?;
        Ok(Self { weights, sha256 })
    }

    /// Puts these weights in place of a network's own. The file must hold every tensor of the network, as
    /// float32 and in its shape, and no other.
    pub fn load(&self, network: Network) -> Result<Network, SettingError> {
        self.weights.load(network).map_err(|error| refused(error.to_string()))
    }
}

fn refused(reason: String) -> SettingError {
    SettingError { key: "fit.weights", reason }
}
