//! Training: several runs at a time, each with checkpoints, progress and TensorBoard events.

pub mod allocator;
mod callback;
mod context;
mod data_set;
mod device;
mod error;
mod progress;
mod quiet;
mod restore;
mod run;
mod scheduler;
mod signals;
pub mod tensorboard;
mod threads;
mod train;
mod weights;

pub use self::{
    context::RunContext,
    data_set::{LoadedStudy, load as load_study},
    device::{
        DeviceError, advice as device_advice, built_in as built_in_backends,
        overview as device_overview,
    },
    error::Error,
    progress::{Progress, tell},
    signals::end_at_next as end_at_next_signal,
    train::train,
    weights::StartWeights,
};
