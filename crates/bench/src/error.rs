//! Errors of a benchmark.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("MNIST_DIR is not set; set it to a folder with MNIST's four gzipped IDX files")]
    NoData,
    #[error(
        "the program trained on `{0}`; set MNIST_DIR to a folder with MNIST's four gzipped IDX files"
    )]
    OtherData(String),
    #[error("cannot start {}: {source}; run `just bench`, which builds what is missing", path.display())]
    Start { path: PathBuf, source: io::Error },
    #[error("{} failed:\n{stderr}", path.display())]
    Failed { path: PathBuf, stderr: String },
    #[error("cannot parse the results that {} printed: {source}", path.display())]
    Unreadable { path: PathBuf, source: serde_json::Error },
    #[error("cannot read results.csv: {0}")]
    Results(#[from] csv::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}
