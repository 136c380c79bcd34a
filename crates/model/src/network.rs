//! The network: hidden layers one after another, then the output layer.

use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, activation::softmax},
};

use crate::{
    BatchStatistics, Block, BlockConfig, Dense, LayerName, Regularizers, block::BlockOutput, ops,
};

/// The settings of a network, except the numbers of inputs and classes: these depend on the data set.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkConfig {
    /// The hidden layers, one or more, in order from the input.
    pub hidden: Vec<BlockConfig>,
    /// The penalties of the output layer, a Dense layer with softmax.
    pub output: Regularizers,
}

/// A network. As in Burn's own modules, the device of the weights selects the mode: training on a device with
/// autodiff, inference on one without. [`Module::train`] and [`Module::valid`] switch the mode.
#[derive(Module, Debug)]
pub struct Network {
    /// The hidden layers, in order from the input.
    pub hidden: Vec<Block>,
    /// The output layer. It computes logits; its activation function, softmax, is applied where needed.
    pub output: Dense,
}

/// The dropout masks of the hidden layers, in order from the input, each `[batch, units]`; `None` for a layer without
/// dropout. The default, an empty list, disables dropout in all layers.
#[derive(Debug, Clone, Default)]
pub struct Masks(pub Vec<Option<Tensor<2>>>);

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
            hidden: hidden.iter().map(|&units| BlockConfig::plain(units)).collect(),
            output: Regularizers::default(),
        }
    }

    /// Returns whether a layer is regularised. The network need not have it.
    pub fn regularises(&self, layer: LayerName) -> bool {
        match layer {
            LayerName::Hidden(index) => self
                .hidden
                .get(index)
                .is_some_and(|block| *block != BlockConfig::plain(block.units)),
            LayerName::Output => self.output != Regularizers::default(),
        }
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
        Network { hidden, output }
    }
}

impl Network {
    /// Computes the logits and penalties for images `[batch, inputs]`. In training mode, batch normalisation uses the
    /// batch's own statistics. In inference mode it uses the moving statistics, and the masks have to be empty.
    ///
    /// # Panics
    ///
    /// If a mask's shape differs from that of its layer's output.
    pub fn forward(&self, images: Tensor<2>, masks: Masks) -> Output {
        self.forward_with(images, masks, |_, _| ())
    }

    /// Computes what [`forward`](Self::forward) does, and calls `on_activity` with the index and ReLU's output,
    /// `[batch, units]`, of each hidden layer.
    pub fn forward_with(
        &self,
        images: Tensor<2>,
        Masks(masks): Masks,
        mut on_activity: impl FnMut(usize, &Tensor<2>),
    ) -> Output {
        let (mut penalties, mut statistics) = (Vec::new(), Vec::new());
        let mut features = images;
        let masks = masks.into_iter().chain(std::iter::repeat(None));
        for (index, (block, mask)) in self.hidden.iter().zip(masks).enumerate() {
            let BlockOutput { output, activity, statistics: block_statistics } =
                block.forward(features, mask);
            on_activity(index, &activity);
            penalties.extend(block.dense.penalties(|| activity));
            statistics.push(block_statistics);
            features = output;
        }
        let logits = self.output.linear(features);
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

    /// Draws the dropout masks of one training step, the same on every device.
    pub fn masks(&self, seed: u64, step: u64, batch: usize) -> Masks {
        let mask = |(index, block): (usize, &Block)| {
            block.mask(seed, LayerName::Hidden(index), step, batch)
        };
        Masks(self.hidden.iter().enumerate().map(mask).collect())
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
    /// Computes the loss as Keras reports it, `[1]`: the mean categorical cross-entropy over the batch plus the
    /// penalties. `classes` holds the true classes, `[batch]`.
    pub fn loss(&self, classes: Tensor<1, Int>) -> Tensor<1> {
        let cross_entropy = self.cross_entropy(classes);
        match self.penalty.clone() {
            Some(penalty) => cross_entropy + penalty,
            None => cross_entropy,
        }
    }

    /// Computes the mean categorical cross-entropy over the batch, `[1]`, without penalties. `classes` holds the true
    /// classes, `[batch]`.
    pub fn cross_entropy(&self, classes: Tensor<1, Int>) -> Tensor<1> {
        ops::cross_entropy(self.logits.clone(), classes)
    }

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
    use crate::Regularizer;

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
        let output = small(config).forward(images, Masks::default());
        output.loss(Tensor::from_data([0, 1], &device)).into_scalar()
    }

    #[test]
    fn the_loss_is_cross_entropy_plus_penalties() {
        let plain = NetworkConfig::plain(&[1, 1]);
        // The cross-entropy is −ln σ(18) for the first image, 0 in float32, and −ln ½ for the second.
        let cross_entropy = std::f32::consts::LN_2 / 2.0;
        assert!((loss(&plain) - cross_entropy).abs() < 1e-6);

        let mut config = plain.clone();
        config.hidden[1].regularizers.kernel = Regularizer { l1: 0.0, l2: 0.1 };
        assert!((loss(&config) - cross_entropy - 0.9).abs() < 1e-6);

        // Applied after the activation function, summed, and divided by the batch size: 0.1·(3² + 0)/2.
        let mut config = plain.clone();
        config.hidden[0].regularizers.activity = Regularizer { l1: 0.0, l2: 0.1 };
        assert!((loss(&config) - cross_entropy - 0.45).abs() < 1e-6);

        // The output layer's activity is its probabilities: (1, 0) and (½, ½).
        let mut config = plain;
        config.output.activity = Regularizer { l1: 0.0, l2: 1.0 };
        assert!((loss(&config) - cross_entropy - 0.75).abs() < 1e-6);
    }

    #[test]
    fn counts_correct_predictions() {
        let device = Device::flex();
        let images = Tensor::from_data([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]], &device);
        let output = small(&NetworkConfig::plain(&[1, 1])).forward(images, Masks::default());
        let correct = output.correct(Tensor::from_data([0, 1, 0], &device));
        assert_eq!(correct.into_scalar::<i64>(), 2);
    }
}
