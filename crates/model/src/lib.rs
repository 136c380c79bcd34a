//! The study's network as Burn modules: one or more Dense layers with ReLU, then a Dense layer with softmax. Its
//! config adds Keras's penalties and constraints to any layer, normalisations, noise and dropout to the hidden layers.
//!
//! [`NetworkConfig`] → [`init`](NetworkConfig::init) → [`Network`] → [`forward`](Network::forward).
//!
//! This crate only computes: it reads no files and no clock. The caller chooses the device. Only the fused
//! operations (`ops`) name Burn's backends.

#![deny(missing_docs)]

mod batch_norm;
mod block;
mod constraint;
mod dense;
mod input;
mod layer_name;
mod layer_norm;
mod loss;
mod network;
mod noise;
mod norm;
mod ops;
mod presets;
pub mod random;
mod regularizer;
mod summary;

pub use batch_norm::{BatchNorm, BatchStatistics, EPSILON};
pub use block::{Block, BlockConfig};
pub use constraint::{Constraint, MinMaxNorm};
pub use dense::{Dense, DenseConfig};
pub use input::{Input, SparseInput};
pub use layer_name::{BIAS, KERNEL, LayerName, is_trained, tensor_name};
pub use layer_norm::LayerNorm;
pub use loss::Loss;
pub use network::{Network, NetworkConfig, Output};
pub use noise::{NetworkNoise, Noise, NoiseConfig};
pub use norm::Norm;
pub use presets::{NOTEBOOK_HIDDEN, presets};
pub use regularizer::Regularizer;
pub use summary::SummaryRow;
