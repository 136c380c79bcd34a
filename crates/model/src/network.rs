//! The whole network: three layers, its loss, and what a training step needs of it.

use std::fmt;

use crate::{BatchStatistics, Layer, LayerConfig, regularizer};
use burn::{
    module::Module,
    tensor::{
        Device, Int, Tensor,
        activation::{log_softmax, relu, softmax},
    },
};

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

/// How images pass through.
#[derive(Debug, Clone, Copy)]
pub enum Pass<'a> {
    /// The batch's own statistics, and dropout by these masks.
    Training(&'a Masks),
    /// The moving statistics, no dropout.
    Inference,
}

/// What a pass gives.
#[derive(Debug)]
pub struct Forward {
    /// `[batch, classes]`, before softmax.
    pub logits: Tensor<2>,
    /// All penalties together, `[1]`; `None` where the network has none.
    pub penalty: Option<Tensor<1>>,
    /// For [`Network::update`]; of the hidden layers, `None` without batch normalisation and in
    /// inference.
    pub statistics: [Option<BatchStatistics>; 2],
}

impl Network {
    /// Takes images `[batch, inputs]` to logits and penalties.
    #[must_use]
    pub fn forward(&self, config: &NetworkConfig, images: Tensor<2>, pass: Pass<'_>) -> Forward {
        let no_masks = Masks::default();
        let masks = match pass {
            Pass::Training(masks) => masks,
            Pass::Inference => &no_masks,
        };

        let activity1 = relu(self.hidden1.dense(images));
        let penalty1 = config.hidden1.activity_penalty(&activity1);
        let (output1, statistics1) =
            regularised(&self.hidden1, activity1, pass, masks.hidden1.as_ref());

        let activity2 = relu(self.hidden2.dense(output1));
        let penalty2 = config.hidden2.activity_penalty(&activity2);
        let (output2, statistics2) =
            regularised(&self.hidden2, activity2, pass, masks.hidden2.as_ref());

        let logits = self.output.dense(output2);
        // The output layer's activity is what its own activation gives: the probabilities.
        let penalty3 = (!config.output.activity_regularizer.is_none())
            .then(|| config.output.activity_penalty(&softmax(logits.clone(), 1)))
            .flatten();

        Forward {
            logits,
            penalty: regularizer::sum([
                config.hidden1.weight_penalty(&self.hidden1),
                config.hidden2.weight_penalty(&self.hidden2),
                config.output.weight_penalty(&self.output),
                penalty1,
                penalty2,
                penalty3,
            ]),
            statistics: [statistics1, statistics2],
        }
    }

    /// Moves batch normalisation's moving statistics by a training pass's.
    #[must_use]
    pub fn update(mut self, [hidden1, hidden2]: [Option<BatchStatistics>; 2]) -> Self {
        self.hidden1 = self.hidden1.update(hidden1);
        self.hidden2 = self.hidden2.update(hidden2);
        self
    }
}

/// Batch normalisation, then dropout.
fn regularised(
    layer: &Layer,
    activity: Tensor<2>,
    pass: Pass<'_>,
    mask: Option<&Tensor<2>>,
) -> (Tensor<2>, Option<BatchStatistics>) {
    let (output, statistics) = match pass {
        Pass::Training(_) => layer.normalise_training(activity),
        Pass::Inference => (layer.normalise(activity), None),
    };
    match mask {
        Some(mask) => (output * mask.clone(), statistics),
        None => (output, statistics),
    }
}

impl Forward {
    /// Keras's reported loss, `[1]`: the mean categorical cross-entropy of the labels `[batch]`,
    /// plus the penalties.
    #[must_use]
    pub fn loss(&self, labels: Tensor<1, Int>) -> Tensor<1> {
        let log_probabilities = log_softmax(self.logits.clone(), 1);
        let cross_entropy = log_probabilities.gather(1, labels.unsqueeze_dim(1)).mean().neg();
        match &self.penalty {
            Some(penalty) => cross_entropy + penalty.clone(),
            None => cross_entropy,
        }
    }

    /// How many of the labels `[batch]` have the largest logit, `[1]`, off the graph.
    #[must_use]
    pub fn correct(&self, labels: Tensor<1, Int>) -> Tensor<1, Int> {
        let predicted = self.logits.clone().without_autodiff().argmax(1).squeeze_dim(1);
        predicted.equal(labels).int().sum()
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
        let labels = Tensor::from_data([0, 1], &device);
        let forward = network.forward(config, images, Pass::Inference);
        forward.loss(labels).into_scalar()
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
    fn a_mask_silences_units_in_training_only() {
        let (config, network) = small();
        let device = Device::flex();
        let images = Tensor::from_data([[1.0, 1.0], [1.0, 1.0]], &device);
        let masks =
            Masks { hidden1: None, hidden2: Some(Tensor::from_data([[0.0], [1.25]], &device)) };
        let logits = |pass| {
            let forward = network.forward(&config, images.clone(), pass);
            forward.logits.into_data().try_to_vec::<f32>().unwrap()
        };
        assert_eq!(logits(Pass::Training(&masks)), [0.0, 0.0, 11.25, -11.25]);
        assert_eq!(logits(Pass::Inference), [9.0, -9.0, 9.0, -9.0]);
    }

    #[test]
    fn counts_right_answers() {
        let (config, network) = small();
        let device = Device::flex();
        let images = Tensor::from_data([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]], &device);
        let labels = Tensor::from_data([0, 1, 0], &device);
        let forward = network.forward(&config, images, Pass::Inference);
        assert_eq!(forward.correct(labels).into_scalar::<i64>(), 2);
    }
}
