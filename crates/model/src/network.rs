//! The whole network: three layers, and how they answer and are scored once trained.

use std::fmt;

use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, activation::softmax},
};

use crate::{Layer, LayerConfig, Memory, hidden::Hidden, loss::CrossEntropy, regularizer};

/// The three layers, in their order. Displayed as configs, weight files and tables name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerName {
    /// The first hidden layer.
    Hidden1,
    /// The second hidden layer, which the six presets regularise.
    Hidden2,
    /// The output layer.
    Output,
}

impl LayerName {
    /// All three, from the input on.
    pub const ALL: [Self; 3] = [Self::Hidden1, Self::Hidden2, Self::Output];
}

impl fmt::Display for LayerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Hidden1 => "hidden1",
            Self::Hidden2 => "hidden2",
            Self::Output => "output",
        })
    }
}

/// What a network is made of. Batch normalisation and dropout belong to the hidden layers;
/// whoever reads a config refuses them on the output.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// Values per image.
    pub inputs: usize,
    /// Dense, ReLU.
    pub hidden1: LayerConfig,
    /// Dense, ReLU.
    pub hidden2: LayerConfig,
    /// Dense, softmax.
    pub output: LayerConfig,
}

impl NetworkConfig {
    /// The notebook's network without regularisation: 784 → 50 → 250 → 10.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            inputs: 784,
            hidden1: LayerConfig::plain(50),
            hidden2: LayerConfig::plain(250),
            output: LayerConfig::plain(10),
        }
    }

    /// One layer's config.
    #[must_use]
    pub fn layer(&self, name: LayerName) -> &LayerConfig {
        match name {
            LayerName::Hidden1 => &self.hidden1,
            LayerName::Hidden2 => &self.hidden2,
            LayerName::Output => &self.output,
        }
    }

    /// One layer's config, to be changed.
    pub fn layer_mut(&mut self, name: LayerName) -> &mut LayerConfig {
        match name {
            LayerName::Hidden1 => &mut self.hidden1,
            LayerName::Hidden2 => &mut self.hidden2,
            LayerName::Output => &mut self.output,
        }
    }

    /// All penalties of a batch together, `[1]`, from what ReLU gave in the hidden layers and the
    /// logits.
    pub(crate) fn penalty(
        &self,
        network: &Network,
        [activity1, activity2]: [&Tensor<2>; 2],
        logits: &Tensor<2>,
    ) -> Option<Tensor<1>> {
        // The output layer's activity is what its own activation gives: the probabilities.
        let output = (!self.output.activity_regularizer.is_none())
            .then(|| self.output.activity_penalty(&softmax(logits.clone(), 1)))
            .flatten();
        regularizer::sum([
            self.hidden1.weight_penalty(&network.hidden1),
            self.hidden2.weight_penalty(&network.hidden2),
            self.output.weight_penalty(&network.output),
            self.hidden1.activity_penalty(activity1),
            self.hidden2.activity_penalty(activity2),
            output,
        ])
    }

    /// A network at its start, the same for the same seed on every device.
    #[must_use]
    pub fn init(&self, seed: u64, device: &Device) -> Network {
        let (hidden1, hidden2) = (&self.hidden1, &self.hidden2);
        Network {
            hidden1: hidden1.init(seed, LayerName::Hidden1, self.inputs, device),
            hidden2: hidden2.init(seed, LayerName::Hidden2, hidden1.units, device),
            output: (self.output).init(seed, LayerName::Output, hidden2.units, device),
        }
    }

    /// The dropout masks of one training step.
    #[must_use]
    pub fn masks(&self, seed: u64, step: u64, batch: usize, device: &Device) -> Masks {
        let mask = |name| self.layer(name).mask(seed, name, step, batch, device);
        Masks { hidden1: mask(LayerName::Hidden1), hidden2: mask(LayerName::Hidden2) }
    }
}

/// The weights of the whole network. Their paths are `hidden1.kernel`,
/// `hidden2.batch_norm.gamma` and so on.
#[derive(Module, Debug)]
pub struct Network {
    /// Dense, ReLU.
    pub hidden1: Layer,
    /// Dense, ReLU.
    pub hidden2: Layer,
    /// Dense, softmax.
    pub output: Layer,
}

/// What dropout multiplies the hidden layers' outputs `[batch, units]` with in one training step.
#[derive(Debug, Clone, Default)]
pub struct Masks {
    /// `None`: nothing is dropped.
    pub hidden1: Option<Tensor<2>>,
    /// `None`: nothing is dropped.
    pub hidden2: Option<Tensor<2>>,
}

/// What the network makes of images in inference.
#[derive(Debug)]
pub struct Forward {
    /// `[batch, classes]`, before softmax.
    pub logits: Tensor<2>,
    /// All penalties together, `[1]`; `None` where the network has none.
    pub penalty: Option<Tensor<1>>,
}

impl Network {
    /// Takes images `[batch, inputs]` to logits and penalties as Keras does in inference: by batch
    /// normalisation's moving statistics, without dropout.
    #[must_use]
    pub fn forward(&self, config: &NetworkConfig, images: Tensor<2>, memory: Memory) -> Forward {
        let product = self.hidden1.product(images);
        let hidden1 = Hidden::inference(&self.hidden1, product, memory);
        let product = self.hidden2.product(hidden1.output.clone());
        let hidden2 = Hidden::inference(&self.hidden2, product, memory);
        let logits = self.output.dense(hidden2.output.clone());
        let activities = [hidden1.activity(), hidden2.activity()];
        Forward { penalty: config.penalty(self, activities, &logits), logits }
    }
}

impl Forward {
    /// Keras's reported loss, `[1]`, and how many answers are right, `[1]`, by one-hot labels
    /// `[batch, classes]`: the mean categorical cross-entropy, plus the penalties.
    #[must_use]
    pub fn score(self, labels: Tensor<2>) -> (Tensor<1>, Tensor<1, Int>) {
        let cross_entropy = CrossEntropy::new(self.logits, labels);
        let correct = cross_entropy.correct();
        (cross_entropy.loss_with(self.penalty), correct)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::Regularizer;

    /// Two inputs, one unit in each hidden layer, two classes; every weight set by hand.
    fn small() -> (NetworkConfig, Network) {
        let config = NetworkConfig {
            inputs: 2,
            hidden1: LayerConfig::plain(1),
            hidden2: LayerConfig::plain(1),
            output: LayerConfig::plain(2),
        };
        let device = Device::flex();
        let mut network = config.init(0, &device);
        let kernel = |values: &[f32], shape: [usize; 2]| {
            burn::module::Param::from_tensor(Tensor::<1>::from_data(values, &device).reshape(shape))
        };
        network.hidden1.kernel = kernel(&[1.0, 2.0], [2, 1]);
        network.hidden2.kernel = kernel(&[3.0], [1, 1]);
        network.output.kernel = kernel(&[1.0, -1.0], [1, 2]);
        (config, network)
    }

    fn loss(config: &NetworkConfig, network: &Network) -> f32 {
        let device = Device::flex();
        // Activities: hidden1 3 and 0, hidden2 9 and 0, logits (9, -9) and (0, 0).
        let images = Tensor::from_data([[1.0, 1.0], [-1.0, -1.0]], &device);
        let labels = Tensor::from_data([[1.0, 0.0], [0.0, 1.0]], &device);
        let (loss, _) = network.forward(config, images, Memory::Host).score(labels);
        loss.into_scalar()
    }

    #[test]
    fn the_loss_is_cross_entropy_plus_penalties() {
        let (mut config, network) = small();
        // -ln σ(18) is 0 in float32, and -ln ½ for the other image.
        let cross_entropy = std::f32::consts::LN_2 / 2.0;
        assert!((loss(&config, &network) - cross_entropy).abs() < 1e-6);

        config.hidden2.kernel_regularizer = Regularizer { l1: 0.0, l2: 0.1 };
        assert!((loss(&config, &network) - cross_entropy - 0.9).abs() < 1e-6);

        // After the activation, summed, and per image of the batch of two: 0.1·(3² + 0)/2.
        config.hidden2.kernel_regularizer = Regularizer::default();
        config.hidden1.activity_regularizer = Regularizer { l1: 0.0, l2: 0.1 };
        assert!((loss(&config, &network) - cross_entropy - 0.45).abs() < 1e-6);

        // The output's activity is its probabilities: (1, 0) and (½, ½).
        config.hidden1.activity_regularizer = Regularizer::default();
        config.output.activity_regularizer = Regularizer { l1: 0.0, l2: 1.0 };
        assert!((loss(&config, &network) - cross_entropy - 0.75).abs() < 1e-6);
    }

    #[test]
    fn counts_right_answers() {
        let (config, network) = small();
        let device = Device::flex();
        let images = Tensor::from_data([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]], &device);
        let labels = Tensor::from_data([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], &device);
        let (_, correct) = network.forward(&config, images, Memory::Host).score(labels);
        assert_eq!(correct.into_scalar::<i64>(), 2);
    }
}
