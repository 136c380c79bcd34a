//! The four files of MNIST.

use crate::idx::Kind;

/// The server that burn-dataset uses; each file has `.gz` appended to its name there.
pub(crate) const BASE_URL: &str = "https://storage.googleapis.com/cvdf-datasets/mnist/";

/// One of the four files.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Name, without `.gz`.
    pub(crate) name: &'static str,
    /// Subfolder in burn-dataset's cache: `train` or `test`.
    pub(crate) subfolder: &'static str,
    /// Kind of its data.
    pub(crate) kind: Kind,
    /// SHA-256 of MNIST's file, uncompressed.
    pub(crate) sha256: String,
}

/// Train images, train labels, test images, test labels.
pub(crate) type Files = [File; 4];

/// Returns the four files of MNIST.
pub(crate) fn files() -> Files {
    [
        File {
            name: "train-images-idx3-ubyte",
            subfolder: "train",
            kind: Kind::Images,
            sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db".to_owned(),
        },
        File {
            name: "train-labels-idx1-ubyte",
            subfolder: "train",
            kind: Kind::Labels,
            sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5".to_owned(),
        },
        File {
            name: "t10k-images-idx3-ubyte",
            subfolder: "test",
            kind: Kind::Images,
            sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7".to_owned(),
        },
        File {
            name: "t10k-labels-idx1-ubyte",
            subfolder: "test",
            kind: Kind::Labels,
            sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2".to_owned(),
        },
    ]
}
