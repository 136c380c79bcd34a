//! Errors of reading and writing results.

use crate::store;

/// An error of reading or writing results.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The study's folder cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The results cannot be serialised.
    #[error("cannot write the results as {format}: {reason}")]
    Serialize {
        /// JSON or CSV.
        format: &'static str,
        /// The serialiser's message.
        reason: String,
    },
}
