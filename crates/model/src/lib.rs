//! The regularised network of the study: 784 → Dense 50 ReLU → Dense 250 ReLU → Dense 10 softmax,
//! each layer with Keras's penalties, batch normalisation and dropout as its [`LayerConfig`] says.
//!
//! Tensors only: no files, no clock, no backend. A caller brings the device.

mod batch_norm;
mod layer;
mod network;
pub mod random;
mod regularizer;
mod summary;
mod variant;

pub use batch_norm::{BatchNorm, BatchStatistics};
pub use layer::{Layer, LayerConfig};
pub use network::{Forward, LayerName, Masks, Network, NetworkConfig, Pass};
pub use regularizer::Regularizer;
pub use summary::Row;
pub use variant::{Variant, presets};
