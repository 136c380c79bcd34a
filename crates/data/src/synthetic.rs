//! A synthetic data set similar to MNIST, which needs no download.
//!
//! Each digit has a table of strokes ([`strokes`]). A random handwriting distorts them
//! ([`handwriting`]) into smooth curves ([`curve`]), which are drawn, fitted and centred as in MNIST
//! ([`raster`]). The only statistics taken from MNIST are the thickness, slant and variation of its
//! digits as a whole.

mod curve;
mod handwriting;
mod random;
mod raster;
mod strokes;
#[cfg(test)]
mod tests;

use rand::RngExt;
use rayon::prelude::*;

use self::handwriting::Handwriting;
use self::random::Subset;
use crate::image_set::{ImageSet, Split};
use crate::shape::Shape;

/// Width and height of an image, in pixels.
const SIDE: usize = Shape::MNIST.width;
/// Number of pixels of an image.
const PIXELS: usize = SIDE * SIDE;
/// Number of classes.
const CLASSES: usize = Shape::MNIST.classes;

/// Draws 60 000 training and 10 000 test images: the same bytes on every call and every machine.
pub fn synthetic() -> ImageSet {
    let train = draw(Subset::Train, 60_000);
    let test = draw(Subset::Test, 10_000);
    ImageSet::new("synthetic", train, test)
}

/// Draws the first `len` digits of a split.
fn draw(subset: Subset, len: u32) -> Split {
    let digits = (0..len).into_par_iter().map(|index| digit(subset, index));
    let (images, labels): (Vec<_>, Vec<_>) = digits.unzip();
    Split::new(Shape::MNIST, images.into_flattened(), labels)
}

/// Draws one digit and returns its image and its label.
fn digit(subset: Subset, index: u32) -> ([u8; PIXELS], u8) {
    let rng = &mut random::of_digit(subset, index);
    let label = rng.random_range(0..=9);
    let handwriting = Handwriting::random(rng);
    let strokes = strokes::random_style(label, rng);
    let lines = strokes.iter().map(|stroke| handwriting.write(stroke, rng)).collect();
    let pen = handwriting::random_pen(rng);
    (raster::draw(lines, &pen), label)
}
