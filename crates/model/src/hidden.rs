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

/// Where a device keeps its tensors. It decides how fast things are computed, not what.
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
    ///
    /// # Panics
    ///
    /// When the mask is of another shape.
    pub(crate) fn forward(
        layer: &Layer,
        product: Tensor<2>,
        mask: Option<Tensor<2>>,
        memory: Memory,
    ) -> Self {
        if let Some(mask) = &mask {
            assert_eq!(mask.dims(), product.dims(), "a mask has a multiplier per image and unit");
        }
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
    use burn::{
        module::Param,
        tensor::{Device, TensorData},
    };

    use super::*;
    use crate::{BatchNorm, LayerConfig, LayerName, random::glorot_uniform};

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    /// A hidden layer none of whose parameters is at its start.
    fn layer(config: &LayerConfig, device: &Device) -> Layer {
        let random = |seed, from: f32| {
            let values = glorot_uniform(seed, LayerName::Hidden2, 1, config.units);
            let values: Vec<f32> = values.into_iter().map(|value| value * 0.1 + from).collect();
            Param::from_data(values.as_slice(), device)
        };
        let mut layer = config.init(0, LayerName::Hidden2, 3, device);
        layer.bias = random(1, 0.0);
        layer.batch_norm = layer.batch_norm.map(|_| BatchNorm {
            gamma: random(2, 0.8),
            beta: random(3, 0.3),
            moving_mean: random(4, 0.2),
            moving_variance: random(5, 0.7),
        });
        layer
    }

    /// All that a hidden layer computes of a batch.
    fn computed(config: &LayerConfig, batch: usize, memory: Memory) -> Vec<Vec<f32>> {
        let device = Device::flex();
        let random = |seed| {
            let values = glorot_uniform(seed, LayerName::Hidden2, batch, config.units);
            Tensor::<2>::from_data(TensorData::new(values, [batch, config.units]), &device)
        };
        let layer = layer(config, &device);
        let mask = config.mask(0, LayerName::Hidden2, 0, batch, &device);
        let hidden = Hidden::forward(&layer, random(6) + 0.05, mask, memory);
        let penalty = config.activity_gradient(hidden.activity());
        let mut computed = vec![values(hidden.activity().clone()), values(hidden.output.clone())];
        computed.extend(hidden.statistics.iter().flat_map(|statistics| {
            [values(statistics.mean.clone()), values(statistics.variance.clone())]
        }));
        let back = hidden.backward(&layer, random(7), penalty, memory);
        computed.extend([values(back.product), values(back.bias)]);
        computed.push(values(Hidden::inference(&layer, random(8), memory).output));
        computed.extend(
            (back.batch_norm.into_iter())
                .flat_map(|gradients| [values(gradients.gamma), values(gradients.beta)]),
        );
        computed
    }

    #[test]
    fn the_host_computes_what_the_tensor_operations_say() {
        // 300 images are more than the host sums up in one go.
        for (batch, units) in [(300, 7), (1, 3), (300, 1)] {
            for (batch_norm, dropout, l1) in [
                (false, 0.0, 0.0),
                (false, 0.2, 0.0),
                (true, 0.0, 0.0),
                (true, 0.5, 0.0),
                (false, 0.0, 0.1),
                (true, 0.5, 0.1),
            ] {
                let mut config = LayerConfig { batch_norm, dropout, ..LayerConfig::plain(units) };
                config.activity_regularizer.l1 = l1;
                let host = computed(&config, batch, Memory::Host);
                let tensors = computed(&config, batch, Memory::Device);
                assert_eq!(host.len(), if batch_norm { 9 } else { 5 });
                assert_eq!(host.len(), tensors.len());
                for (host, tensors) in host.iter().zip(tensors) {
                    assert_eq!(host.len(), tensors.len());
                    let largest = tensors.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
                    for (host, tensors) in host.iter().zip(&tensors) {
                        let near = (host - tensors).abs() <= 1e-5 * largest.max(0.01);
                        assert!(near, "{config:?}, {batch} images: {host} {tensors}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        let device = Device::flex();
        let layer = LayerConfig::plain(2).init(0, LayerName::Hidden2, 3, &device);
        for memory in [Memory::Host, Memory::Device] {
            let product = Tensor::from_data([[f32::NAN, -1.0]], &device);
            let hidden = Hidden::forward(&layer, product, None, memory);
            let output = values(hidden.output.clone());
            assert!(output[0].is_nan() && output[1] == 0.0, "{memory:?}: {output:?}");
            let gradient = Tensor::from_data([[2.0, 2.0]], &device);
            let back = hidden.backward(&layer, gradient, None, memory);
            assert_eq!(values(back.product), [2.0, 0.0], "{memory:?}");
        }
    }
}
