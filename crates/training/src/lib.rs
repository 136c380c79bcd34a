//! One run in memory: batches, training steps, epochs with callbacks, evaluation, and the bytes of checkpoints and
//! weights files.
//!
//! [`Images`] → [`Batch`] → [`State::step`], epoch by epoch in [`Fit::run`]. The caller provides settings, data and
//! [`Callback`]s, and reads and writes the files. Validation and test images are only evaluated.

#![deny(missing_docs)]

mod batches;
mod callback;
pub mod checkpoint;
mod early_stopping;
mod error;
mod first_layer;
mod fit;
mod input_format;
mod metrics;
mod optimizer;
pub mod recording;
mod saved_model;
mod state;
mod typical;
pub mod weights;

pub use batches::{Batch, Images, LARGEST_GPU_TENSOR, Pixels};
pub use callback::Callback;
pub use early_stopping::{EarlyStopping, Monitor, Stopping};
pub use error::Error;
pub use first_layer::{FirstLayer, UNITS as FIRST_UNITS};
pub use fit::{Fit, FitConfig};
pub use input_format::InputFormat;
pub use metrics::{
    Evaluation, Metrics, Predictions, RunningMetrics, evaluate, evaluate_and_predict,
};
pub use optimizer::{Optimizer, OptimizerConfig, RuleConfig, WeightDecay};
pub use recording::{Columns, NEAR_ZERO};
pub use saved_model::{SavedModel, predicted_class};
pub use state::{Epoch, State};
pub use typical::TypicalImages;
