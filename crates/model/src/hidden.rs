//! A hidden layer from its product to the next layer's input, and back: bias, ReLU,
//! batch normalisation, dropout.
//!
//! All of it is element-wise or a sum over the batch, and bound by memory. [`host`] takes it in a few
//! passes over a CPU's memory; [`tensors`] says the same in tensor operations, for other devices.

mod host;
mod passes;
mod tensors;

use burn::tensor::Tensor;

use crate::{BatchNormGradients, BatchStatistics, Layer};

/// Where a device keeps its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// In the program's own memory: taking a tensor's values out and putting them back costs nothing.
    Host,
    /// In memory of its own.
    Device,
}

/// What a hidden layer did to a batch.
#[derive(Debug)]
pub(crate) struct Hidden {
    /// What the next layer takes, `[batch, units]`.
    pub(crate) output: Tensor<2>,
    /// What ReLU gave, `[batch, units]`, where that is not the output.
    activity: Option<Tensor<2>>,
    /// What dropout multiplied with, `[batch, units]`.
    mask: Option<Tensor<2>>,
    /// What batch normalisation normalised by.
    pub(crate) statistics: Option<BatchStatistics>,
}

/// The loss's gradient where a layer's product is.
#[derive(Debug)]
pub(crate) struct Backward {
    /// By the product, `[batch, units]`.
    pub(crate) product: Tensor<2>,
    /// By the bias, `[units]`.
    pub(crate) bias: Tensor<1>,
    /// By what batch normalisation learns.
    pub(crate) batch_norm: Option<BatchNormGradients>,
}

impl Hidden {
    /// Takes a product of images and kernel, `[batch, units]`, to the layer's output.
    pub(crate) fn forward(
        layer: &Layer,
        product: Tensor<2>,
        mask: Option<Tensor<2>>,
        memory: Memory,
    ) -> Self {
        match memory {
            Memory::Host => host::forward(layer, product, mask),
            Memory::Device => tensors::forward(layer, product, mask),
        }
    }

    /// The same in inference: batch normalisation by the moving statistics, no dropout.
    pub(crate) fn inference(layer: &Layer, product: Tensor<2>, memory: Memory) -> Self {
        match memory {
            Memory::Host => host::inference(layer, product),
            Memory::Device => tensors::inference(layer, product),
        }
    }

    /// What ReLU gave, `[batch, units]`.
    pub(crate) fn activity(&self) -> &Tensor<2> {
        self.activity.as_ref().unwrap_or(&self.output)
    }

    /// Takes the loss's gradient by the output, `[batch, units]`, back to the product. The activity's
    /// penalty, if any, has a gradient of its own.
    pub(crate) fn backward(
        self,
        layer: &Layer,
        gradient: Tensor<2>,
        activity_penalty: Option<Tensor<2>>,
        memory: Memory,
    ) -> Backward {
        match memory {
            Memory::Host => host::backward(self, layer, gradient, activity_penalty),
            Memory::Device => tensors::backward(self, layer, gradient, activity_penalty),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::{LayerConfig, LayerName, random::glorot_uniform};

    const UNITS: usize = 7;
    /// More than the host sums up in one go.
    const BATCH: usize = 300;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    /// All that a hidden layer computes in training.
    fn computed(config: &LayerConfig, memory: Memory) -> Vec<Vec<f32>> {
        let device = Device::flex();
        let random = |seed| {
            let values = glorot_uniform(seed, LayerName::Hidden2, BATCH, UNITS);
            Tensor::<2>::from_data(TensorData::new(values, [BATCH, UNITS]), &device)
        };
        let layer = config.init(0, LayerName::Hidden2, 3, &device);
        let mask = config.mask(0, LayerName::Hidden2, 0, BATCH, &device);
        let hidden = Hidden::forward(&layer, random(1) + 0.05, mask, memory);
        let penalty = config.activity_gradient(hidden.activity());
        let mut computed = vec![values(hidden.activity().clone()), values(hidden.output.clone())];
        computed.extend(hidden.statistics.iter().flat_map(|statistics| {
            [values(statistics.mean.clone()), values(statistics.variance.clone())]
        }));
        let back = hidden.backward(&layer, random(2), penalty, memory);
        computed.extend([values(back.product), values(back.bias)]);
        computed.push(values(Hidden::inference(&layer, random(3), memory).output));
        computed.extend(
            (back.batch_norm.into_iter())
                .flat_map(|gradients| [values(gradients.gamma), values(gradients.beta)]),
        );
        computed
    }

    #[test]
    fn the_host_computes_what_the_tensor_operations_say() {
        for (batch_norm, dropout, l1) in [
            (false, 0.0, 0.0),
            (false, 0.2, 0.0),
            (true, 0.0, 0.0),
            (true, 0.5, 0.0),
            (false, 0.0, 0.1),
            (true, 0.5, 0.1),
        ] {
            let mut config = LayerConfig { batch_norm, dropout, ..LayerConfig::plain(UNITS) };
            config.activity_regularizer.l1 = l1;
            let host = computed(&config, Memory::Host);
            let tensors = computed(&config, Memory::Device);
            assert_eq!(host.len(), if batch_norm { 9 } else { 5 });
            for (host, tensors) in host.iter().zip(tensors) {
                assert_eq!(host.len(), tensors.len());
                let largest =
                    tensors.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                for (host, tensors) in host.iter().zip(&tensors) {
                    assert!(
                        (host - tensors).abs() <= 3e-6 * largest,
                        "{config:?}: {host} {tensors}"
                    );
                }
            }
        }
    }
}
