//! Weights in safetensors files.

use std::{collections::BTreeMap, fs, path::Path};

use burn::store::{ModuleSnapshot, SafetensorsStore};
use model::Network;
use safetensors::{Dtype, SafeTensors};

use crate::error::Error;

/// A network's weights, taken off the graph by [`valid`](burn::module::Module::valid), as a safetensors file's
/// bytes: `hidden1.kernel` `[inputs, units]`, `hidden1.bias` `[units]`, `hidden2.batch_norm.gamma`
/// and so on. Equal weights are equal bytes.
///
/// # Errors
///
/// When the device does not give them up.
pub fn to_bytes(network: &Network) -> Result<Vec<u8>, Error> {
    // Burn's metadata comes in any order.
    let mut store = SafetensorsStore::from_bytes(None).clear_metadata();
    let unsaved = |error: &dyn ToString| Error::Unsaved(error.to_string());
    network.save_into(&mut store).map_err(|error| unsaved(&error))?;
    store.get_bytes().map_err(|error| unsaved(&error))
}

/// Weights to start from, as a safetensors file has them.
#[derive(Debug)]
pub struct StartWeights {
    bytes: Vec<u8>,
    /// Tells one file's contents from another's.
    pub sha256: String,
}

impl StartWeights {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is no safetensors file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let refused = |reason: String| refused(format!("{}: {reason}", path.display()));
        let bytes = fs::read(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        SafeTensors::deserialize(&bytes)
            .map_err(|error| refused(format!("is not a safetensors file: {error}")))?;
        Ok(Self { sha256: data::sha256([bytes.as_slice()]), bytes })
    }

    /// A network with these weights in place of its own. The file must hold every tensor of the
    /// network, as float32 and in its shape, and no other.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn load(&self, mut network: Network) -> Result<Network, Error> {
        let own = to_bytes(&network)?;
        let (own, given) = (tensors(&own)?, tensors(&self.bytes)?);
        for (name, (dtype, shape)) in &own {
            let Some((given_dtype, given_shape)) = given.get(name) else {
                return Err(refused(format!("the file lacks `{name}`, which the variant has")));
            };
            if given_dtype != dtype || given_shape != shape {
                let given = format!("{given_dtype:?} {given_shape:?}");
                return Err(refused(format!(
                    "`{name}` is {given} in the file, but has to be {dtype:?} {shape:?}"
                )));
            }
        }
        if let Some(name) = given.keys().find(|name| !own.contains_key(*name)) {
            return Err(refused(format!("the file holds `{name}`, which the variant has not")));
        }
        let mut store = SafetensorsStore::from_bytes(Some(self.bytes.clone()));
        network.load_from(&mut store).map_err(|error| refused(error.to_string()))?;
        Ok(network)
    }
}

/// Names, types and shapes in a safetensors file.
fn tensors(bytes: &[u8]) -> Result<BTreeMap<String, (Dtype, Vec<usize>)>, Error> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| refused(error.to_string()))?;
    let tensors =
        file.iter().map(|(name, view)| (name.to_owned(), (view.dtype(), view.shape().to_vec())));
    Ok(tensors.collect())
}

fn refused(reason: String) -> Error {
    Error::Unfit { key: "fit.weights", reason }
}
