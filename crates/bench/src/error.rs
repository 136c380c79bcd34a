//! What keeps a benchmark from being made.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("MNIST_DIR is not set; set it to a folder with MNIST's four gzipped IDX files")]
    NoData,
    #[error("the program trained on `{0}`; set MNIST_DIR to a folder with MNIST's four IDX files")]
    OtherData(String),
    #[error("{} cannot be started: {source}; run `just bench`, which makes what is missing", path.display())]
    Start { path: PathBuf, source: io::Error },
    #[error("{} failed:\n{stderr}", path.display())]
    Failed { path: PathBuf, stderr: String },
    #[error("{} printed something else than its results: {source}", path.display())]
    Unreadable { path: PathBuf, source: serde_json::Error },
    #[error("results.csv cannot be read: {0}")]
    Results(#[from] csv::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}
