//! Image size and number of classes.

use std::fmt::{self, Display, Formatter};

/// Size of the images of a data set, which have one channel, and number of its classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Width, in pixels.
    pub width: usize,
    /// Height, in pixels.
    pub height: usize,
    /// Number of classes, 2 to [`MAX_CLASSES`]; labels are below it.
    pub classes: usize,
}

/// Largest number of classes: a label is one byte.
pub const MAX_CLASSES: usize = 256;

/// Largest number of pixels of a half, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 30;

/// Largest width or height of an image, in pixels.
pub const MAX_SIDE: usize = 1024;

impl Shape {
    /// Shape of MNIST and of every other built-in data set.
    pub const MNIST: Self = Self { width: 28, height: 28, classes: 10 };

    /// Returns the number of pixels of an image, which is a network's number of inputs.
    pub const fn pixels(self) -> usize {
        self.width * self.height
    }
}

/// Size of an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Height, in pixels.
    pub height: usize,
    /// Width, in pixels.
    pub width: usize,
}

impl Size {
    /// Returns the number of pixels.
    pub const fn pixels(self) -> usize {
        self.height * self.width
    }
}

impl Display for Size {
    /// Formats the size as `width × height`.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} × {}", self.width, self.height)
    }
}
