//! Weights in safetensors files.

use std::{fs, path::Path};

use burn::store::{ModuleSnapshot, SafetensorsStore};
use model::Network;

use crate::error::Error;

/// A network's weights, taken off the graph by [`valid`](burn::module::Module::valid), as a safetensors file's
/// bytes: `hidden1.kernel` `[inputs, units]`, `hidden1.bias` `[units]`, `hidden2.batch_norm.gamma`
/// and so on.
///
/// # Errors
///
/// When the device does not give them up.
pub fn to_bytes(network: &Network, path: &Path) -> Result<Vec<u8>, Error> {
    // Burn's metadata comes in any order; without it, equal weights are equal bytes.
    let mut store = SafetensorsStore::from_bytes(None).clear_metadata();
    let malformed = |error: String| Error::Malformed { path: path.to_owned(), reason: error };
    network.save_into(&mut store).map_err(|error| malformed(error.to_string()))?;
    store.get_bytes().map_err(|error| malformed(error.to_string()))
}

/// A network with a safetensors file's weights in place of its own. The file must hold every
/// tensor of the network, in its shape, and no other.
///
/// # Errors
///
/// When the file cannot be read or does not fit.
pub fn read(path: &Path, mut network: Network) -> Result<Network, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let malformed = |reason: String| Error::Malformed { path: path.to_owned(), reason };
    let mut store = SafetensorsStore::from_bytes(Some(bytes));
    let result = (network.load_from(&mut store)).map_err(|error| malformed(error.to_string()))?;
    if !result.unused.is_empty() {
        let names = result.unused.join(", ");
        return Err(malformed(format!("holds tensors that the variant has not: {names}")));
    }
    Ok(network)
}
