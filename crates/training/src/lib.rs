//! One run in memory: batches, the training step, epochs with callbacks, evaluation, and the files that hold a
//! state or a trained network, as bytes.
//!
//! [`Images`] → [`Batch`] → [`State::step`], epoch by epoch in [`Fit::run`]. It knows nothing of studies and
//! folders: settings and [`Callback`]s come from outside. No test image ever comes here but to be scored.

mod batches;
pub mod checkpoint;
mod error;
mod fit;
mod metrics;
mod saved_model;
pub mod weights;

pub use batches::{Batch, Images, LARGEST_GPU_BUFFER, Pixels};
pub use error::Error;
pub use fit::{Callback, Epoch, Fit, FitConfig, State};
pub use metrics::{Metrics, Score, evaluate};
pub use saved_model::{SavedModel, answer};
