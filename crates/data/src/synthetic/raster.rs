//! Drawing lines as pixels, fitted and centred as in MNIST (<https://yann.lecun.com/exdb/mnist/>).
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixel indices are below 784 and ink is 0 to 255"
)]

use std::ops::Range;

use super::curve::Point;
use super::{PIXELS, SIDE};

/// Centre of the image, in pixels.
const CENTRE: f32 = SIDE as f32 / 2.0;
/// Width of the margin around the fitted ink, in pixels: the ink fits into a box of 20 x 20.
const MARGIN: f32 = 4.0;

/// The pen that draws a digit; lengths in pixels.
pub(super) struct Pen {
    /// Half the width of the line, measured to the middle of its grey edge.
    pub(super) radius: f32,
    /// Width of the grey edge between ink and background.
    pub(super) edge_width: f32,
}

impl Pen {
    /// Returns the largest distance from the centre line that has any ink.
    fn reach(&self) -> f32 {
        self.radius + self.edge_width / 2.0
    }

    /// Returns the ink, 0 to 255, at a distance from the centre line.
    fn ink(&self, distance: f32) -> u8 {
        let share = (self.reach() - distance) / self.edge_width;
        (share.clamp(0.0, 1.0) * 255.0).round() as u8
    }
}

/// Draws lines of any size and position. They must have at least two different points.
pub(super) fn draw(mut lines: Vec<Vec<Point>>, pen: &Pen) -> [u8; PIXELS] {
    fit(&mut lines, 2.0 * (CENTRE - MARGIN - pen.reach()));
    let ink = squared_distances(&lines, pen.reach()).map(|square| pen.ink(square.sqrt()));
    centre(&ink)
}

/// Centres the lines and scales them so that the longer of width and height is `length` pixels.
fn fit(lines: &mut [Vec<Point>], length: f32) {
    let (left, right) = bounds(lines.iter().flatten().map(|point| point.x));
    let (top, bottom) = bounds(lines.iter().flatten().map(|point| point.y));
    let scale = length / (right - left).max(bottom - top);
    for point in lines.iter_mut().flatten() {
        point.x = CENTRE + (point.x - f32::midpoint(left, right)) * scale;
        point.y = CENTRE + (point.y - f32::midpoint(top, bottom)) * scale;
    }
}

fn bounds(numbers: impl Iterator<Item = f32>) -> (f32, f32) {
    numbers.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), number| {
        (low.min(number), high.max(number))
    })
}

/// Returns the squared distance from each pixel's centre to the nearest line. Distances above `reach` may
/// be too large.
fn squared_distances(lines: &[Vec<Point>], reach: f32) -> [f32; PIXELS] {
    let mut nearest = [f32::INFINITY; PIXELS];
    for segment in lines.iter().flat_map(|line| line.array_windows()) {
        let [from, to] = segment;
        for row in pixels_near(from.y, to.y, reach) {
            for column in pixels_near(from.x, to.x, reach) {
                let centre = Point::new(column as f32 + 0.5, row as f32 + 0.5);
                let pixel = &mut nearest[row * SIDE + column];
                *pixel = pixel.min(squared_distance(centre, segment));
            }
        }
    }
    nearest
}

/// Returns the pixels, along one axis, that are within `reach` of the interval between two coordinates.
fn pixels_near(one: f32, other: f32, reach: f32) -> Range<usize> {
    // The cast saturates negative numbers to 0.
    let first = (one.min(other) - reach) as usize;
    let end = (one.max(other) + reach).ceil() as usize;
    first..end.min(SIDE)
}

fn squared_distance(point: Point, [from, to]: &[Point; 2]) -> f32 {
    let (along_x, along_y) = (to.x - from.x, to.y - from.y);
    let (x, y) = (point.x - from.x, point.y - from.y);
    // Avoids a division by zero if both ends are equal.
    let squared_length = (along_x * along_x + along_y * along_y).max(f32::MIN_POSITIVE);
    let share = ((x * along_x + y * along_y) / squared_length).clamp(0.0, 1.0);
    let (x, y) = (x - share * along_x, y - share * along_y);
    x * x + y * y
}

/// Shifts the image by whole pixels so that its centre of mass is less than a pixel from column 14 and
/// row 14, as in MNIST.
fn centre(image: &[u8; PIXELS]) -> [u8; PIXELS] {
    let (x, y) = centre_of_mass(image);
    // A shift within the margin loses no ink.
    let shift = |mean: f32| (CENTRE - mean).round().clamp(-MARGIN, MARGIN) as isize;
    let offset = shift(y) * SIDE.cast_signed() + shift(x);
    let mut shifted = [0; PIXELS];
    for (index, &ink) in image.iter().enumerate().filter(|&(_, &ink)| ink > 0) {
        shifted[index.strict_add_signed(offset)] = ink;
    }
    shifted
}

/// Returns the column and row of the centre of mass; whole numbers are the centres of pixels.
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
