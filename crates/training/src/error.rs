//! Reasons why a file is not what it should be.

/// A file of weights or a checkpoint that cannot be used, or weights that cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The device does not give the weights up.
    #[error("cannot read the weights from the device: {0}")]
    Unsaved(String),
    /// The device does not give an answer up.
    #[error("cannot read the answer from the device: {0}")]
    Unread(String),
    /// The bytes are no safetensors file.
    #[error("is not a safetensors file: {0}")]
    NotSafetensors(String),
    /// The tensors are not those of the network.
    #[error("{0}")]
    Unfit(String),
    /// The file is no checkpoint, or a damaged one.
    #[error("{0}")]
    NotCheckpoint(String),
}
