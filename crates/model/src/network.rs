//! The whole network: hidden layers one after another, then the output layer.

use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, activation::softmax},
};

use crate::{
    BatchStatistics, Block, BlockConfig, Dense, LayerName, Regularizers, block::BlockOutput, ops,
};

/// The settings of a network but for what the data set gives: its inputs and classes.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// The hidden layers, from the input on: one or more.
    pub hidden: Vec<BlockConfig>,
    /// The penalties of the output layer: Dense, softmax.
    pub output: Regularizers,
}

/// A network. The device of its weights tells training from inference, as in Burn's own modules:
/// [`Module::train`] and [`Module::valid`] take it from one to the other.
#[derive(Module, Debug)]
pub struct Network {
    /// The hidden layers, from the input on.
    pub hidden: Vec<Block>,
    /// Dense, whose activation function is softmax.
    pub output: Dense,
}

/// The factors of dropout `[batch, units]` of each hidden layer, from the input on; `None` where nothing is
/// dropped. The default drops nothing.
#[derive(Debug, Clone, Default)]
pub struct Masks(pub Vec<Option<Tensor<2>>>);

/// The answers of a network to a batch.
#[derive(Debug)]
pub struct Output {
    /// `[batch, classes]`, before softmax.
    pub logits: Tensor<2>,
    /// All penalties together, `[1]`; `None` where the network has none.
    pub penalty: Option<Tensor<1>>,
    /// In training the batch's own statistics, of each hidden layer that has batch normalisation.
    pub statistics: Vec<Option<BatchStatistics>>,
}

impl NetworkConfig {
    /// A network without regularisation, of so many units in its hidden layers.
    #[must_use]
    pub fn plain(hidden: &[usize]) -> Self {
        Self {
            hidden: hidden.iter().map(|&units| BlockConfig::plain(units)).collect(),
            output: Regularizers::default(),
        }
    }

    /// Initialises a network, the same for the same seed on every device.
    #[must_use]
    pub fn init(&self, inputs: usize, classes: usize, seed: u64, device: &Device) -> Network {
        let mut inputs = inputs;
        let hidden = self.hidden.iter().enumerate().map(|(index, block)| {
            let block_inputs = std::mem::replace(&mut inputs, block.units);
            block.init(seed, LayerName::Hidden(index), block_inputs, device)
        });
        let hidden = hidden.collect();
        let output = self.output.init(seed, LayerName::Output, [inputs, classes], device);
        Network { hidden, output }
    }
}

impl Network {
    /// Takes images `[batch, inputs]` to logits and penalties. Where the weights are on a device with autodiff
    /// this is training: batch normalisation goes by the batch's own statistics. Elsewhere it is
    /// inference, and the masks are empty.
    ///
    /// # Panics
    ///
    /// When a mask is of another shape than its layer's output.
    #[must_use]
    pub fn forward(&self, images: Tensor<2>, Masks(masks): Masks) -> Output {
        let (mut penalties, mut statistics) = (Vec::new(), Vec::new());
        let mut features = images;
        for (block, mask) in
            self.hidden.iter().zip(masks.into_iter().chain(std::iter::repeat(None)))
        {
            let BlockOutput { output, activity, statistics: of_block } =
                block.forward(features, mask);
            penalties.extend(block.dense.penalties(|| activity));
            statistics.push(of_block);
            features = output;
        }
        let logits = self.output.linear(features);
        // The output layer's activity is what its own activation function gives.
        penalties.extend(self.output.penalties(|| softmax(logits.clone(), 1)));
        let penalty = penalties.into_iter().reduce(|sum, penalty| sum + penalty);
        Output { logits, penalty, statistics }
    }

    /// The inputs, the units of the hidden layers and the classes.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        let [inputs, classes] = self.output.dims();
        let hidden = self.hidden.iter().map(|block| block.dense.dims()[0]);
        hidden.chain([inputs, classes]).collect()
    }

    /// The dropout masks of one training step, the same on every device.
    #[must_use]
    pub fn masks(&self, seed: u64, step: u64, batch: usize) -> Masks {
        let mask = |(index, block): (usize, &Block)| {
            block.mask(seed, LayerName::Hidden(index), step, batch)
        };
        Masks(self.hidden.iter().enumerate().map(mask).collect())
    }

    /// Moves batch normalisation's moving statistics towards those of a training batch.
    #[must_use]
    pub fn update(mut self, statistics: Vec<Option<BatchStatistics>>) -> Self {
        for (block, statistics) in self.hidden.iter_mut().zip(statistics) {
            if let Some(statistics) = statistics {
                block.batch_norm =
                    block.batch_norm.take().map(|batch_norm| batch_norm.update(statistics));
            }
        }
        self
    }
}

impl Output {
    /// Keras's reported loss, `[1]`, by the right classes `[batch]`: the mean categorical cross-entropy, plus the
    /// penalties.
    #[must_use]
    pub fn loss(&self, classes: Tensor<1, Int>) -> Tensor<1> {
        let cross_entropy = ops::cross_entropy(self.logits.clone(), classes);
        match self.penalty.clone() {
            Some(penalty) => cross_entropy + penalty,
            None => cross_entropy,
        }
    }

    /// The number of images whose right class `[batch]` has the largest logit, `[1]`.
    #[must_use]
    pub fn correct(&self, classes: Tensor<1, Int>) -> Tensor<1, Int> {
        let answers = self.logits.clone().without_autodiff().argmax(1).squeeze_dim::<1>(1);
        answers.equal(classes).int().sum()
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;

    use super::*;
    use crate::Regularizer;

    /// Two inputs, one unit in each of two hidden layers, two classes; every weight set by hand.
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
        let output = small(config).forward(images, Masks::default());
        output.loss(Tensor::from_data([0, 1], &device)).into_scalar()
    }

    #[test]
    fn the_loss_is_cross_entropy_plus_penalties() {
        let plain = NetworkConfig::plain(&[1, 1]);
        // -ln σ(18) is 0 in float32, and -ln ½ for the other image.
        let cross_entropy = std::f32::consts::LN_2 / 2.0;
        assert!((loss(&plain) - cross_entropy).abs() < 1e-6);

        let mut config = plain.clone();
        config.hidden[1].regularizers.kernel = Regularizer { l1: 0.0, l2: 0.1 };
        assert!((loss(&config) - cross_entropy - 0.9).abs() < 1e-6);

        // After the activation, summed, and per image of the batch of two: 0.1·(3² + 0)/2.
        let mut config = plain.clone();
        config.hidden[0].regularizers.activity = Regularizer { l1: 0.0, l2: 0.1 };
        assert!((loss(&config) - cross_entropy - 0.45).abs() < 1e-6);

        // The output's activity is its probabilities: (1, 0) and (½, ½).
        let mut config = plain;
        config.output.activity = Regularizer { l1: 0.0, l2: 1.0 };
        assert!((loss(&config) - cross_entropy - 0.75).abs() < 1e-6);
    }

    #[test]
    fn counts_right_answers() {
        let device = Device::flex();
        let images = Tensor::from_data([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]], &device);
        let output = small(&NetworkConfig::plain(&[1, 1])).forward(images, Masks::default());
        let correct = output.correct(Tensor::from_data([0, 1, 0], &device));
        assert_eq!(correct.into_scalar::<i64>(), 2);
    }
}
