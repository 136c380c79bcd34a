//! The settings of a layer.

use crate::{Constraint, Regularizer};

/// The settings of a layer; by default it is not regularised. In the network's order: a Dense layer with its activation
/// function, then a normalisation, Gaussian noise, Gaussian dropout, dropout.
///
/// The output layer takes regularizers and constraints only, the input Gaussian noise and dropout only.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LayerConfig {
    /// Penalty on the kernel.
    pub kernel_regularizer: Regularizer,
    /// Penalty on the bias.
    pub bias_regularizer: Regularizer,
    /// Penalty on the output of the activation function: its sum over the batch, divided by the batch size.
    pub activity_regularizer: Regularizer,
    /// Constraint on the kernel after each update; norms are those of the weights of each unit.
    pub kernel_constraint: Constraint,
    /// Constraint on the bias after each update; the norm is that of the whole bias.
    pub bias_constraint: Constraint,
    /// Enables batch normalisation. Not together with `layer_norm`.
    pub batch_norm: bool,
    /// Enables layer normalisation.
    pub layer_norm: bool,
    /// Standard deviation of the normal noise that is added in training, 0 or more. 0 disables it.
    pub gaussian_noise: f64,
    /// Rate of Gaussian dropout, 0 or more and below 1. In training the output is multiplied by normal factors of mean 1
    /// and variance rate / (1 − rate) (Srivastava et al. 2014, section 10). 0 disables it.
    pub gaussian_dropout: f64,
    /// Probability that dropout sets an output to 0 in training: 0 or more and below 1. 0 disables it.
    pub dropout: f64,
}
