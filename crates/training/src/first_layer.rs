//! The first layer by epoch: the kernels of some of its units, from before the first step on.

use std::collections::BTreeMap;

use burn::{
    module::Module,
    tensor::{DType, TensorData, f16, s},
};
use model::Network;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{Error, weights};

/// Number of units, the first ones, whose kernels are kept.
pub const UNITS: usize = 8;
/// Prefix of the names of the tensors in a file of their own.
const EPOCH: &str = "epoch.";

/// The kernels of the first layer's first [`UNITS`] units after some epochs, for pictures: float16 `[inputs, units]`.
///
/// They are of the epochs 0 (before the first step), 1, 2, 3, 4, 6, 8, 12, 16, 24 and so on, as weights change most at
/// first. So a fit of more epochs has those of a fit of fewer ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FirstLayer(BTreeMap<usize, TensorData>);

impl FirstLayer {
    /// Keeps a network's kernels after the epoch of this number, if it is one of those that are kept.
    pub(crate) fn keep(&mut self, epoch: usize, network: &Network) {
        let is_kept = epoch == 0 || epoch >> epoch.trailing_zeros() <= 3;
        if is_kept {
            let kernel = network.valid().hidden[0].dense.kernel.val();
            let units = UNITS.min(kernel.dims()[1]);
            let data = kernel.slice(s![.., 0..units]).into_data();
            self.0.insert(epoch, data.convert::<f16>());
        }
    }

    /// Serialises the kernels as the bytes of a safetensors file with a tensor for each epoch: `epoch.0`, `epoch.1`
    /// and so on.
    ///
    /// # Errors
    ///
    /// [`Error::Save`] if they cannot be serialised.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        weights::serialize(&self.tensors(EPOCH).collect(), None)
    }

    /// Parses the bytes of a file of kernels. Returns those of each epoch, row-major `[inputs, units]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSafetensors`] if the bytes are no safetensors file, and [`Error::WeightsMismatch`] if it has
    /// other tensors.
    pub fn parse(bytes: &[u8]) -> Result<BTreeMap<usize, Vec<f32>>, Error> {
        let file = SafeTensors::deserialize(bytes)
            .map_err(|error| Error::InvalidSafetensors(error.to_string()))?;
        let Self(kernels) = Self::read(EPOCH, file.tensors())?;
        Ok(kernels.into_iter().map(|(epoch, data)| (epoch, data.iter().collect())).collect())
    }

    /// Returns the tensors, each named by its epoch after a prefix.
    pub(crate) fn tensors(&self, prefix: &str) -> impl Iterator<Item = (String, TensorData)> {
        self.0.iter().map(move |(epoch, data)| (format!("{prefix}{epoch}"), data.clone()))
    }

    /// Reads the tensors of a file whose names are an epoch after a prefix.
    pub(crate) fn read<'a>(
        prefix: &str,
        tensors: impl IntoIterator<Item = (String, TensorView<'a>)>,
    ) -> Result<Self, Error> {
        let mut kernels = BTreeMap::new();
        for (name, view) in tensors {
            let Some(epoch) = name.strip_prefix(prefix) else { continue };
            let (Ok(epoch), Dtype::F16, [_, _]) = (epoch.parse(), view.dtype(), view.shape())
            else {
                return Err(Error::WeightsMismatch(format!("`{name}` is no kernel of an epoch")));
            };
            let shape = view.shape().to_vec();
            kernels
                .insert(epoch, TensorData::from_bytes_vec(view.data().to_vec(), shape, DType::F16));
        }
        Ok(Self(kernels))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use model::NetworkConfig;

    use super::*;

    #[test]
    fn kernels_of_some_epochs_are_kept_and_read_back() {
        let network = NetworkConfig::plain(&[9]).init(3, 10, 1, &Device::flex());
        let mut kept = FirstLayer::default();
        (0..=20).for_each(|epoch| kept.keep(epoch, &network));
        let read = FirstLayer::parse(&kept.to_bytes().unwrap()).unwrap();
        assert_eq!(read.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 6, 8, 12, 16]);
        let kernel: Vec<f32> = network.hidden[0].dense.kernel.val().into_data().iter().collect();
        // The second row begins after the nine units of the first.
        assert_eq!(read[&6].len(), 3 * UNITS);
        for (index, expected) in [(0, kernel[0]), (7, kernel[7]), (8, kernel[9])] {
            assert!((read[&6][index] - expected).abs() < 1e-3, "{index}");
        }

        let tensors = |name: &str, data: TensorData| {
            weights::serialize(&BTreeMap::from([(name.to_owned(), data)]), None).unwrap()
        };
        let half = TensorData::zeros::<f16, _>([1, 2]);
        assert!(FirstLayer::parse(&tensors("epoch.3", half.clone())).is_ok());
        for bytes in [
            tensors("epoch.x", half),
            tensors("epoch.3", TensorData::zeros::<f16, _>([2])),
            tensors("epoch.3", TensorData::zeros::<f32, _>([1, 2])),
        ] {
            assert!(matches!(FirstLayer::parse(&bytes), Err(Error::WeightsMismatch(_))));
        }
        assert!(FirstLayer::parse(b"no file").is_err());
    }
}
