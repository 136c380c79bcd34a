//! The sizes that a data set gives a network.

/// Width and height of the images of a data set, one channel, and the number of its classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The labels are under this.
    pub classes: usize,
}

/// Width and height of an image of [`Shape::MNIST`], in pixels.
pub(crate) const SIDE: usize = Shape::MNIST.width;
/// Number of pixels of an image of [`Shape::MNIST`].
pub(crate) const PIXELS: usize = Shape::MNIST.pixels();
/// Number of classes of [`Shape::MNIST`].
pub(crate) const CLASSES: usize = Shape::MNIST.classes;

impl Shape {
    /// MNIST's, and that of every set that is read today.
    pub const MNIST: Self = Self { width: 28, height: 28, classes: 10 };

    /// Pixels of an image: a network's inputs.
    pub const fn pixels(self) -> usize {
        self.width * self.height
    }
}
