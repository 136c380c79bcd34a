//! Image size and number of classes.

/// Size of the images of a data set, which have one channel, and number of its classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Width, in pixels.
    pub width: usize,
    /// Height, in pixels.
    pub height: usize,
    /// Number of classes; labels are below it.
    pub classes: usize,
}

/// Width and height of an image of [`Shape::MNIST`], in pixels.
pub(crate) const SIDE: usize = Shape::MNIST.width;
/// Number of pixels of an image of [`Shape::MNIST`].
pub(crate) const PIXELS: usize = Shape::MNIST.pixels();
/// Number of classes of [`Shape::MNIST`].
pub(crate) const CLASSES: usize = Shape::MNIST.classes;

impl Shape {
    /// Shape of MNIST and of every other supported data set.
    pub const MNIST: Self = Self { width: 28, height: 28, classes: 10 };

    /// Returns the number of pixels of an image, which is a network's number of inputs.
    pub const fn pixels(self) -> usize {
        self.width * self.height
    }
}
