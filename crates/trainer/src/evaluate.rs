//! Keras's `evaluate`: final weights, inference mode, penalties included.

use burn::tensor::{Device, Int, Tensor};
use model::{Memory, Network, NetworkConfig};

use crate::batches::Images;

/// Images per step. The result does not depend on it but for rounding.
const BATCH: usize = 1000;

/// How well a network does on some images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean cross-entropy plus penalties.
    pub loss: f64,
    /// The share of images that are classified rightly, 0 to 1.
    pub accuracy: f64,
}

/// Running sums of a score. They stay on the device, so that no step waits for one.
#[derive(Debug, Default)]
pub struct Sums {
    loss: Option<Tensor<1>>,
    correct: Option<Tensor<1, Int>>,
    images: usize,
}

impl Sums {
    /// Adds a batch's loss `[1]`, weighted by its size as Keras's mean is, and right answers `[1]`.
    pub fn add(&mut self, loss: Tensor<1>, correct: Tensor<1, Int>, images: usize) {
        let loss = loss * images as f64;
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

    /// Loss, right answers and images, as numbers.
    #[must_use]
    pub fn read(&self) -> [f64; 3] {
        let loss = self.loss.clone().map_or(0.0, |sum| f64::from(sum.into_scalar::<f32>()));
        let correct = self.correct.clone().map_or(0, |sum| sum.into_scalar::<i64>());
        [loss, correct as f64, self.images as f64]
    }

    /// The sums that [`read`](Self::read) gave, on a device again.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "they were a float32 and two counts"
    )]
    pub fn restore([loss, correct, images]: [f64; 3], device: &Device) -> Self {
        if images == 0.0 {
            return Self::default();
        }
        Self {
            loss: Some(Tensor::from_data([loss as f32], device)),
            correct: Some(Tensor::from_data([correct as i32], device)),
            images: images as usize,
        }
    }

    /// Reads the sums back. Without a single batch there is nothing to tell: NaN.
    #[must_use]
    pub fn score(self) -> Score {
        let [loss, correct, images] = self.read();
        Score { loss: loss / images, accuracy: correct / images }
    }
}

/// Scores a network on images.
#[must_use]
pub fn evaluate(
    network: &Network,
    config: &NetworkConfig,
    images: Images<'_>,
    device: &Device,
    memory: Memory,
) -> Score {
    let places: Vec<usize> = (0..images.split.len()).collect();
    let mut sums = Sums::default();
    for places in places.chunks(BATCH) {
        let batch = images.batch(places, device);
        let (loss, correct) = network.forward(config, batch.images, memory).score(batch.labels);
        sums.add(loss, correct, places.len());
    }
    sums.score()
}
