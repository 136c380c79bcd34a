//! One training step, up to where the weights move: Keras's forward pass, the loss, and its gradient
//! in closed form. The network is fixed, so a graph of operations would tell nothing new of it.

use burn::tensor::{Int, Tensor};

use crate::{
    BatchStatistics, Gradients, Layer, LayerConfig, LayerGradients, Masks, Memory, Network,
    NetworkConfig,
    hidden::{Backward, Hidden},
    loss::CrossEntropy,
};

/// What one training step computes before the weights move.
#[derive(Debug)]
pub struct Step {
    /// The batch's loss with its penalties, `[1]`.
    pub loss: Tensor<1>,
    /// How many images of the batch were classified rightly, `[1]`.
    pub correct: Tensor<1, Int>,
    /// The loss's gradient by every trained parameter.
    pub gradients: Gradients,
    /// What batch normalisation's moving statistics move by; of the hidden layers, `None` without it.
    pub statistics: [Option<BatchStatistics>; 2],
}

impl Network {
    /// Takes images `[batch, inputs]` with their one-hot labels `[batch, classes]` through the network
    /// and back.
    ///
    /// # Panics
    ///
    /// When the masks are of another shape than the hidden layers' outputs.
    #[must_use]
    pub fn step(
        &self,
        config: &NetworkConfig,
        images: Tensor<2>,
        labels: Tensor<2>,
        masks: Masks,
        memory: Memory,
    ) -> Step {
        let product = self.hidden1.product(images.clone());
        let hidden1 = Hidden::forward(&self.hidden1, product, masks.hidden1, memory);
        let product = self.hidden2.product(hidden1.output.clone());
        let hidden2 = Hidden::forward(&self.hidden2, product, masks.hidden2, memory);
        let logits = self.output.dense(hidden2.output.clone());

        let activities = [hidden1.activity(), hidden2.activity()];
        let penalty = config.penalty(self, activities, &logits);
        let [penalty1, penalty2] = [
            config.hidden1.activity_gradient(hidden1.activity()),
            config.hidden2.activity_gradient(hidden2.activity()),
        ];
        let statistics = [hidden1.statistics.clone(), hidden2.statistics.clone()];
        let cross_entropy = CrossEntropy::new(logits, labels);

        let back = config.output_backward(&cross_entropy);
        let output = self.output.gradients(&config.output, hidden2.output.clone(), &back);
        let gradient = self.output.input_gradient(back);
        let back = hidden2.backward(&self.hidden2, gradient, penalty2, memory);
        let hidden2 = self.hidden2.gradients(&config.hidden2, hidden1.output.clone(), &back);
        let gradient = self.hidden2.input_gradient(back);
        let back = hidden1.backward(&self.hidden1, gradient, penalty1, memory);
        let hidden1 = self.hidden1.gradients(&config.hidden1, images, &back);

        Step {
            loss: cross_entropy.loss_with(penalty),
            correct: cross_entropy.correct(),
            gradients: Gradients { hidden1, hidden2, output },
            statistics,
        }
    }
}

impl NetworkConfig {
    /// The loss's gradient by the output layer's product; the layer's activity is its probabilities.
    fn output_backward(&self, cross_entropy: &CrossEntropy) -> Backward {
        let probabilities = cross_entropy.probabilities();
        let mut product = cross_entropy.gradient(probabilities.clone());
        if let Some(penalty) = self.output.activity_gradient(&probabilities) {
            // Back through softmax, whose derivative of p_i by x_j is p_i · (δ_ij - p_j): p · (g - Σ g·p).
            let weighted = (penalty.clone() * probabilities.clone()).sum_dim(1);
            product = product + probabilities * (penalty - weighted);
        }
        Backward { bias: product.clone().sum_dim(0).squeeze_dim(0), product, batch_norm: None }
    }
}

impl Layer {
    /// The loss's gradient by the layer's parameters, penalties included, from its input
    /// `[batch, inputs]`.
    fn gradients(&self, config: &LayerConfig, input: Tensor<2>, back: &Backward) -> LayerGradients {
        let kernel = input.transpose().matmul(back.product.clone());
        let bias = back.bias.clone();
        LayerGradients {
            kernel: match config.kernel_regularizer.gradient(self.kernel.val()) {
                Some(penalty) => kernel + penalty,
                None => kernel,
            },
            bias: match config.bias_regularizer.gradient(self.bias.val()) {
                Some(penalty) => bias + penalty,
                None => bias,
            },
            batch_norm: back.batch_norm.clone(),
        }
    }

    /// The loss's gradient by the layer's input, `[batch, inputs]`.
    fn input_gradient(&self, back: Backward) -> Tensor<2> {
        back.product.matmul(self.kernel.val().transpose())
    }
}
