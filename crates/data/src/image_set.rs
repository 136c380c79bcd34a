//! A data set in memory.

use burn_dataset::{Dataset, DatasetError};

use crate::formats::idx::{Kind, LABEL};
use crate::sha256::sha256;
use crate::shape::{Shape, Size};
use crate::sparse::{SparseImages, count_not_0};

/// Largest share of pixels that are not 0 in a training set whose images are trained on without their black pixels.
/// Measured on a CPU with AVX-512, 50 units take as long either way at 0.42 in batches of 50, at 0.5 in batches of 1000.
const MOST_NOT_BLACK: f64 = 0.4;

/// One image with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledImage {
    /// Pixels row by row from the top left, 0 to 255.
    pub pixels: Vec<u8>,
    /// Class, from 0.
    pub label: u8,
}

/// Images `[len, height, width]` and labels `[len]`, all as u8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    shape: Shape,
    images: Vec<u8>,
    labels: Vec<u8>,
    sparse: Option<SparseImages>,
}

/// A complete and validated data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSet {
    /// Name of its source, such as `mnist`, or of its folder.
    pub name: String,
    /// Names of the classes; empty if they have none but their numbers.
    pub class_names: Vec<String>,
    /// Training set.
    pub train: Split,
    /// Test set.
    pub test: Split,
    /// Identifies the contents: the SHA-256 of the concatenated SHA-256 sums, in hexadecimal, of train
    /// images, train labels, test images and test labels, each as an uncompressed IDX file. It depends
    /// neither on the name nor on the storage.
    pub sha256: String,
}

impl ImageSet {
    /// Creates a data set without names of classes. Its [`sha256`](Self::sha256) is the same as after reading it from files.
    pub fn new(name: impl Into<String>, train: Split, test: Split) -> Self {
        let sums = train.sha256_sums().into_iter().chain(test.sha256_sums());
        let sha256 = sha256_of_sums(sums);
        Self { name: name.into(), class_names: Vec::new(), train, test, sha256 }
    }

    /// Adds the images without their black pixels to both splits, if most pixels of the training set are black.
    #[must_use]
    pub fn with_sparse(mut self) -> Self {
        let pixels = &self.train.images;
        if count_not_0(pixels) as f64 <= MOST_NOT_BLACK * pixels.len() as f64 {
            (self.train, self.test) = (self.train.with_sparse(), self.test.with_sparse());
        }
        self
    }
}

/// Computes [`ImageSet::sha256`] from the sums of the four files.
pub(crate) fn sha256_of_sums(sums: impl IntoIterator<Item = String>) -> String {
    sha256([sums.into_iter().collect::<String>().as_bytes()])
}

impl Split {
    /// Combines images `[len, height, width]` with labels `[len]`.
    ///
    /// # Panics
    ///
    /// If the two lengths differ, or a label is not below the number of classes.
    pub fn new(shape: Shape, images: Vec<u8>, labels: Vec<u8>) -> Self {
        assert_eq!(images.len(), labels.len() * shape.pixels(), "one label per image");
        assert!(
            labels.iter().all(|&label| usize::from(label) < shape.classes),
            "labels of classes"
        );
        Self { shape, images, labels, sparse: None }
    }

    /// Adds the images without their black pixels.
    #[must_use]
    pub fn with_sparse(self) -> Self {
        let sparse = Some(SparseImages::new(&self.images, self.shape.pixels()));
        Self { sparse, ..self }
    }

    /// Returns the SHA-256 of the images and of the labels, each as an uncompressed IDX file.
    fn sha256_sums(&self) -> [String; 2] {
        let Shape { width, height, .. } = self.shape;
        [
            Kind::Images.sha256(&self.images, Size { height, width }),
            Kind::Labels.sha256(&self.labels, LABEL),
        ]
    }

    /// Returns the size of the images and the number of classes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Returns the number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns the pixels of one image `[height * width]`, row by row.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`len`](Self::len).
    pub fn image(&self, index: usize) -> &[u8] {
        let pixels = self.shape.pixels();
        &self.images[index * pixels..(index + 1) * pixels]
    }

    /// Returns the labels `[len]`, in the order of the images.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Returns the images without their black pixels; `None` unless [`with_sparse`](Self::with_sparse) added them.
    pub fn sparse(&self) -> Option<&SparseImages> {
        self.sparse.as_ref()
    }

    /// Copies the first `len` images with their labels.
    ///
    /// # Panics
    ///
    /// If `len` is greater than [`len`](Self::len).
    #[must_use]
    pub fn first(&self, len: usize) -> Self {
        Self {
            shape: self.shape,
            images: self.images[..len * self.shape.pixels()].to_vec(),
            labels: self.labels[..len].to_vec(),
            sparse: self.sparse.as_ref().map(|sparse| sparse.select(0..len)),
        }
    }

    /// Copies the images at these indices with their labels.
    ///
    /// # Panics
    ///
    /// If an index is not below [`len`](Self::len).
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            shape: self.shape,
            images: indices.iter().flat_map(|&index| self.image(index)).copied().collect(),
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
            sparse: self.sparse.as_ref().map(|sparse| sparse.select(indices.iter().copied())),
        }
    }

    /// Copies all images, with other labels at some indices.
    ///
    /// # Panics
    ///
    /// If an index is not below [`len`](Self::len).
    #[must_use]
    pub fn relabelled(&self, labels: impl IntoIterator<Item = (usize, u8)>) -> Self {
        let mut relabelled = self.clone();
        for (index, label) in labels {
            relabelled.labels[index] = label;
        }
        relabelled
    }

    /// Divides the split into the first `len` images and the others, with their labels.
    ///
    /// # Panics
    ///
    /// If `len` is greater than [`len`](Self::len).
    pub fn split_at(mut self, len: usize) -> (Self, Self) {
        let rest = Self {
            shape: self.shape,
            images: self.images.split_off(len * self.shape.pixels()),
            labels: self.labels.split_off(len),
            sparse: self.sparse.as_mut().map(|sparse| sparse.split_off(len)),
        };
        (self, rest)
    }
}

impl Dataset<LabelledImage> for Split {
    fn get(&self, index: usize) -> Result<LabelledImage, DatasetError> {
        Ok(LabelledImage { pixels: self.image(index).to_vec(), label: self.labels[index] })
    }

    fn len(&self) -> usize {
        self.labels.len()
    }
}
