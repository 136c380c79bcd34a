//! Lines to pixels, fitted and centred as the makers of MNIST did it.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixel numbers are under 784 and ink is within 0 to 255"
)]

use std::ops::Range;

use super::curve::Point;
use crate::shape::{PIXELS, SIDE};

/// The middle of the image, in pixels.
const MIDDLE: f32 = SIDE as f32 / 2.0;
/// Pixels on every side that stay free when the ink is fitted: it goes into a box of 20 x 20.
const MARGIN: f32 = 4.0;

/// What the digit is written with; lengths in pixels.
pub(super) struct Pen {
    /// Half the width of the line, to the middle of its grey edge.
    pub(super) radius: f32,
    /// Width of the grey edge between ink and paper.
    pub(super) softness: f32,
}

impl Pen {
    /// How far from the line's middle there is any ink.
    fn reach(&self) -> f32 {
        self.radius + self.softness / 2.0
    }

    /// The ink at a distance from the line's middle, 0 to 255.
    fn ink(&self, distance: f32) -> u8 {
        let share = (self.reach() - distance) / self.softness;
        (share.clamp(0.0, 1.0) * 255.0).round() as u8
    }
}

/// Draws the lines, which are neither empty nor a single point, whatever their size and place.
pub(super) fn draw(mut lines: Vec<Vec<Point>>, pen: &Pen) -> [u8; PIXELS] {
    fit(&mut lines, 2.0 * (MIDDLE - MARGIN - pen.reach()));
    let ink = squared_distances(&lines, pen.reach()).map(|square| pen.ink(square.sqrt()));
    centred(&ink)
}

/// Puts the lines in the middle, the longer of their width and height stretched to `length` pixels.
fn fit(lines: &mut [Vec<Point>], length: f32) {
    let (left, right) = bounds(lines.iter().flatten().map(|point| point.x));
    let (top, bottom) = bounds(lines.iter().flatten().map(|point| point.y));
    let scale = length / (right - left).max(bottom - top);
    for point in lines.iter_mut().flatten() {
        point.x = MIDDLE + (point.x - f32::midpoint(left, right)) * scale;
        point.y = MIDDLE + (point.y - f32::midpoint(top, bottom)) * scale;
    }
}

fn bounds(numbers: impl Iterator<Item = f32>) -> (f32, f32) {
    numbers.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), number| {
        (low.min(number), high.max(number))
    })
}

/// The squared distance from each pixel's centre to the nearest line, right where it is within `reach`.
fn squared_distances(lines: &[Vec<Point>], reach: f32) -> [f32; PIXELS] {
    let mut nearest = [f32::INFINITY; PIXELS];
    for piece in lines.iter().flat_map(|line| line.array_windows()) {
        let [from, to] = piece;
        for row in near(from.y, to.y, reach) {
            for column in near(from.x, to.x, reach) {
                let centre = Point::new(column as f32 + 0.5, row as f32 + 0.5);
                let pixel = &mut nearest[row * SIDE + column];
                *pixel = pixel.min(squared_distance(centre, piece));
            }
        }
    }
    nearest
}

/// The pixels, along one axis, within `reach` of what lies between two places.
fn near(one: f32, other: f32, reach: f32) -> Range<usize> {
    // A cast turns what is below zero into zero.
    let first = (one.min(other) - reach) as usize;
    let end = (one.max(other) + reach).ceil() as usize;
    first..end.min(SIDE)
}

fn squared_distance(point: Point, [from, to]: &[Point; 2]) -> f32 {
    let (along_x, along_y) = (to.x - from.x, to.y - from.y);
    let (x, y) = (point.x - from.x, point.y - from.y);
    // Not zero, even where the two ends fell together.
    let length = (along_x * along_x + along_y * along_y).max(f32::MIN_POSITIVE);
    let share = ((x * along_x + y * along_y) / length).clamp(0.0, 1.0);
    let (x, y) = (x - share * along_x, y - share * along_y);
    x * x + y * y
}

/// Shifts the image by whole pixels until its centre of mass is in column 14 and row 14, or less than
/// a pixel off: MNIST has it there, not between its middle pixels.
fn centred(image: &[u8; PIXELS]) -> [u8; PIXELS] {
    let (x, y) = centre_of_mass(image);
    // No further than the margin, so that no ink gets lost.
    let shift = |centre: f32| (MIDDLE - centre).round().clamp(-MARGIN, MARGIN) as isize;
    let offset = shift(y) * SIDE.cast_signed() + shift(x);
    let mut shifted = [0; PIXELS];
    for (index, &ink) in image.iter().enumerate().filter(|&(_, &ink)| ink > 0) {
        shifted[index.strict_add_signed(offset)] = ink;
    }
    shifted
}

/// Where the ink balances: column and row, whole where it is a pixel's centre.
pub(super) fn centre_of_mass(image: &[u8]) -> (f32, f32) {
    let (mut mass, mut x, mut y) = (0.0, 0.0, 0.0);
    for (index, &ink) in image.iter().enumerate() {
        let ink = f32::from(ink);
        mass += ink;
        x += ink * (index % SIDE) as f32;
        y += ink * (index / SIDE) as f32;
    }
    (x / mass, y / mass)
}
