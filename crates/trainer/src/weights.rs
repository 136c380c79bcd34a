//! Weights in safetensors files.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{DType, Tensor, TensorData},
};
use model::Network;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::error::Error;

/// A network's weights as a safetensors file's bytes: `hidden1.kernel` `[inputs, units]`, `hidden1.bias`
/// `[units]`, `hidden2.batch_norm.gamma` and so on, float32. Equal weights are equal bytes.
///
/// # Errors
///
/// When the device does not give them up.
pub fn to_bytes(network: &Network) -> Result<Vec<u8>, Error> {
    serialize(&tensors(network)?, None)
}

/// A network's weights by their names.
pub(crate) fn tensors(network: &Network) -> Result<BTreeMap<String, TensorData>, Error> {
    let mut saver = Saver::default();
    network.visit(&mut saver);
    saver.tensors.map_err(Error::Unsaved)
}

/// The bytes of a safetensors file of float32 and float64 tensors.
pub(crate) fn serialize(
    tensors: &BTreeMap<String, TensorData>,
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, Error> {
    let views = tensors.iter().map(|(name, data)| {
        let dtype = if data.dtype() == DType::F64 { Dtype::F64 } else { Dtype::F32 };
        TensorView::new(dtype, data.shape().to_vec(), data.as_bytes()).map(|view| (name, view))
    });
    let views: Result<Vec<_>, _> = views.collect();
    let bytes = views.and_then(|views| safetensors::serialize(views, metadata));
    bytes.map_err(|error| Error::Unsaved(error.to_string()))
}

/// A network with a file's weights in place of its own. The file must hold every tensor of the
/// network, as float32 and in its shape, and no other but those named.
///
/// # Errors
///
/// Why it does not.
pub(crate) fn load(
    network: Network,
    file: &SafeTensors<'_>,
    others: &[&str],
) -> Result<Network, String> {
    let unused = file.names().into_iter().filter(|name| !others.contains(name)).collect();
    let mut loader = Loader { file, path: Vec::new(), unused, refusal: None };
    let network = network.map(&mut loader);
    match (loader.refusal, loader.unused.first()) {
        (Some(reason), _) => Err(reason),
        (None, Some(name)) => Err(format!("the file holds `{name}`, which the variant has not")),
        (None, None) => Ok(network),
    }
}

/// Takes a network's tensors by their names.
struct Saver {
    path: Vec<String>,
    tensors: Result<BTreeMap<String, TensorData>, String>,
}

impl Default for Saver {
    fn default() -> Self {
        Self { path: Vec::new(), tensors: Ok(BTreeMap::new()) }
    }
}

impl ModuleVisitor for Saver {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let Ok(tensors) = &mut self.tensors else { return };
        match parameter.val().try_into_data() {
            Ok(data) => {
                tensors.insert(self.path.join("."), data);
            }
            Err(error) => self.tensors = Err(error.to_string()),
        }
    }
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
        Self::parse(bytes).map_err(|reason| refused(format!("is not a safetensors file: {reason}")))
    }

    /// Takes a file's bytes.
    ///
    /// # Errors
    ///
    /// Why they are no safetensors file.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
        Ok(Self { sha256: data::sha256([bytes.as_slice()]), bytes })
    }

    /// A network with these weights in place of its own. The file must hold every tensor of the
    /// network, as float32 and in its shape, and no other.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn load(&self, network: Network) -> Result<Network, Error> {
        let file = SafeTensors::deserialize(&self.bytes);
        let file = file.map_err(|error| refused(error.to_string()))?;
        load(network, &file, &[]).map_err(refused)
    }
}

/// Puts a file's tensors in place of a network's, by their names.
struct Loader<'a> {
    file: &'a SafeTensors<'a>,
    path: Vec<String>,
    /// Names in the file that the network has not had so far.
    unused: BTreeSet<&'a str>,
    /// The first reason why the file does not fit.
    refusal: Option<String>,
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        self.unused.remove(name.as_str());
        parameter.map(|own| match self.tensor(&name, own.shape().as_slice()) {
            Ok(data) => Tensor::from_data(data, &own.device()),
            Err(reason) => {
                self.refusal.get_or_insert(reason);
                own
            }
        })
    }
}

impl Loader<'_> {
    /// The file's tensor of a name, which has to be float32 in this shape.
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<TensorData, String> {
        let view = self.file.tensor(name);
        let view = view.map_err(|_| format!("the file lacks `{name}`, which the variant has"))?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            let (dtype, given) = (view.dtype(), view.shape());
            return Err(format!(
                "`{name}` is {dtype:?} {given:?} in the file, but has to be F32 {shape:?}"
            ));
        }
        let values = view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        Ok(TensorData::new(values.collect(), shape))
    }
}

fn refused(reason: String) -> Error {
    Error::Unfit { key: "fit.weights", reason }
}
