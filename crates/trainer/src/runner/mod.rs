//! Training: several runs at a time, each with checkpoints, progress and TensorBoard events.

pub mod allocator;
mod device;
mod digits;
mod error;
mod progress;
mod quiet;
pub mod resume;
mod run;
mod scheduler;
mod signals;
pub mod tensorboard;
mod train;
mod weights;

pub use self::{
    device::{DeviceError, advice as device_advice, overview as device_overview},
    digits::load as load_splits,
    error::Error,
    progress::{Progress, tell},
    train::{Choice, STUDY, train},
    weights::StartWeights,
};
