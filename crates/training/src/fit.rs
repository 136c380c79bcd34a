//! Keras's `fit`: SGD over shuffled batches, epoch by epoch.

use std::mem;

use burn::{
    module::Module,
    optim::{GradientsParams, ModuleOptimizer, SgdConfig},
    tensor::Device,
};
use model::{Masks, Network, random::shuffled};

use crate::{Batch, Images, Metrics, RunningMetrics, evaluate};

/// The hyperparameters of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FitConfig {
    /// Number of passes over the training images, 1 or more.
    pub epochs: usize,
    /// Number of images per step, 1 or more. An epoch's last batch may be smaller.
    pub batch_size: usize,
    /// Learning rate of SGD, above 0.
    pub learning_rate: f64,
    /// Shuffles the images anew for each epoch.
    pub shuffle: bool,
    /// Epochs between two evaluations on the validation images, 1 or more: Keras's `validation_freq`.
    pub validate_every: usize,
}

/// The inputs of a fit, except the state that it starts from.
#[derive(Debug, Clone, Copy)]
pub struct Fit<'a> {
    /// The hyperparameters.
    pub config: &'a FitConfig,
    /// The run's seed: the key of all its random numbers.
    pub seed: u64,
    /// The training images.
    pub train: Images<'a>,
    /// The validation images, evaluated after each [`FitConfig::validate_every`]th epoch.
    pub validation: Option<Images<'a>>,
    /// The device, without autodiff.
    pub device: &'a Device,
}

/// The state of a fit. With the inputs in [`Fit`], it determines the rest of the fit.
pub struct State {
    /// The network with its current weights, on a device with autodiff.
    pub network: Network,
    /// Plain SGD, which has no state of its own.
    pub optimizer: ModuleOptimizer,
    /// Number of training steps done.
    pub steps: u64,
    /// The running metrics of the current epoch.
    pub metrics: RunningMetrics,
    /// The finished epochs.
    pub history: Vec<Epoch>,
}

/// The metrics of a finished epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub number: usize,
    /// Mean over the epoch's training images, each evaluated before its step's update, as Keras reports it.
    pub train: Metrics,
    /// Metrics on the validation images after the epoch; `None` if it was not evaluated.
    pub validation: Option<Metrics>,
}

/// Gets the state of a fit after each step and epoch. An error ends the fit.
pub trait Callback {
    /// The error that ends a fit.
    type Error;

    /// Called after every training step.
    fn on_step_end(&mut self, state: &State) -> Result<(), Self::Error>;

    /// Called after every batch of an evaluation. Within a fit the epoch's steps are done, but the epoch is not in the
    /// history yet; a fit from this state evaluates again.
    fn on_test_batch_end(&mut self, state: &State) -> Result<(), Self::Error>;

    /// Called after every epoch, which is then the last of the history.
    fn on_epoch_end(&mut self, state: &State) -> Result<(), Self::Error>;
}

/// Does nothing.
impl Callback for () {
    type Error = std::convert::Infallible;

    fn on_step_end(&mut self, _: &State) -> Result<(), Self::Error> {
        Ok(())
    }

    fn on_test_batch_end(&mut self, _: &State) -> Result<(), Self::Error> {
        Ok(())
    }

    fn on_epoch_end(&mut self, _: &State) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl State {
    /// Creates the state before the first step.
    pub fn new(network: Network) -> Self {
        Self {
            network: network.train(),
            // Keras's `SGD` without momentum.
            optimizer: SgdConfig::new().init(),
            steps: 0,
            metrics: RunningMetrics::default(),
            history: Vec::new(),
        }
    }

    /// Does one training step: forward pass, loss, gradients, optimizer step, update of the moving statistics.
    #[must_use]
    pub fn step(mut self, batch: Batch, masks: Masks, learning_rate: f64) -> Self {
        let Batch { images, classes } = batch;
        let [len, _] = images.dims();
        let output = self.network.forward(images, masks);
        let correct = output.correct(classes.clone());
        let loss = output.loss(classes);
        self.metrics.add(loss.clone(), correct, len);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        let network = self.optimizer.step(learning_rate, self.network, gradients);
        self.network = network.update_moving_statistics(output.statistics);
        self.steps += 1;
        self
    }
}

impl Fit<'_> {
    /// Trains from a state to the last epoch. The fit ends early after an epoch whose training loss is not finite, or
    /// with the callback's error.
    pub fn run<C: Callback>(&self, mut state: State, callback: &mut C) -> Result<State, C::Error> {
        let FitConfig { batch_size, learning_rate, validate_every, .. } = *self.config;
        while !self.is_over(&state.history) {
            let number = state.history.len() + 1;
            let order = self.order(number);
            for indices in order.chunks(batch_size).skip(self.steps_done(&state)) {
                let batch = self.train.batch(indices, self.device);
                let masks = state.network.masks(self.seed, state.steps, indices.len());
                state = state.step(batch, masks, learning_rate);
                callback.on_step_end(&state)?;
            }
            let validate = |images| {
                let network = &state.network;
                evaluate(network, images, self.device, || callback.on_test_batch_end(&state))
            };
            let validated = self.validation.filter(|_| number.is_multiple_of(validate_every));
            let validation = validated.map(validate).transpose()?;
            let train = mem::take(&mut state.metrics).compute();
            state.history.push(Epoch { number, train, validation });
            callback.on_epoch_end(&state)?;
        }
        Ok(state)
    }

    /// Returns the number of steps in an epoch.
    pub fn steps_per_epoch(&self) -> usize {
        self.train.split.len().div_ceil(self.config.batch_size)
    }

    fn is_over(&self, history: &[Epoch]) -> bool {
        history.len() >= self.config.epochs
            || history.last().is_some_and(|epoch| !epoch.train.loss.is_finite())
    }

    /// Returns the number of steps done in the current epoch.
    fn steps_done(&self, state: &State) -> usize {
        let before = (state.history.len() * self.steps_per_epoch()) as u64;
        usize::try_from(state.steps.saturating_sub(before)).unwrap_or(usize::MAX)
    }

    /// Returns the order of the training images in the epoch of this number.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let len = self.train.split.len();
        if self.config.shuffle {
            shuffled(self.seed, epoch as u64, len)
        } else {
            (0..len).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use data::{Shape, Split};
    use model::presets;

    use super::*;
    use crate::{
        Pixels,
        checkpoint::{self, Checkpoint},
        weights,
    };

    /// Two epochs in batches of two images.
    fn small_config() -> FitConfig {
        FitConfig { epochs: 2, batch_size: 2, learning_rate: 0.1, shuffle: true, validate_every: 1 }
    }

    /// Ends a fit in its first evaluation with the bytes of a checkpoint.
    struct Interruption;

    impl Callback for Interruption {
        type Error = Vec<u8>;

        fn on_step_end(&mut self, _: &State) -> Result<(), Vec<u8>> {
            Ok(())
        }

        fn on_test_batch_end(&mut self, state: &State) -> Result<(), Vec<u8>> {
            Err(checkpoint::to_bytes(state, |_| Ok(state.steps.to_string())).unwrap())
        }

        fn on_epoch_end(&mut self, _: &State) -> Result<(), Vec<u8>> {
            Ok(())
        }
    }

    #[test]
    fn a_fit_interrupted_in_an_evaluation_resumes_to_the_same_state() {
        let pixels = (0..=250).cycle().take(5 * Shape::MNIST.pixels()).collect();
        let split = Split::new(pixels, vec![0, 1, 2, 3, 4]);
        let images = Images { split: &split, pixels: Pixels::Unit };
        let [.., variant] = presets(&[6, 7]);
        let device = Device::flex();
        let network = || variant.network.init(images.split.shape().pixels(), 10, 3, &device);
        let config = small_config();
        let (train, validation) = (images, Some(images));
        let fit = Fit { config: &config, seed: 3, train, validation, device: &device };
        let Ok(expected) = fit.run(State::new(network()), &mut ());

        let Err(bytes) = fit.run(State::new(network()), &mut Interruption) else {
            panic!("the fit was not interrupted")
        };
        let read_steps = |steps: &str, _: &[u8]| steps.parse().map_err(|_| String::new());
        let (steps, checkpoint) = Checkpoint::parse(bytes, read_steps).unwrap();
        assert_eq!((steps, checkpoint.history.len()), (3, 0));
        let Ok(actual) = fit.run(checkpoint.state(network(), steps, &device).unwrap(), &mut ());
        assert_eq!(actual.history, expected.history);

        let config = FitConfig { validate_every: 2, ..config };
        let Ok(rarely) = Fit { config: &config, ..fit }.run(State::new(network()), &mut ());
        assert_eq!(rarely.history[0], Epoch { validation: None, ..expected.history[0] });
        assert_eq!(rarely.history[1], expected.history[1]);
        let bytes = |state: &State| weights::to_bytes(&state.network).unwrap();
        assert!(bytes(&actual) == bytes(&expected));
    }

    #[test]
    fn each_epoch_has_its_own_order_and_masks() {
        let pixels = (0..=250).cycle().take(5 * Shape::MNIST.pixels()).collect();
        let split = Split::new(pixels, vec![0, 1, 2, 3, 4]);
        let train = Images { split: &split, pixels: Pixels::Unit };
        let [.., variant] = presets(&[6, 7]);
        let device = Device::flex();
        let start =
            || State::new(variant.network.init(train.split.shape().pixels(), 10, 3, &device));
        let config = small_config();
        let fit = Fit { config: &config, seed: 3, train, validation: None, device: &device };
        let Ok(actual) = fit.run(start(), &mut ());
        assert_eq!((actual.steps, actual.history.len()), (6, 2));

        let (mut state, mut losses) = (start(), Vec::new());
        for epoch in [1, 2] {
            for indices in shuffled(3, epoch, 5).chunks(2) {
                let batch = train.batch(indices, &device);
                let masks = state.network.masks(3, state.steps, indices.len());
                state = state.step(batch, masks, 0.1);
                losses.push(mem::take(&mut state.metrics).compute().loss);
            }
        }
        let bytes = |state: &State| weights::to_bytes(&state.network).unwrap();
        assert!(bytes(&actual) == bytes(&state));
        // The last batch has one image, so it has half the weight of the others.
        let mean = (2.0 * losses[3] + 2.0 * losses[4] + losses[5]) / 5.0;
        assert!((actual.history[1].train.loss - mean).abs() < 1e-6);
    }
}
