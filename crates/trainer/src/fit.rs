//! Keras's `fit`: SGD over shuffled batches, epoch by epoch.

use burn::tensor::Device;
use model::{Memory, Network, random::shuffled};

use crate::{
    batches::{Batch, Images},
    evaluate::{Score, Sums, evaluate},
    study::{FitSettings, Run},
};

/// What an epoch came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// From 1.
    pub number: usize,
    /// The mean over the epoch's images while the weights moved, as Keras reports it.
    pub train: Score,
    /// On the validation split after the epoch, where there is one.
    pub validation: Option<Score>,
}

/// What a fit works with.
#[derive(Debug, Clone, Copy)]
pub struct Fit<'a> {
    /// The variant and the seed.
    pub run: &'a Run,
    /// Epochs, batches, steps.
    pub settings: &'a FitSettings,
    /// What is learnt from.
    pub train: Images<'a>,
    /// What is only scored, after each epoch.
    pub validation: Option<Images<'a>>,
    /// Where it is computed.
    pub device: &'a Device,
    /// Where that keeps its tensors.
    pub memory: Memory,
}

impl Fit<'_> {
    /// Trains a network. `watch` hears of every epoch. A loss that is no longer finite ends it early.
    pub fn train(&self, mut network: Network, mut watch: impl FnMut(&Epoch)) -> Network {
        let config = &self.run.variant.network;
        let mut steps = 0;
        for number in 1..=self.settings.epochs {
            let mut sums = Sums::default();
            for places in self.order(number).chunks(self.settings.batch_size) {
                let Batch { images, labels } = self.train.batch(places, self.device);
                let masks = config.masks(self.run.seed, steps, places.len(), self.device);
                let step = network.step(config, images, labels, masks, self.memory);
                network = network
                    .descend(step.gradients, self.settings.learning_rate)
                    .update(step.statistics);
                sums.add(step.loss, step.correct, places.len());
                steps += 1;
            }
            let epoch = Epoch {
                number,
                train: sums.score(),
                validation: (self.validation)
                    .map(|images| evaluate(&network, config, images, self.device, self.memory)),
            };
            watch(&epoch);
            if !epoch.train.loss.is_finite() {
                break;
            }
        }
        network
    }

    /// The order in which an epoch takes the images.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let len = self.train.split.len();
        if self.settings.shuffle {
            shuffled(self.run.seed, epoch as u64, len)
        } else {
            (0..len).collect()
        }
    }
}
