//! A data set in the manner of MNIST that the program draws itself, for work without a download.
//!
//! A digit is written in strokes ([`strokes`]) by some hand ([`hand`]) along smooth lines
//! ([`curve`]), and comes to pixels as MNIST's did ([`raster`]). Nothing in it is taken from MNIST
//! but how thick, slanted and varied the digits are as a whole.

mod chance;
mod curve;
mod hand;
mod raster;
mod strokes;
#[cfg(test)]
mod tests;

use rand::RngExt;
use rayon::prelude::*;

use self::chance::Half;
use self::hand::Hand;
use crate::digits::{Digits, Split};
use crate::shape::PIXELS;

/// Draws 60 000 digits to train on and 10 000 to test with: the same bytes every time, on every
/// machine.
pub fn synthetic() -> Digits {
    let train = draw(Half::Train, 60_000);
    let test = draw(Half::Test, 10_000);
    Digits::new("synthetic", train, test)
}

/// Draws the first `len` digits of a split.
fn draw(half: Half, len: u32) -> Split {
    let digits = (0..len).into_par_iter().map(|index| digit(half, index));
    let (images, labels): (Vec<_>, Vec<_>) = digits.unzip();
    Split::new(images.into_flattened(), labels)
}

/// Draws one digit: its image and its label.
fn digit(half: Half, index: u32) -> ([u8; PIXELS], u8) {
    let chance = &mut chance::of_digit(half, index);
    let label = chance.random_range(0..=9);
    let hand = Hand::any(chance);
    let strokes = strokes::any_style(label, chance);
    let lines = strokes.iter().map(|stroke| hand.write(stroke, chance)).collect();
    let pen = hand::any_pen(chance);
    (raster::draw(lines, &pen), label)
}
