//! Loss and accuracy, running over batches or of an evaluated network.

use burn::{
    module::Module,
    tensor::{Device, Int, Tensor},
};
use model::{Masks, Network};

use crate::Images;

/// Loss and accuracy on some images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// Mean cross-entropy over the images plus penalties.
    pub loss: f64,
    /// Fraction of the images that are classified correctly, 0 to 1.
    pub accuracy: f64,
}

/// Running sums of losses and correct predictions. They stay on the device, so that no step waits for a transfer.
#[derive(Debug, Default)]
pub struct RunningMetrics {
    loss: Option<Tensor<1>>,
    correct: Option<Tensor<1, Int>>,
    images: usize,
}

impl RunningMetrics {
    /// Adds a batch's mean loss, `[1]`, and its number of correct predictions, `[1]`. The loss is weighted by the
    /// batch's number of images, as in Keras.
    pub fn add(&mut self, loss: Tensor<1>, correct: Tensor<1, Int>, images: usize) {
        let loss = loss.without_autodiff() * images as f64;
        self.loss = Some(match self.loss.take() {
            Some(sum) => sum + loss,
            None => loss,
        });
        self.correct = Some(match self.correct.take() {
            Some(sum) => sum + correct,
            None => correct,
        });
        self.images += images;
    }

    /// Reads the sums from the device: of losses weighted by images, of correct predictions, and of images.
    pub fn sums(&self) -> [f64; 3] {
        let loss = self.loss.clone().map_or(0.0, |sum| f64::from(sum.into_scalar::<f32>()));
        let correct = self.correct.clone().map_or(0, |sum| sum.into_scalar::<i64>());
        [loss, correct as f64, self.images as f64]
    }

    /// Restores the metrics on a device from their [`sums`](Self::sums).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the sums were a float32 and two counts"
    )]
    pub fn from_sums([loss, correct, images]: [f64; 3], device: &Device) -> Self {
        if images == 0.0 {
            return Self::default();
        }
        Self {
            loss: Some(Tensor::from_data([loss as f32], device)),
            correct: Some(Tensor::from_data([correct as i32], device)),
            images: images as usize,
        }
    }

    /// Reads the mean loss and accuracy from the device. Both are NaN if no batch was added.
    pub fn compute(self) -> Metrics {
        let [loss, correct, images] = self.sums();
        Metrics { loss: loss / images, accuracy: correct / images }
    }
}

/// Evaluates a network in inference mode, as Keras's `evaluate` does. The loss includes the penalties.
pub fn evaluate(network: &Network, images: Images<'_>, device: &Device) -> Metrics {
    let network = network.valid();
    let mut metrics = RunningMetrics::default();
    for batch in images.inference_batches(&network, device) {
        let [len, _] = batch.images.dims();
        let output = network.forward(batch.images, Masks::default());
        let correct = output.correct(batch.classes.clone());
        metrics.add(output.loss(batch.classes), correct, len);
    }
    metrics.compute()
}
