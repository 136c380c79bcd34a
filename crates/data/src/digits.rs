//! What a data set is, whatever it came from.

use burn_dataset::{Dataset, DatasetError};

use crate::idx::Kind;
use crate::sha256::sha256;
use crate::shape::{PIXELS, Shape};

/// One image with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digit {
    /// Row by row from the top left, 0 (paper) to 255 (ink).
    pub pixels: Vec<u8>,
    /// 0 to 9.
    pub label: u8,
}

/// The training or the test half of a data set, kept as bytes: images `[len, height, width]`, labels
/// `[len]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    shape: Shape,
    images: Vec<u8>,
    labels: Vec<u8>,
}

/// A data set, complete and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits {
    /// `mnist`, `synthetic`, or the folder's name.
    pub name: String,
    /// What the variants learn from.
    pub train: Split,
    /// What they never see while learning.
    pub test: Split,
    /// Tells one set from another: the SHA-256, in hexadecimal, of the four SHA-256 sums, in
    /// hexadecimal, one after another, of train images, train labels, test images and test labels,
    /// each as an unpacked IDX file. It does not depend on the name, nor on how the set is stored.
    pub sha256: String,
}

impl Digits {
    /// A set made in memory; its [`sha256`](Self::sha256) is that of the same set read from files.
    pub fn new(name: impl Into<String>, train: Split, test: Split) -> Self {
        let sums = [
            Kind::Images.sha256(&train.images),
            Kind::Labels.sha256(&train.labels),
            Kind::Images.sha256(&test.images),
            Kind::Labels.sha256(&test.labels),
        ];
        Self { name: name.into(), train, test, sha256: sha256_of_sums(&sums) }
    }
}

/// [`Digits::sha256`], from the sums of the four files.
pub(crate) fn sha256_of_sums(sums: &[String; 4]) -> String {
    sha256(sums.iter().map(String::as_bytes))
}

impl Split {
    /// Joins images `[len, height, width]` of [`Shape::MNIST`] with their labels `[len]`.
    ///
    /// # Panics
    ///
    /// When the two lengths do not belong together.
    pub fn new(images: Vec<u8>, labels: Vec<u8>) -> Self {
        assert_eq!(images.len(), labels.len() * PIXELS, "one label per image");
        Self { shape: Shape::MNIST, images, labels }
    }

    /// The images' size, and the number of classes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image at all.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of one image, row by row.
    ///
    /// # Panics
    ///
    /// When `index` is not under [`len`](Self::len).
    pub fn image(&self, index: usize) -> &[u8] {
        let pixels = self.shape.pixels();
        &self.images[index * pixels..(index + 1) * pixels]
    }

    /// The labels, in the images' order.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// A copy of the first so many.
    ///
    /// # Panics
    ///
    /// When `len` is more than there are.
    #[must_use]
    pub fn first(&self, len: usize) -> Self {
        Self {
            shape: self.shape,
            images: self.images[..len * self.shape.pixels()].to_vec(),
            labels: self.labels[..len].to_vec(),
        }
    }

    /// Cuts the split in two: the first `len` images, and the rest.
    ///
    /// # Panics
    ///
    /// When `len` is more than there are.
    pub fn split_at(mut self, len: usize) -> (Self, Self) {
        let rest = Self {
            shape: self.shape,
            images: self.images.split_off(len * self.shape.pixels()),
            labels: self.labels.split_off(len),
        };
        (self, rest)
    }
}

impl Dataset<Digit> for Split {
    fn get(&self, index: usize) -> Result<Digit, DatasetError> {
        Ok(Digit { pixels: self.image(index).to_vec(), label: self.labels[index] })
    }

    fn len(&self) -> usize {
        self.labels.len()
    }
}
