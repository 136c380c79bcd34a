//! Keras's `fit`: SGD over shuffled batches, epoch by epoch.

use std::mem;

use burn::tensor::Device;
use model::{Memory, Network, random::shuffled};

use crate::{
    batches::{Batch, Images},
    error::Error,
    evaluate::{Score, Sums, evaluate},
    study::Run,
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

/// Where a fit stands: all that the rest of it depends on, but for its settings.
#[derive(Debug)]
pub struct State {
    /// The weights so far.
    pub network: Network,
    /// Training steps done.
    pub steps: u64,
    /// The epoch that has begun, so far.
    pub sums: Sums,
    /// The epochs that have ended.
    pub history: Vec<Epoch>,
}

/// Who hears how a fit goes, and may end it by an error.
pub trait Watch {
    /// A step is done.
    ///
    /// # Errors
    ///
    /// Ends the fit.
    fn step(&mut self, state: &State) -> Result<(), Error>;

    /// An epoch has ended: the last of the history.
    ///
    /// # Errors
    ///
    /// Ends the fit.
    fn epoch(&mut self, state: &State) -> Result<(), Error>;
}

/// Nobody.
impl Watch for () {
    fn step(&mut self, _: &State) -> Result<(), Error> {
        Ok(())
    }

    fn epoch(&mut self, _: &State) -> Result<(), Error> {
        Ok(())
    }
}

/// What a fit works with.
#[derive(Debug, Clone, Copy)]
pub struct Fit<'a> {
    /// The variant, the seed, the epochs, batches and steps.
    pub run: &'a Run,
    /// What is learnt from.
    pub train: Images<'a>,
    /// What is only scored, after each epoch.
    pub validation: Option<Images<'a>>,
    /// Where it is computed.
    pub device: &'a Device,
    /// Where that keeps its tensors.
    pub memory: Memory,
}

impl State {
    /// The beginning.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self { network, steps: 0, sums: Sums::default(), history: Vec::new() }
    }
}

impl Fit<'_> {
    /// Trains from where the state stands to the last epoch. A loss that is no longer finite ends it
    /// early.
    ///
    /// # Errors
    ///
    /// The watch's.
    pub fn train(&self, mut state: State, watch: &mut impl Watch) -> Result<State, Error> {
        while !self.is_over(&state.history) {
            let number = state.history.len() + 1;
            let order = self.order(number);
            for places in order.chunks(self.run.fit.batch_size).skip(self.done(&state)) {
                state = self.step(state, places);
                watch.step(&state)?;
            }
            state.history.push(Epoch {
                number,
                train: mem::take(&mut state.sums).score(),
                validation: self.validation.map(|images| self.evaluate(&state.network, images)),
            });
            watch.epoch(&state)?;
        }
        Ok(state)
    }

    /// Steps in an epoch.
    #[must_use]
    pub fn steps_per_epoch(&self) -> usize {
        self.train.split.len().div_ceil(self.run.fit.batch_size)
    }

    /// Scores a network on images, by the run's penalties.
    #[must_use]
    pub fn evaluate(&self, network: &Network, images: Images<'_>) -> Score {
        evaluate(network, &self.run.variant.network, images, self.device, self.memory)
    }

    fn is_over(&self, history: &[Epoch]) -> bool {
        history.len() >= self.run.fit.epochs
            || history.last().is_some_and(|epoch| !epoch.train.loss.is_finite())
    }

    /// How many steps of the epoch that has begun are done.
    fn done(&self, state: &State) -> usize {
        let before = (state.history.len() * self.steps_per_epoch()) as u64;
        usize::try_from(state.steps.saturating_sub(before)).unwrap_or(usize::MAX)
    }

    /// Learns from the images at some places.
    fn step(&self, mut state: State, places: &[usize]) -> State {
        let config = &self.run.variant.network;
        let Batch { images, labels } = self.train.batch(places, self.device);
        let masks = config.masks(self.run.seed, state.steps, places.len(), self.device);
        let step = state.network.step(config, images, labels, masks, self.memory);
        let rate = self.run.fit.learning_rate;
        state.network = state.network.learn(step.gradients, step.statistics, rate);
        state.sums.add(step.loss, step.correct, places.len());
        state.steps += 1;
        state
    }

    /// The order in which an epoch takes the images.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let len = self.train.split.len();
        if self.run.fit.shuffle {
            shuffled(self.run.seed, epoch as u64, len)
        } else {
            (0..len).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use data::{PIXELS, Split};

    use super::*;
    use crate::{
        device::Backend,
        study::{FitSettings, Pixels},
        weights,
    };

    #[test]
    fn an_epoch_takes_all_images_in_an_order_and_with_masks_of_its_own() {
        let pixels = (0..=250).cycle().take(5 * PIXELS).collect();
        let split = Split::new(pixels, vec![0, 1, 2, 3, 4]);
        let [.., variant] = model::presets();
        let settings =
            FitSettings { epochs: 2, batch_size: 2, learning_rate: 0.1, ..Default::default() };
        let run = Run { fit: settings, ..Run::new(variant, 3) };
        let device = Backend::Flex.open().unwrap();
        let memory = Backend::Flex.memory();
        let train = Images { split: &split, pixels: Pixels::Unit };
        let fit = Fit { run: &run, train, validation: None, device: &device, memory };

        let config = &run.variant.network;
        let start = State::new(config.init(3, &device));
        let state = fit.train(start, &mut ()).unwrap();
        assert_eq!((state.steps, state.history.len()), (6, 2));

        let mut network = config.init(3, &device);
        let (mut steps, mut losses) = (0, Vec::new());
        for epoch in [1, 2] {
            for places in shuffled(3, epoch, 5).chunks(2) {
                let Batch { images, labels } = train.batch(places, &device);
                let masks = config.masks(3, steps, places.len(), &device);
                let step = network.step(config, images, labels, masks, memory);
                network = network.learn(step.gradients, step.statistics, 0.1);
                losses.push(step.loss.into_scalar::<f32>());
                steps += 1;
            }
        }
        assert!(weights::to_bytes(&state.network).unwrap() == weights::to_bytes(&network).unwrap());
        // The short last batch counts for what it holds.
        let mean = (2.0 * losses[3] + 2.0 * losses[4] + losses[5]) / 5.0;
        assert!((state.history[1].train.loss - f64::from(mean)).abs() < 1e-6);
    }
}
