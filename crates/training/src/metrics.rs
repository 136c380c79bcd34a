//! Loss and accuracy, running over batches or of an evaluated network.

use burn::{
    module::Module,
    tensor::{Device, Int, Tensor},
};
use model::{Masks, Network, Output};

use crate::{Batch, Images};

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

/// Results of a network's final weights on some images.
#[derive(Debug)]
pub struct Evaluation {
    /// Loss and accuracy.
    pub metrics: Metrics,
    /// Mean cross-entropy over the images, without penalties.
    pub cross_entropy: f64,
    /// Predicted classes of each batch of images, on the device.
    predictions: Vec<Tensor<1, Int>>,
}

impl Evaluation {
    /// Reads the predicted class of each image from the device, in order; `None` if the cross-entropy is NaN, because
    /// then logits are NaN.
    pub fn predictions(&self) -> Option<Vec<u8>> {
        let batches = self.predictions.iter().map(|classes| classes.to_data());
        let classes = batches.flat_map(|classes| classes.iter::<u8>().collect::<Vec<_>>());
        (!self.cross_entropy.is_nan()).then(|| classes.collect())
    }
}

/// Evaluates a network in inference mode, as Keras's `evaluate` does. The loss includes the penalties. Calls
/// `on_batch_end` after each batch; its error ends the evaluation.
pub fn evaluate<E>(
    network: &Network,
    images: Images<'_>,
    device: &Device,
    mut on_batch_end: impl FnMut() -> Result<(), E>,
) -> Result<Metrics, E> {
    let mut metrics = RunningMetrics::default();
    for_each_batch(network, images, device, |output, classes, len| {
        metrics.add(output.loss(classes.clone()), output.correct(classes), len);
        on_batch_end()
    })?;
    Ok(metrics.compute())
}

/// Evaluates a network as [`evaluate`] does, and also returns its cross-entropy and predictions.
pub fn evaluate_fully<E>(
    network: &Network,
    images: Images<'_>,
    device: &Device,
    mut on_batch_end: impl FnMut() -> Result<(), E>,
) -> Result<Evaluation, E> {
    let (mut metrics, mut data_metrics) = (RunningMetrics::default(), RunningMetrics::default());
    let mut predictions = Vec::new();
    for_each_batch(network, images, device, |output, classes, len| {
        let correct = output.correct(classes.clone());
        metrics.add(output.loss(classes.clone()), correct.clone(), len);
        data_metrics.add(output.cross_entropy(classes), correct, len);
        predictions.push(output.predictions());
        on_batch_end()
    })?;
    let cross_entropy = data_metrics.compute().loss;
    Ok(Evaluation { metrics: metrics.compute(), cross_entropy, predictions })
}

/// Calls `on_output` with the output of a network in inference mode for each batch, its classes, and its number of
/// images.
fn for_each_batch<E>(
    network: &Network,
    images: Images<'_>,
    device: &Device,
    mut on_output: impl FnMut(Output, Tensor<1, Int>, usize) -> Result<(), E>,
) -> Result<(), E> {
    let network = network.valid();
    for Batch { images, classes } in images.inference_batches(&network, device) {
        let [len, _] = images.dims();
        on_output(network.forward(images, Masks::default()), classes, len)?;
    }
    Ok(())
}
