//! Errors of writing a report.

use crate::{results, store};

/// An error of writing a report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The study's folder cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The study's results cannot be read.
    #[error(transparent)]
    Results(#[from] results::Error),
    /// The page cannot be rendered.
    #[error("cannot write the report as HTML: {0}")]
    Page(String),
}
