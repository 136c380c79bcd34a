//! Keras's `fit`: SGD over shuffled batches, epoch by epoch.

use burn::{
    module::Module,
    optim::{GradientsParams, SgdConfig},
    tensor::{Device, Int, Tensor},
};
use model::{BatchStatistics, Masks, Network, NetworkConfig, Pass, random::shuffled};

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

/// What one training step computes before the weights move.
#[derive(Debug)]
pub struct Backward {
    /// The batch's loss with its penalties, `[1]`.
    pub loss: Tensor<1>,
    /// How many images of the batch were classified rightly, `[1]`.
    pub correct: Tensor<1, Int>,
    /// The loss's gradient by every trained parameter.
    pub gradients: GradientsParams,
    /// What batch normalisation's moving statistics move by.
    pub statistics: [Option<BatchStatistics>; 2],
}

impl Backward {
    /// Takes a batch through a network and back.
    #[must_use]
    pub fn new(network: &Network, config: &NetworkConfig, batch: Batch, masks: &Masks) -> Self {
        let forward = network.forward(config, batch.images, Pass::Training(masks));
        let loss = forward.loss(batch.labels.clone());
        Self {
            gradients: GradientsParams::from_grads(loss.backward(), network),
            loss: loss.inner(),
            correct: forward.correct(batch.labels),
            statistics: forward.statistics,
        }
    }
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
    /// Where it is computed, without autodiff.
    pub device: &'a Device,
}

impl Fit<'_> {
    /// Trains a network, given off the graph and handed back so. `watch` hears of every epoch. A loss
    /// that is no longer finite ends it early.
    pub fn train(&self, network: Network, mut watch: impl FnMut(&Epoch)) -> Network {
        let device = self.device.clone().autodiff();
        let config = &self.run.variant.network;
        let mut network = network.train();
        let mut optimizer = SgdConfig::new().init();
        let mut step = 0;
        for number in 1..=self.settings.epochs {
            let mut sums = Sums::default();
            for places in self.order(number).chunks(self.settings.batch_size) {
                let batch = self.train.batch(places, &device);
                let masks = config.masks(self.run.seed, step, places.len(), &device);
                let backward = Backward::new(&network, config, batch, &masks);
                network = optimizer
                    .step(self.settings.learning_rate, network, backward.gradients)
                    .update(backward.statistics);
                sums.add(backward.loss, backward.correct, places.len());
                step += 1;
            }
            let epoch = Epoch {
                number,
                train: sums.score(),
                validation: (self.validation)
                    .map(|images| evaluate(&network.valid(), config, images, self.device)),
            };
            watch(&epoch);
            if !epoch.train.loss.is_finite() {
                break;
            }
        }
        network.valid()
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
