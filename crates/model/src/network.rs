//! The network: hidden layers one after another, then the output layer.

use std::collections::BTreeMap;

use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, activation::softmax},
};

use crate::{
    BIAS, BatchStatistics, Block, BlockConfig, Constraint, Dense, DenseConfig, Input, KERNEL,
    LayerName, NetworkNoise, Noise, NoiseConfig, block::BlockOutput, is_trained,
};

/// The settings of a network, except the numbers of inputs and classes: these depend on the data set.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// Noise on the input.
    pub input: NoiseConfig,
    /// The hidden layers, one or more, in order from the input.
    pub hidden: Vec<BlockConfig>,
    /// The output layer, a Dense layer with softmax.
    pub output: DenseConfig,
}

/// A network. As in Burn's own modules, the device of the weights selects the mode: training on a device with
/// autodiff, inference on one without. [`Module::train`] and [`Module::valid`] switch the mode.
#[derive(Module, Debug)]
pub struct Network {
    /// The hidden layers, in order from the input.
    pub hidden: Vec<Block>,
    /// The output layer. It computes logits; its activation function, softmax, is applied where needed.
    pub output: Dense,
    /// Noise on the input in training.
    #[module(skip)]
    pub input: NoiseConfig,
}

/// The output of a network for a batch.
#[derive(Debug)]
pub struct Output {
    /// Logits, `[batch, classes]`: the output before softmax.
    pub logits: Tensor<2>,
    /// Sum of all penalties, `[1]`; `None` if the network has no penalties.
    pub penalty: Option<Tensor<1>>,
    /// The batch's own statistics for each hidden layer; `None` in inference and without batch normalisation.
    pub statistics: Vec<Option<BatchStatistics>>,
}

impl NetworkConfig {
    /// Returns the settings of a network without regularisation, given the number of units in each hidden layer.
    pub fn plain(hidden: &[usize]) -> Self {
        Self {
            input: NoiseConfig::default(),
            hidden: hidden.iter().map(|&units| BlockConfig::plain(units)).collect(),
            output: DenseConfig::default(),
        }
    }

    /// Returns the Dense layers in order.
    pub fn dense_layers(&self) -> impl Iterator<Item = (LayerName, &DenseConfig)> {
        let hidden = self.hidden.iter().map(|block| &block.dense).enumerate();
        let hidden = hidden.map(|(index, dense)| (LayerName::Hidden(index), dense));
        hidden.chain([(LayerName::Output, &self.output)])
    }

    /// Returns the names in weights files of the tensors that are trained by their gradient, such as `hidden1.kernel`.
    pub fn trained_tensors(&self) -> Vec<String> {
        let of_dense = |(layer, _): (LayerName, _)| [KERNEL, BIAS].map(|name| layer.tensor(name));
        let mut names: Vec<String> = self.dense_layers().flat_map(of_dense).collect();
        for (index, norm) in
            self.hidden.iter().enumerate().filter_map(|(index, block)| Some((index, block.norm?)))
        {
            let name = |tensor| format!("{}.{tensor}", norm.name());
            names.extend(norm.tensors().iter().map(|t| LayerName::Hidden(index).tensor(&name(t))));
        }
        names.retain(|name| is_trained(name));
        names
    }

    /// Initialises a network. The same seed gives the same weights on every device.
    pub fn init(&self, inputs: usize, classes: usize, seed: u64, device: &Device) -> Network {
        let mut inputs = inputs;
        let hidden = self.hidden.iter().enumerate().map(|(index, block)| {
            let block_inputs = std::mem::replace(&mut inputs, block.units);
            block.init(seed, LayerName::Hidden(index), block_inputs, device)
        });
        let hidden = hidden.collect();
        let output = self.output.init(seed, LayerName::Output, [inputs, classes], device);
        Network { hidden, output, input: self.input }
    }
}

impl Network {
    /// Computes the logits and penalties for images `[batch, inputs]`. In training mode, batch normalisation uses the
    /// batch's own statistics. In inference mode it uses the moving statistics, and there has to be no noise.
    ///
    /// # Panics
    ///
    /// If the shape of a noise differs from that of its layer's output.
    pub fn forward(&self, images: impl Into<Input>, noise: NetworkNoise) -> Output {
        self.forward_with(images, noise, |_, _| ())
    }

    /// Computes what [`forward`](Self::forward) does, and calls `on_activity` with the index and ReLU's output,
    /// `[batch, units]`, of each hidden layer.
    pub fn forward_with(
        &self,
        images: impl Into<Input>,
        NetworkNoise { input, hidden }: NetworkNoise,
        mut on_activity: impl FnMut(usize, &Tensor<2>),
    ) -> Output {
        let (mut penalties, mut statistics) = (Vec::new(), Vec::new());
        let device = self.output.bias.device().without_autodiff();
        let mut features = images.into();
        if !input.is_none() {
            features = input.apply(features.into_tensor(&device)).into();
        }
        let hidden = hidden.into_iter().chain(std::iter::repeat_with(Noise::default));
        for (index, (block, noise)) in self.hidden.iter().zip(hidden).enumerate() {
            let BlockOutput { output, activity, statistics: block_statistics } =
                block.forward(features, noise);
            on_activity(index, &activity);
            penalties.extend(block.dense.penalties(|| activity));
            statistics.push(block_statistics);
            features = output.into();
        }
        let logits = self.output.linear(features.into_tensor(&device));
        // The output layer's activity is the output of softmax.
        penalties.extend(self.output.penalties(|| softmax(logits.clone(), 1)));
        let penalty = penalties.into_iter().reduce(|sum, penalty| sum + penalty);
        Output { logits, penalty, statistics }
    }

    /// Returns the network's widths: its inputs, the units of each hidden layer, its classes.
    pub fn widths(&self) -> Vec<usize> {
        let inputs = self.hidden.iter().map(|block| block.dense.dims()[0]);
        inputs.chain(self.output.dims()).collect()
    }

    /// Draws the noise of one training step, the same on every device.
    pub fn noise(&self, seed: u64, step: u64, batch: usize) -> NetworkNoise {
        let device = self.output.bias.device().without_autodiff();
        let draw =
            |config, name, units| Noise::draw(config, seed, name, step, [batch, units], &device);
        let hidden = self.hidden.iter().enumerate().map(|(index, Block { dense, noise, .. })| {
            draw(*noise, LayerName::Hidden(index), dense.dims()[1])
        });
        let input = draw(self.input, LayerName::Input, self.widths()[0]);
        NetworkNoise { input, hidden: hidden.collect() }
    }

    /// Returns the Dense layers in order.
    pub fn dense_layers(&self) -> impl Iterator<Item = (LayerName, &Dense)> {
        let hidden = self.hidden.iter().map(|block| &block.dense).enumerate();
        let hidden = hidden.map(|(index, dense)| (LayerName::Hidden(index), dense));
        hidden.chain([(LayerName::Output, &self.output)])
    }

    /// Returns the constraints by the names of their tensors in weights files, such as `hidden1.kernel`.
    pub fn constraints(&self) -> BTreeMap<String, Constraint> {
        let of_layer = |(name, Dense { config, .. }): (LayerName, &Dense)| {
            let of_kernel =
                config.kernel_constraint.map(|constraint| (name.tensor(KERNEL), constraint));
            let of_bias = config.bias_constraint.map(|constraint| (name.tensor(BIAS), constraint));
            [of_kernel, of_bias].into_iter().flatten()
        };
        self.dense_layers().flat_map(of_layer).collect()
    }

    /// Updates batch normalisation's moving statistics with those of a training batch, [`Output::statistics`].
    #[must_use]
    pub fn update_moving_statistics(mut self, statistics: Vec<Option<BatchStatistics>>) -> Self {
        for (block, statistics) in self.hidden.iter_mut().zip(statistics) {
            if let Some(statistics) = statistics {
                block.batch_norm = block
                    .batch_norm
                    .take()
                    .map(|batch_norm| batch_norm.update_moving_statistics(statistics));
            }
        }
        self
    }
}

impl Output {
    /// Returns the class with the largest logit for each image, `[batch]`.
    pub fn predictions(&self) -> Tensor<1, Int> {
        self.logits.clone().without_autodiff().argmax(1).squeeze_dim::<1>(1)
    }

    /// Counts the images whose true class has the largest logit, `[1]`. `classes` holds the true classes, `[batch]`.
    pub fn correct(&self, classes: Tensor<1, Int>) -> Tensor<1, Int> {
        self.predictions().equal(classes).int().sum()
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;

    use super::*;
    use crate::Loss;
    use crate::random::{dropout_mask, gaussian_factors, gaussian_noise};

    /// Creates a network of two inputs, two hidden layers of one unit each, and two classes, with fixed kernels.
    fn small(config: &NetworkConfig) -> Network {
        let device = Device::flex();
        let mut network = config.init(2, 2, 0, &device);
        let kernel = |values: &[f32], shape: [usize; 2]| {
            Param::from_tensor(Tensor::<1>::from_data(values, &device).reshape(shape))
        };
        network.hidden[0].dense.kernel = kernel(&[1.0, 2.0], [2, 1]);
        network.hidden[1].dense.kernel = kernel(&[3.0], [1, 1]);
        network.output.kernel = kernel(&[1.0, -1.0], [1, 2]);
        network
    }

    fn loss(config: &NetworkConfig) -> f32 {
        let device = Device::flex();
        // Activities: hidden1 3 and 0, hidden2 9 and 0, logits (9, -9) and (0, 0).
        let images = Tensor::from_data([[1.0, 1.0], [-1.0, -1.0]], &device);
        let output = small(config).forward(images, NetworkNoise::default());
        Loss::default().compute(&output, Tensor::from_data([0, 1], &device)).into_scalar()
    }

    #[test]
    fn the_loss_is_cross_entropy_plus_penalties() {
        let plain = NetworkConfig::plain(&[1, 1]);
        // The cross-entropy is −ln σ(18) for the first image, 0 in float32, and −ln ½ for the second.
        let cross_entropy = std::f32::consts::LN_2 / 2.0;
        assert!((loss(&plain) - cross_entropy).abs() < 1e-6);

        let mut config = plain.clone();
        config.hidden[1].dense.kernel_regularizer.l2 = 0.1;
        assert!((loss(&config) - cross_entropy - 0.9).abs() < 1e-6);

        // Applied after the activation function, summed, and divided by the batch size: 0.1·(3² + 0)/2.
        let mut config = plain.clone();
        config.hidden[0].dense.activity_regularizer.l2 = 0.1;
        assert!((loss(&config) - cross_entropy - 0.45).abs() < 1e-6);

        // The output layer's activity is its probabilities: (1, 0) and (½, ½).
        let mut config = plain;
        config.output.activity_regularizer.l2 = 1.0;
        assert!((loss(&config) - cross_entropy - 0.75).abs() < 1e-6);
    }

    #[test]
    fn each_layer_has_its_own_noise() {
        let device = Device::flex();
        let mut config = NetworkConfig::plain(&[3, 4]);
        (config.input.gaussian_noise, config.input.dropout) = (0.5, 0.25);
        config.hidden[1].noise.gaussian_noise = 0.1;
        config.hidden[1].noise.gaussian_dropout = 0.2;
        config.hidden[1].noise.dropout = 0.5;
        let NetworkNoise { input, hidden } = config.init(2, 2, 0, &device).noise(7, 3, 5);
        let values = |tensor: &Option<Tensor<2>>| -> Vec<f32> {
            tensor.clone().unwrap().into_data().try_to_vec().unwrap()
        };
        let name = LayerName::Input;
        assert_eq!(values(&input.added), gaussian_noise(7, name, 3, 0.5, 10));
        assert_eq!(values(&input.factors), dropout_mask(7, name, 3, 0.25, 10));
        assert!(hidden[0].added.is_none() && hidden[0].factors.is_none());
        let name = LayerName::Hidden(1);
        assert_eq!(values(&hidden[1].added), gaussian_noise(7, name, 3, 0.1, 20));
        let masks = dropout_mask(7, name, 3, 0.5, 20);
        let factors = gaussian_factors(7, name, 3, 0.2, 20).into_iter().zip(masks);
        assert_eq!(values(&hidden[1].factors), factors.map(|(a, b)| a * b).collect::<Vec<_>>());
    }

    #[test]
    fn counts_correct_predictions() {
        let device = Device::flex();
        let images = Tensor::from_data([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]], &device);
        let output = small(&NetworkConfig::plain(&[1, 1])).forward(images, NetworkNoise::default());
        let correct = output.correct(Tensor::from_data([0, 1, 0], &device));
        assert_eq!(correct.into_scalar::<i64>(), 2);
    }
}
