//! The state of a fit, and a training step.

use burn::{module::Module, optim::GradientsParams};
use model::{Loss, Network, NetworkNoise};

use crate::{Batch, FirstLayer, Metrics, Optimizer, OptimizerConfig, RunningMetrics};

/// The state of a fit. With the inputs in [`Fit`](crate::Fit), it determines the rest of the fit.
pub struct State {
    /// The network with its current weights, on a device with autodiff.
    pub network: Network,
    /// The optimizer with its state.
    pub optimizer: Optimizer,
    /// Number of training steps done.
    pub steps: u64,
    /// The running metrics of the current epoch.
    pub metrics: RunningMetrics,
    /// The finished epochs.
    pub history: Vec<Epoch>,
    /// The first layer's kernels after some epochs.
    pub first_layer: FirstLayer,
    /// The network after the best epoch, if early stopping restores its weights.
    pub best: Option<Network>,
}

/// Record of a finished epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub number: usize,
    /// Mean over the epoch's training images, each evaluated before its step's update, as Keras reports it.
    pub train: Metrics,
    /// Metrics on the validation images after the epoch; `None` if it was not evaluated.
    pub validation: Option<Metrics>,
    /// Values in the order of [`Columns::names`](crate::Columns::names), of each
    /// [`validate_every`](crate::FitConfig::validate_every)th epoch and of the fit's last one.
    pub recorded: Option<Vec<f64>>,
}

impl Epoch {
    /// Names of [`Epoch::metrics`].
    pub const METRICS: [&str; 4] = ["loss", "acc", "val_loss", "val_acc"];

    /// Returns the losses and accuracies; `None` where the epoch was not validated.
    pub fn metrics(&self) -> [Option<f64>; 4] {
        let Self { train, validation, .. } = self;
        let (val_loss, val_accuracy) =
            validation.map(|metrics| (metrics.loss, metrics.accuracy)).unzip();
        [Some(train.loss), Some(train.accuracy), val_loss, val_accuracy]
    }
}

impl State {
    /// Creates the state before the first step.
    pub fn new(network: Network, optimizer: &OptimizerConfig) -> Self {
        Self {
            optimizer: Optimizer::new(optimizer.clone(), &network),
            network: network.train(),
            steps: 0,
            metrics: RunningMetrics::default(),
            history: Vec::new(),
            first_layer: FirstLayer::default(),
            best: None,
        }
    }

    /// Returns the network that a fit ends with: that of the best epoch if early stopping restores its weights.
    pub fn trained(&self) -> &Network {
        self.best.as_ref().unwrap_or(&self.network)
    }

    /// Runs one training step: forward pass, loss, gradients, optimizer step, update of the moving statistics.
    #[must_use]
    pub fn step(mut self, batch: Batch, noise: NetworkNoise, loss: Loss) -> Self {
        let Batch { images, classes } = batch;
        let [len] = classes.dims();
        let output = self.network.forward(images, noise);
        let correct = output.correct(classes.clone());
        let loss = loss.compute(&output, classes);
        self.metrics.add(loss.clone(), correct, len);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.steps += 1;
        let network = self.optimizer.step(self.steps, self.network, gradients);
        self.network = network.update_moving_statistics(output.statistics);
        self
    }
}
