//! The regularised network of the study: 784 → Dense 50 ReLU → Dense 250 ReLU → Dense 10 softmax,
//! each layer with Keras's penalties, batch normalisation and dropout as its [`LayerConfig`] says.
//!
//! Tensors only: no files, no clock, no backend. A caller brings the device.

mod batch_norm;
mod gradients;
mod hidden;
mod layer;
mod loss;
mod network;
pub mod random;
mod regularizer;
mod step;
mod summary;
mod variant;

pub use batch_norm::{BatchNorm, BatchStatistics, EPSILON};
pub use gradients::{BatchNormGradients, Gradients, LayerGradients};
pub use hidden::Memory;
pub use layer::{Layer, LayerConfig};
pub use network::{Forward, LayerName, Masks, Network, NetworkConfig};
pub use regularizer::Regularizer;
pub use step::Step;
pub use summary::Row;
pub use variant::{Variant, presets};
