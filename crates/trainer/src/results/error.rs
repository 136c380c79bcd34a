//! Why results cannot be read or written.

use crate::store;

/// Why results cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The study's folder cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Results have no form in a format.
    #[error("cannot be written as {format}: {reason}")]
    Unwritten {
        /// JSON or CSV.
        format: &'static str,
        /// The format's error.
        reason: String,
    },
}
