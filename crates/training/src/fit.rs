//! Keras's `fit`: training steps over shuffled batches, epoch by epoch.

use burn::tensor::Device;
use data::Split;
use model::{
    Loss,
    random::{shifts, shuffled},
};

use crate::{
    Callback, EarlyStopping, Epoch, Images, OptimizerConfig, RunningMetrics, State, evaluate,
    recording::{RECORDED_IMAGES, record},
};

/// The hyperparameters of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FitConfig {
    /// Number of passes over the training images, 1 or more.
    pub epochs: usize,
    /// Number of images per step, 1 or more. An epoch's last batch may be smaller.
    pub batch_size: usize,
    /// The loss, without the penalties.
    pub loss: Loss,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// Shuffles the images anew for each epoch.
    pub shuffle: bool,
    /// Largest number of pixels by which each training image is moved, each way; 0 for none.
    pub shift: u8,
    /// Epochs between two evaluations on the validation images, 1 or more: Keras's `validation_freq`.
    pub validate_every: usize,
    /// Ends the fit before its last epoch; `None` for [`Fit::run`]'s rule on losses that are not finite.
    pub early_stopping: Option<EarlyStopping>,
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
    /// The training images with wrong labels, if some labels are known to be wrong. The share of these labels that the
    /// network predicts is recorded.
    pub wrong: Option<Images<'a>>,
    /// The device, without autodiff.
    pub device: &'a Device,
}

impl Fit<'_> {
    /// Trains from a state to the last epoch. The fit ends early by early stopping or, without it, after an epoch whose
    /// training loss is not finite. It also ends with the callback's error.
    pub fn run<C: Callback>(&self, mut state: State, callback: &mut C) -> Result<State, C::Error> {
        if !self.is_over(&state.history) {
            // A fit of fewer epochs recorded its last one.
            let validate_every = self.config.validate_every;
            for epoch in &mut state.history {
                epoch.recorded.take_if(|_| !epoch.number.is_multiple_of(validate_every));
            }
        }
        if state.steps == 0 {
            state.first_layer.keep(0, &state.network);
        }
        let images = self.train.split;
        let recorded = images.first(images.len().min(RECORDED_IMAGES));
        while !self.is_over(&state.history) {
            state = self.epoch(state, &recorded, callback)?;
        }
        Ok(state)
    }

    /// Runs the remaining training steps of the current epoch, and evaluates it. `recorded` are the training images whose
    /// metrics are recorded.
    fn epoch<C: Callback>(
        &self,
        mut state: State,
        recorded: &Split,
        callback: &mut C,
    ) -> Result<State, C::Error> {
        let FitConfig { batch_size, loss, validate_every, early_stopping, .. } = *self.config;
        let number = state.history.len() + 1;
        let shifts = self.shifts(number);
        for indices in self.order(number).chunks(batch_size).skip(self.steps_done(&state)) {
            let batch = match &shifts {
                Some(shifts) => self.train.shifted_batch(indices, shifts, self.device),
                None => self.train.batch(indices, self.device),
            };
            let noise = state.network.noise(self.seed, state.steps, indices.len());
            state = state.step(batch, noise, loss);
            callback.on_step_end(&state)?;
        }

        let mut on_batch_end = || callback.on_test_batch_end(&state);
        let mut validate = || match self.validation {
            Some(images) => {
                evaluate(&state.network, images, loss, self.device, &mut on_batch_end).map(Some)
            }
            None => Ok(None),
        };
        let is_validated = number.is_multiple_of(validate_every);
        let mut validation = if is_validated { validate()? } else { None };
        let mut epoch = Epoch {
            number,
            train: state.metrics.compute(),
            validation: validation.map(|validation| validation.metrics),
            recorded: None,
        };
        if is_validated || self.is_over(state.history.iter().chain([&epoch])) {
            if !is_validated {
                validation = validate()?;
            }
            let images = Images { split: recorded, ..self.train };
            let val_cross_entropy = validation.map(|validation| validation.cross_entropy);
            let (network, device) = (&state.network, self.device);
            epoch.recorded =
                Some(record(network, images, self.wrong, val_cross_entropy, device, on_batch_end)?);
        }
        state.metrics = RunningMetrics::default();
        state.first_layer.keep(number, &state.network);
        state.history.push(epoch);
        if let Some(settings) = early_stopping
            && settings.restore_best_weights
            && settings.after(&state.history).best_epoch() == Some(number)
        {
            state.best = Some(state.network.clone());
        }
        callback.on_epoch_end(&state)?;
        Ok(state)
    }

    /// Returns whether a fit is over after these epochs.
    fn is_over<'e>(&self, history: impl IntoIterator<Item = &'e Epoch> + Clone) -> bool {
        let Some(last) = history.clone().into_iter().last() else { return false };
        let has_ended = match self.config.early_stopping {
            Some(settings) => settings.after(history).is_over(),
            None => !last.train.loss.is_finite(),
        };
        has_ended || last.number >= self.config.epochs
    }

    /// Returns the moves of the training images in the epoch of this number, if they are moved.
    fn shifts(&self, epoch: usize) -> Option<Vec<[i16; 2]>> {
        let most = self.config.shift;
        (most > 0).then(|| shifts(self.seed, epoch as u64, most, self.train.split.len()))
    }

    /// Returns the number of steps in an epoch.
    pub fn steps_per_epoch(&self) -> usize {
        self.train.split.len().div_ceil(self.config.batch_size)
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
    use std::mem;

    use data::Shape;
    use model::{Network, presets};

    use super::*;
    use crate::{
        Columns, Monitor, Pixels,
        checkpoint::{self, Checkpoint},
        weights,
    };

    /// Plain SGD with a learning rate of 0.1.
    fn sgd() -> OptimizerConfig {
        OptimizerConfig { learning_rate: 0.1, ..OptimizerConfig::default() }
    }

    /// Two epochs in batches of two images.
    fn small_config() -> FitConfig {
        FitConfig {
            epochs: 2,
            batch_size: 2,
            loss: Loss::default(),
            optimizer: sgd(),
            shuffle: true,
            shift: 0,
            validate_every: 1,
            early_stopping: None,
        }
    }

    fn five_images() -> Split {
        let pixels = (0..=250).cycle().take(5 * Shape::MNIST.pixels()).collect();
        Split::new(Shape::MNIST, pixels, vec![0, 1, 2, 3, 4])
    }

    /// Columns of a fit with held-out images.
    fn columns() -> Columns {
        Columns { depth: 2, is_validated: true, has_wrong_labels: false }
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
        let split = five_images();
        let images = Images { split: &split, pixels: Pixels::Unit };
        let [.., (_, config)] = presets(&[6, 7]);
        let device = Device::flex();
        let network = || config.init(images.split.shape().pixels(), 10, 3, &device);
        let config = small_config();
        let (train, validation) = (images, Some(images));
        let fit = Fit { config: &config, seed: 3, train, validation, wrong: None, device: &device };
        let Ok(expected) = fit.run(State::new(network(), &config.optimizer), &mut ());

        let Err(bytes) = fit.run(State::new(network(), &config.optimizer), &mut Interruption)
        else {
            panic!("the fit was not interrupted")
        };
        let (steps, checkpoint) =
            Checkpoint::parse(bytes, |steps, _| steps.parse().map_err(|_| String::new())).unwrap();
        assert_eq!((steps, checkpoint.history.len()), (3, 0));
        let Ok(actual) = fit.run(
            checkpoint.state(network(), &config.optimizer, steps, columns(), &device).unwrap(),
            &mut (),
        );
        assert_eq!(actual.history, expected.history);

        let config = FitConfig { validate_every: 2, ..config.clone() };
        let Ok(rarely) =
            Fit { config: &config, ..fit }.run(State::new(network(), &config.optimizer), &mut ());
        let first = expected.history[0].clone();
        assert_eq!(rarely.history[0], Epoch { validation: None, recorded: None, ..first });
        assert_eq!(rarely.history[1], expected.history[1]);
        let bytes = |state: &State| weights::to_bytes(&state.network).unwrap();
        assert!(bytes(&actual) == bytes(&expected));
    }

    /// Ends a fit after an epoch with the bytes of a checkpoint.
    struct InterruptionAfter(usize);

    impl Callback for InterruptionAfter {
        type Error = (u64, Vec<u8>);

        fn on_step_end(&mut self, _: &State) -> Result<(), Self::Error> {
            Ok(())
        }

        fn on_test_batch_end(&mut self, _: &State) -> Result<(), Self::Error> {
            Ok(())
        }

        fn on_epoch_end(&mut self, state: &State) -> Result<(), Self::Error> {
            if state.history.len() < self.0 {
                return Ok(());
            }
            Err((state.steps, checkpoint::to_bytes(state, |_| Ok(String::new())).unwrap()))
        }
    }

    #[test]
    fn early_stopping_keeps_the_weights_of_the_best_epoch() {
        let split = five_images();
        let images = Images { split: &split, pixels: Pixels::Unit };
        let [.., (_, config)] = presets(&[6, 7]);
        let device = Device::flex();
        let network = || config.init(images.split.shape().pixels(), 10, 3, &device);
        // No later epoch is better than the second by so much.
        let settings = EarlyStopping {
            monitor: Monitor::Loss,
            min_delta: 1e9,
            patience: 3,
            start_from_epoch: 1,
            restore_best_weights: true,
        };
        let config = FitConfig {
            epochs: 20,
            validate_every: 2,
            early_stopping: Some(settings),
            ..small_config()
        };
        let validation = Some(images);
        let fit = Fit {
            config: &config,
            seed: 3,
            train: images,
            validation,
            wrong: None,
            device: &device,
        };
        let Ok(expected) = fit.run(State::new(network(), &config.optimizer), &mut ());
        assert_eq!(expected.history.len(), 5);
        let recorded = expected.history.iter().filter(|epoch| epoch.recorded.is_some());
        assert_eq!(recorded.map(|epoch| epoch.number).collect::<Vec<_>>(), [2, 4, 5]);

        let config = FitConfig { epochs: 2, early_stopping: None, ..config.clone() };
        let Ok(two) =
            Fit { config: &config, ..fit }.run(State::new(network(), &config.optimizer), &mut ());
        let bytes = |network: &Network| weights::to_bytes(network).unwrap();
        assert!(bytes(expected.trained()) == bytes(&two.network));
        assert!(bytes(&expected.network) != bytes(&two.network));

        for epoch in [1, 3, 5] {
            let Err((steps, file)) =
                fit.run(State::new(network(), &config.optimizer), &mut InterruptionAfter(epoch))
            else {
                panic!("the fit was not interrupted")
            };
            let ((), checkpoint) = Checkpoint::parse(file, |_, _| Ok(())).unwrap();
            let Ok(actual) = fit.run(
                checkpoint.state(network(), &config.optimizer, steps, columns(), &device).unwrap(),
                &mut (),
            );
            assert_eq!(actual.history, expected.history);
            assert!(bytes(actual.trained()) == bytes(expected.trained()));
            assert!(bytes(&actual.network) == bytes(&expected.network));
        }
    }

    #[test]
    fn each_epoch_has_its_own_order_masks_and_shifts() {
        let split = five_images();
        let train = Images { split: &split, pixels: Pixels::Unit };
        let [.., (_, config)] = presets(&[6, 7]);
        let device = Device::flex();
        let start =
            || State::new(config.init(train.split.shape().pixels(), 10, 3, &device), &sgd());
        let config = FitConfig { shift: 2, ..small_config() };
        let fit =
            Fit { config: &config, seed: 3, train, validation: None, wrong: None, device: &device };
        let Ok(actual) = fit.run(start(), &mut ());
        assert_eq!((actual.steps, actual.history.len()), (6, 2));

        let (mut state, mut losses) = (start(), Vec::new());
        for epoch in [1, 2] {
            for indices in shuffled(3, epoch, 5).chunks(2) {
                let batch = train.shifted_batch(indices, &shifts(3, epoch, 2, 5), &device);
                let noise = state.network.noise(3, state.steps, indices.len());
                state = state.step(batch, noise, Loss::default());
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
