//! Errors of weights files, checkpoints and predictions.

/// A weights file or checkpoint that cannot be read or written, or an output that cannot be read from the device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The weights cannot be read from the device, or they or the checkpoint's header cannot be serialised.
    #[error("cannot save the weights: {0}")]
    Save(String),
    /// The network's output cannot be read from the device.
    #[error("cannot read the network's output from the device: {0}")]
    ReadOutput(String),
    /// The bytes are not a safetensors file.
    #[error("is not a safetensors file: {0}")]
    InvalidSafetensors(String),
    /// The tensors do not fit the network, or do not form one.
    #[error("{0}")]
    WeightsMismatch(String),
    /// The file is not a checkpoint, or is damaged.
    #[error("{0}")]
    InvalidCheckpoint(String),
}
