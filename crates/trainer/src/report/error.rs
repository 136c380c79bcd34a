//! Why a report cannot be written.

use crate::{results, store};

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The study's folder cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The study's results cannot be read.
    #[error(transparent)]
    Results(#[from] results::Error),
    /// The page cannot be rendered.
    #[error("cannot be written as HTML: {0}")]
    Page(String),
}
