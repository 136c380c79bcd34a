//! A trained network for the page: its parameters and the histogram of its weights.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use model::{BIAS, EPSILON, KERNEL, LayerName, Norm};
use safetensors::{SafeTensorError, SafeTensors};
use serde::Serialize;
use training::{NEAR_ZERO, Pixels, SavedModel};

use crate::{
    results::Row,
    store::{Error, record::MODEL},
    study::Backend,
};

/// A network with which the page classifies images.
#[derive(Debug, Serialize)]
pub(super) struct PageNetwork {
    pixels: Pixels,
    epsilon: f64,
    layers: Vec<DenseLayer>,
    /// The kernel of the shown layer, row-major `[inputs, units]`.
    #[serde(skip)]
    pub(super) kernel: Vec<f32>,
    /// The kernel of the first layer, row-major `[inputs, units]`.
    #[serde(skip)]
    pub(super) first_kernel: Vec<f32>,
}

/// A dense layer. Tensors are little-endian float32 in base64; the kernel is row-major `[inputs, units]`.
#[derive(Debug, Serialize)]
struct DenseLayer {
    inputs: usize,
    units: usize,
    kernel: String,
    bias: String,
    /// Tensors of the normalisation after the layer, by its name.
    #[serde(flatten)]
    norm: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
}

impl PageNetwork {
    /// Reads the network of a finished run, for the page and for inference.
    ///
    /// Its `kernel` is that of the layer `shown`, or of the last hidden layer if `shown` is `None` or the network lacks
    /// that layer.
    pub(super) fn read(row: &Row, shown: Option<LayerName>) -> Result<(Self, SavedModel), Error> {
        let bytes = row.record.read_file(&row.folder, MODEL)?;
        Self::parse(&bytes, shown)
            .map_err(|reason| Error::Malformed { path: row.folder.join(MODEL), reason })
    }

    fn parse(bytes: &[u8], shown: Option<LayerName>) -> Result<(Self, SavedModel), String> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let device = Backend::Flex.open().map_err(|error| error.to_string())?;
        let model = SavedModel::parse(bytes, device).map_err(|error| error.to_string())?;
        let depth = model.depth();
        let names: Vec<LayerName> =
            (0..depth).map(LayerName::Hidden).chain([LayerName::Output]).collect();
        let layers: Result<Vec<DenseLayer>, _> =
            names.iter().map(|name| DenseLayer::read(&file, &name.to_string())).collect();
        let last = LayerName::Hidden(depth - 1);
        let shown = shown.filter(|shown| names.contains(shown)).unwrap_or(last);
        let kernel = |layer: LayerName| -> Result<Vec<f32>, String> {
            let tensor = file.tensor(&layer.tensor(KERNEL)).map_err(|error| error.to_string())?;
            Ok(tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
        };
        let network = Self {
            pixels: model.input.pixels,
            epsilon: EPSILON,
            layers: layers.map_err(|error| error.to_string())?,
            kernel: kernel(shown)?,
            first_kernel: kernel(LayerName::Hidden(0))?,
        };
        Ok((network, model))
    }

    pub(super) fn first_layer_units(&self) -> usize {
        self.layers[0].units
    }

    /// Returns the size of its tensors on the page.
    pub(super) fn bytes(&self) -> usize {
        let layers = self.layers.iter().map(|layer| {
            let norms = layer.norm.values().flat_map(BTreeMap::values).map(String::len);
            layer.kernel.len() + layer.bias.len() + norms.sum::<usize>()
        });
        layers.sum()
    }
}

#[cfg(test)]
impl PageNetwork {
    /// Creates a network whose tensors have `bytes` bytes.
    pub(crate) fn sample(bytes: usize) -> Self {
        let (kernel, bias, norm) = ("A".repeat(bytes), String::new(), BTreeMap::new());
        let layer = DenseLayer { inputs: 1, units: 1, kernel, bias, norm };
        let (kernel, first_kernel) = (Vec::new(), Vec::new());
        Self { pixels: Pixels::Unit, epsilon: EPSILON, layers: vec![layer], kernel, first_kernel }
    }
}

impl DenseLayer {
    fn read(file: &SafeTensors<'_>, name: &str) -> Result<Self, SafeTensorError> {
        let tensor = |part: &str| file.tensor(&format!("{name}.{part}"));
        let encoded =
            |part: &str| Ok::<_, SafeTensorError>(BASE64_STANDARD.encode(tensor(part)?.data()));
        let mut norm = BTreeMap::new();
        for kind in Norm::ALL {
            let name = |part: &str| format!("{}.{part}", kind.name());
            let parts = kind.tensors();
            if parts.iter().any(|part| tensor(&name(part)).is_ok()) {
                let tensors = parts.iter().map(|&part| Ok((part, encoded(&name(part))?)));
                norm.insert(kind.name(), tensors.collect::<Result<_, SafeTensorError>>()?);
            }
        }
        let [inputs, units] = *tensor(KERNEL)?.shape() else {
            return Err(SafeTensorError::TensorInvalidInfo);
        };
        Ok(Self { inputs, units, kernel: encoded(KERNEL)?, bias: encoded(BIAS)?, norm })
    }
}

/// The histogram of a kernel's weights, and norms of the kernel.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct WeightHistogram {
    edges: Vec<f64>,
    counts: Vec<usize>,
    /// The share of weights up to [`NEAR_ZERO`] in magnitude, 0 to 1.
    pub(super) near_zero: f64,
    /// The sum of the magnitudes.
    l1: f64,
    /// The square root of the sum of squares.
    pub(super) l2: f64,
    /// The run's seed.
    pub(super) seed: u64,
}

impl WeightHistogram {
    /// Counts a kernel's weights in the bins between the edges. The outermost bins include the weights beyond them. NaN
    /// is left out.
    pub(super) fn new(kernel: &[f32], edges: Vec<f64>, seed: u64) -> Self {
        let mut counts = vec![0; edges.len().saturating_sub(1)];
        for &weight in kernel {
            let bin = edges.partition_point(|&edge| edge <= f64::from(weight)).saturating_sub(1);
            let bin = bin.min(counts.len().saturating_sub(1));
            if let Some(count) = counts.get_mut(bin).filter(|_| !weight.is_nan()) {
                *count += 1;
            }
        }
        let magnitudes = || kernel.iter().map(|&weight| f64::from(weight).abs());
        let near_zero = magnitudes().filter(|&magnitude| magnitude <= f64::from(NEAR_ZERO)).count();
        Self {
            edges,
            counts,
            near_zero: near_zero as f64 / kernel.len() as f64,
            l1: magnitudes().sum(),
            l2: magnitudes().map(|magnitude| magnitude * magnitude).sum::<f64>().sqrt(),
            seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_counted_in_its_bin() {
        let kernel = [-1.0, -0.5, 0.0, 0.0005, 0.25, 1.0, f32::NAN];
        let histogram = WeightHistogram::new(&kernel, vec![-1.0, -0.5, 0.0, 0.5, 1.0], 7);
        assert_eq!(histogram.counts, [1, 1, 3, 1]);
        assert!((histogram.near_zero - 2.0 / 7.0).abs() < 1e-12);
        let histogram = WeightHistogram::new(&kernel, vec![-0.2, 0.0, 0.1, 0.2], 7);
        assert_eq!(histogram.counts, [2, 2, 2]);
        let histogram = WeightHistogram::new(&kernel[..6], vec![-1.0, 1.0], 7);
        assert!((histogram.l1 - 2.7505).abs() < 1e-6);
        assert!((histogram.l2 - 2.3125_f64.sqrt()).abs() < 1e-6);
    }
}
