//! The regularised network of the study: Dense layers with ReLU, any number of them, then Dense with softmax,
//! each with Keras's penalties, batch normalisation and dropout as its config says. [`NetworkConfig`] →
//! [`init`](NetworkConfig::init) → [`Network`] → [`forward`](Network::forward).
//!
//! Tensors only: no files, no clock. A caller brings the device; only the fused operations (`ops`) know
//! backends by name.

mod batch_norm;
mod block;
mod dense;
mod layer_name;
mod network;
mod ops;
pub mod random;
mod regularizer;
mod summary;
mod variant;

pub use batch_norm::{BatchNorm, BatchStatistics, EPSILON};
pub use block::{Block, BlockConfig};
pub use dense::{Dense, Regularizers};
pub use layer_name::LayerName;
pub use network::{Masks, Network, NetworkConfig, Output};
pub use regularizer::Regularizer;
pub use summary::Row;
pub use variant::{NOTEBOOK_HIDDEN, Variant, presets};
