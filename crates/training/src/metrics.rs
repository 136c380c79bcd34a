//! Loss and accuracy, running over batches or of an evaluated network.

use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, activation::softmax},
};
use model::{Loss, Network, NetworkNoise, Output};

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
    loss: Sum,
    correct: Option<Tensor<1, Int>>,
    images: usize,
}

/// Running sum over images of a value on the device.
#[derive(Debug, Default)]
struct Sum(Option<Tensor<1>>);

impl Sum {
    /// Adds a batch's mean, `[1]`, weighted by its number of images, as in Keras.
    fn add(&mut self, mean: Tensor<1>, images: usize) {
        let batch = mean.without_autodiff() * images as f64;
        self.0 = Some(match self.0.take() {
            Some(sum) => sum + batch,
            None => batch,
        });
    }

    /// Reads the sum from the device.
    fn read(&self) -> f64 {
        self.0.clone().map_or(0.0, |sum| f64::from(sum.into_scalar::<f32>()))
    }
}

impl RunningMetrics {
    /// Adds a batch's mean loss, `[1]`, and its number of correct predictions, `[1]`.
    pub fn add(&mut self, loss: Tensor<1>, correct: Tensor<1, Int>, images: usize) {
        self.loss.add(loss, images);
        self.correct = Some(match self.correct.take() {
            Some(sum) => sum + correct,
            None => correct,
        });
        self.images += images;
    }

    /// Reads the sums from the device: of losses weighted by images, of correct predictions, and of images.
    pub fn sums(&self) -> [f64; 3] {
        let correct = self.correct.clone().map_or(0, |sum| sum.into_scalar::<i64>());
        [self.loss.read(), correct as f64, self.images as f64]
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
            loss: Sum(Some(Tensor::from_data([loss as f32], device))),
            correct: Some(Tensor::from_data([correct as i32], device)),
            images: images as usize,
        }
    }

    /// Reads the mean loss and accuracy from the device. Both are NaN if no batch was added.
    pub fn compute(&self) -> Metrics {
        let [loss, correct, images] = self.sums();
        Metrics { loss: loss / images, accuracy: correct / images }
    }
}

/// Results of a network in inference on some images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Loss and accuracy.
    pub metrics: Metrics,
    /// Mean cross-entropy over the images, without penalties.
    pub cross_entropy: f64,
    /// Sum of all penalties, the one on activities as a mean over the images.
    pub penalty: f64,
}

/// Predicted classes of images, and the probabilities that the network gives them.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Predicted class of each image.
    pub classes: Vec<u8>,
    /// Probability of the predicted class, 0 to 1, of each image.
    pub confidences: Vec<f32>,
}

/// Evaluates a network in inference mode, as Keras's `evaluate` does. The loss includes the penalties. Calls
/// `on_batch_end` after each batch; its error ends the evaluation.
pub fn evaluate<E>(
    network: &Network,
    images: Images<'_>,
    loss: Loss,
    device: &Device,
    mut on_batch_end: impl FnMut() -> Result<(), E>,
) -> Result<Evaluation, E> {
    evaluate_with(network, images, loss, device, |_, _| (), |_, _| on_batch_end())
}

/// Evaluates a network as [`evaluate`] does, and also returns its predictions; `None` if the cross-entropy is NaN,
/// because then logits are NaN.
pub fn evaluate_and_predict<E>(
    network: &Network,
    images: Images<'_>,
    loss: Loss,
    device: &Device,
    mut on_batch_end: impl FnMut() -> Result<(), E>,
) -> Result<(Evaluation, Option<Predictions>), E> {
    let mut batches = Vec::new();
    let evaluation = evaluate_with(
        network,
        images,
        loss,
        device,
        |_, _| (),
        |output, classes| {
            let confidences = softmax(output.logits.clone(), 1).max_dim(1);
            batches.push((classes, confidences));
            on_batch_end()
        },
    )?;
    let mut predictions = Predictions { classes: Vec::new(), confidences: Vec::new() };
    for (classes, confidences) in batches {
        predictions.classes.extend(classes.into_data().iter::<u8>());
        predictions.confidences.extend(confidences.into_data().iter::<f32>());
    }
    Ok((evaluation, Some(predictions).filter(|_| !evaluation.cross_entropy.is_nan())))
}

/// Evaluates a network as [`evaluate`] does. Calls `on_activity` with the index and ReLU's output of each hidden layer
/// for each batch, and `on_output` with the output and the predicted classes of each batch.
pub(crate) fn evaluate_with<E>(
    network: &Network,
    images: Images<'_>,
    loss: Loss,
    device: &Device,
    mut on_activity: impl FnMut(usize, &Tensor<2>),
    mut on_output: impl FnMut(&Output, Tensor<1, Int>) -> Result<(), E>,
) -> Result<Evaluation, E> {
    let network = network.valid();
    let (mut metrics, mut cross_entropies, mut penalties) =
        (RunningMetrics::default(), Sum::default(), Sum::default());
    for Batch { images, classes } in images.inference_batches(&network, device) {
        let [len] = classes.dims();
        let output = network.forward_with(images, NetworkNoise::default(), &mut on_activity);
        let predictions = output.predictions();
        let (mean, cross_entropy) = loss.compute_with_cross_entropy(&output, classes.clone());
        cross_entropies.add(cross_entropy, len);
        if let Some(penalty) = output.penalty.clone() {
            penalties.add(penalty, len);
        }
        metrics.add(mean, predictions.clone().equal(classes).int().sum(), len);
        on_output(&output, predictions)?;
    }
    let images = images.split.len() as f64;
    let (cross_entropy, penalty) = (cross_entropies.read() / images, penalties.read() / images);
    Ok(Evaluation { metrics: metrics.compute(), cross_entropy, penalty })
}
