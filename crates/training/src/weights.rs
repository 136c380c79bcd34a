//! Weights in safetensors files.

use std::collections::{BTreeMap, HashMap};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{DType, Tensor, TensorData},
};
use data::Shape;
use model::{KERNEL, LayerName, Network, NetworkConfig, Norm, tensor_name};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{Error, InputFormat};

/// Serialises a network's weights as [`to_bytes`] does, with the format of its images in the file's metadata.
pub fn to_bytes_with_input(network: &Network, input: &InputFormat) -> Result<Vec<u8>, Error> {
    let metadata = HashMap::from([(InputFormat::KEY.to_owned(), input.to_json()?)]);
    serialize(&tensors(network)?, Some(metadata))
}

/// Serialises a network's weights as the bytes of a safetensors file. Its tensors are float32: `hidden1.kernel`
/// `[inputs, units]`, `hidden1.bias` `[units]`, `hidden2.batch_norm.gamma` `[units]` and so on. Equal weights give
/// equal bytes.
pub fn to_bytes(network: &Network) -> Result<Vec<u8>, Error> {
    serialize(&tensors(network)?, None)
}

/// Returns whether all of a network's weights are finite. Reads them from its device.
pub fn are_finite(network: &Network) -> Result<bool, Error> {
    let tensors = tensors(network)?;
    Ok(tensors.values().all(|data| data.iter::<f32>().all(f32::is_finite)))
}

/// Reads a network's weights from its device, keyed by their names in weights files.
pub fn tensors(network: &Network) -> Result<BTreeMap<String, TensorData>, Error> {
    let mut saver = Saver { path: Vec::new(), tensors: Ok(BTreeMap::new()) };
    network.visit(&mut saver);
    saver.tensors.map_err(Error::Save)
}

/// Serialises float16, float32 and float64 tensors as the bytes of a safetensors file.
pub(crate) fn serialize(
    tensors: &BTreeMap<String, TensorData>,
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, Error> {
    let views = tensors.iter().map(|(name, data)| {
        let dtype = match data.dtype() {
            DType::F64 => Dtype::F64,
            DType::F16 => Dtype::F16,
            _ => Dtype::F32,
        };
        TensorView::new(dtype, data.shape().to_vec(), data.as_bytes()).map(|view| (name, view))
    });
    let views: Result<Vec<_>, _> = views.collect();
    let bytes = views.and_then(|views| safetensors::serialize(views, metadata));
    bytes.map_err(|error| Error::Save(error.to_string()))
}

/// Tensors of a safetensors file by name.
pub(crate) type Views<'a> = BTreeMap<String, TensorView<'a>>;

/// A weights file: the bytes of a safetensors file.
#[derive(Debug)]
pub struct Weights(Vec<u8>);

impl Weights {
    /// Checks and keeps the bytes of a safetensors file.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, Error> {
        deserialize(&bytes)?;
        Ok(Self(bytes))
    }

    /// Replaces a network's weights by these.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsMismatch`] unless the file has every tensor of the network, as float32 and in the same shape, and no other
    /// tensor.
    pub fn load(&self, network: Network) -> Result<Network, Error> {
        load(network, deserialize(&self.0)?.tensors().into_iter().collect())
    }

    /// Returns the format of the network's images, of `inputs` pixels and of `classes` classes. If the file's metadata
    /// lack it, returns that of MNIST for as many pixels as MNIST's.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsMismatch`] if the metadata do not fit the network, or lack the format of other images.
    pub fn input(&self, inputs: usize, classes: usize) -> Result<InputFormat, Error> {
        match self.written_input()? {
            Some(input) => input.checked(inputs, classes),
            None if inputs == Shape::MNIST.pixels() => Ok(InputFormat::default()),
            None => Err(unfit(format!(
                "the network takes {inputs} values, and the metadata lack the width and height of such images"
            ))),
        }
    }

    /// Returns the format of the network's images that the file's metadata have; `None` if they lack it.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsMismatch`] if the metadata have it in another form.
    pub fn written_input(&self) -> Result<Option<InputFormat>, Error> {
        let metadata = SafeTensors::read_metadata(&self.0);
        let (_, metadata) =
            metadata.map_err(|error| Error::InvalidSafetensors(error.to_string()))?;
        let text = metadata.metadata().as_ref().and_then(|metadata| metadata.get(InputFormat::KEY));
        text.map(|text| InputFormat::parse(text)).transpose()
    }

    /// Derives the network from the tensors' names and shapes: the settings that inference needs, the number of inputs,
    /// and the number of classes.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsMismatch`] if a kernel is missing or its shape is not `[inputs, units]`, both 1 or more, or if a layer's
    /// inputs are not the units of the layer before.
    pub fn network(&self) -> Result<(NetworkConfig, usize, usize), Error> {
        let file = deserialize(&self.0)?;
        let kernel = |name: LayerName| match file.tensor(&name.tensor(KERNEL)) {
            Err(_) => Ok(None),
            Ok(view) => match *view.shape() {
                [inputs, units] if inputs > 0 && units > 0 => Ok(Some([inputs, units])),
                _ => Err(unfit(format!(
                    "`{name}.kernel` needs two dimensions of 1 or more, but is {:?} in the file",
                    view.shape()
                ))),
            },
        };
        let lacks = |name| unfit(format!("the file lacks `{name}.kernel`"));
        let mut kernels = Vec::new();
        while let Some(dims) = kernel(LayerName::Hidden(kernels.len()))? {
            kernels.push(dims);
        }
        let units: Vec<usize> = kernels.iter().map(|[_, units]| *units).collect();
        let inputs = kernels.first().ok_or_else(|| lacks(LayerName::Hidden(0)))?[0];
        let output = kernel(LayerName::Output)?.ok_or_else(|| lacks(LayerName::Output))?;
        kernels.push(output);
        for [[_, units], [inputs, _]] in kernels.windows(2).map(|pair| [pair[0], pair[1]]) {
            if units != inputs {
                return Err(unfit(format!(
                    "a layer has {inputs} inputs, but the layer before it has {units} units"
                )));
            }
        }
        let mut config = NetworkConfig::plain(&units);
        for (index, block) in config.hidden.iter_mut().enumerate() {
            block.norm = Norm::ALL.into_iter().find(|norm| {
                let gamma = format!("{}.gamma", norm.name());
                file.tensor(&LayerName::Hidden(index).tensor(&gamma)).is_ok()
            });
        }
        Ok((config, inputs, output[1]))
    }
}

fn deserialize(bytes: &[u8]) -> Result<SafeTensors<'_>, Error> {
    SafeTensors::deserialize(bytes).map_err(|error| Error::InvalidSafetensors(error.to_string()))
}

/// Replaces a network's weights by a file's tensors, as [`Weights::load`] does.
pub(crate) fn load(network: Network, tensors: Views<'_>) -> Result<Network, Error> {
    let mut loader = Loader { tensors, path: Vec::new(), mismatch: None };
    let network = network.map(&mut loader);
    match (loader.mismatch, loader.tensors.first_key_value()) {
        (Some(mismatch), _) => Err(unfit(mismatch)),
        (None, Some((name, _))) => {
            Err(unfit(format!("the file has `{name}`, which the network lacks")))
        }
        (None, None) => Ok(network),
    }
}

fn unfit(reason: String) -> Error {
    Error::WeightsMismatch(reason)
}

/// Reads a float32 tensor.
pub(crate) fn data(view: &TensorView<'_>) -> TensorData {
    let values = view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    TensorData::new(values.collect(), view.shape())
}

/// Collects a network's tensors, keyed by their names in files.
struct Saver {
    path: Vec<String>,
    tensors: Result<BTreeMap<String, TensorData>, String>,
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
                tensors.insert(tensor_name(&self.path), data);
            }
            Err(error) => self.tensors = Err(error.to_string()),
        }
    }
}

/// Replaces a network's tensors by a file's tensors of the same names.
struct Loader<'a> {
    /// Tensors that no parameter has used yet.
    tensors: Views<'a>,
    path: Vec<String>,
    /// The first reason why the file does not fit the network.
    mismatch: Option<String>,
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = tensor_name(&self.path);
        parameter.map(|current| match self.tensor(&name, current.shape().as_slice()) {
            Ok(data) => Tensor::from_data(data, &current.device()),
            Err(reason) => {
                self.mismatch.get_or_insert(reason);
                current
            }
        })
    }
}

impl Loader<'_> {
    /// Takes the file's tensor of a name, which has to be float32 and of this shape.
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<TensorData, String> {
        let view = self.tensors.remove(name);
        let view = view.ok_or_else(|| format!("the file lacks `{name}`, which the network has"))?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            let (dtype, actual) = (view.dtype(), view.shape());
            return Err(format!(
                "`{name}` is {dtype:?} {actual:?} in the file, but has to be F32 {shape:?}"
            ));
        }
        Ok(data(&view))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn a_network_is_derived_and_loaded_from_its_file() {
        let mut config = NetworkConfig::plain(&[3, 2, 4]);
        config.hidden[1].norm = Some(Norm::Batch);
        config.hidden[2].norm = Some(Norm::Layer);
        let device = Device::flex();
        let network = config.init(5, 6, 1, &device);
        let names: Vec<String> = tensors(&network).unwrap().into_keys().collect();
        let expected = "hidden1.bias hidden1.kernel hidden2.batch_norm.beta hidden2.batch_norm.gamma \
                        hidden2.batch_norm.moving_mean hidden2.batch_norm.moving_variance \
                        hidden2.bias hidden2.kernel hidden3.bias hidden3.kernel \
                        hidden3.layer_norm.beta hidden3.layer_norm.gamma output.bias output.kernel";
        assert_eq!(names.join(" "), expected);

        let bytes = to_bytes(&network).unwrap();
        let weights = Weights::parse(bytes.clone()).unwrap();
        assert_eq!(weights.network().unwrap(), (config.clone(), 5, 6));
        let loaded = weights.load(config.init(5, 6, 2, &device)).unwrap();
        assert!(to_bytes(&loaded).unwrap() == bytes);
    }

    #[test]
    fn kernels_that_do_not_form_a_network_are_refused() {
        let network = |kernels: &[(&str, [usize; 2])]| {
            let tensors = kernels.iter().map(|&(name, shape)| {
                (format!("{name}.kernel"), TensorData::zeros::<f32, _>(shape))
            });
            Weights::parse(serialize(&tensors.collect(), None).unwrap()).unwrap().network()
        };
        assert!(network(&[("hidden1", [2, 3]), ("output", [3, 2])]).is_ok());
        let error =
            network(&[("hidden1", [1, 60_000]), ("hidden2", [1, 60_000]), ("output", [60_000, 1])]);
        assert_eq!(
            error.unwrap_err(),
            unfit("a layer has 1 inputs, but the layer before it has 60000 units".to_owned())
        );
        for kernels in
            [[("hidden1", [2, 0]), ("output", [0, 2])], [("hidden1", [2, 3]), ("output", [3, 0])]]
        {
            let error = network(&kernels).unwrap_err().to_string();
            assert!(error.contains("0] in the file"), "{error}");
        }
        let error = network(&[("hidden2", [2, 3]), ("output", [3, 2])]);
        assert_eq!(error.unwrap_err(), unfit("the file lacks `hidden1.kernel`".to_owned()));
    }
}
