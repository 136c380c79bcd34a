//! Random handwriting, which distorts the strokes of the table.

use super::curve::{self, Point};
use super::random::{Rng, near_zero};
use super::raster::Pen;
use super::strokes::Stroke;

// A spread is a standard deviation. Lengths are in half heights of the digit, slopes in lengths per
// length.

/// Spread of the distance of each point from its position in the table.
const JITTER_SPREAD: f32 = 0.055;
/// Spread of how far each bend moves the edges of the digit.
const BEND_SPREAD: f32 = 0.13;
/// Mean slope of uprights: most lean slightly to the right.
const SLANT: f32 = 0.13;
const SLANT_SPREAD: f32 = 0.25;
/// Spread of the slope of the whole digit's rotation.
const ROTATION_SPREAD: f32 = 0.12;
/// Spread of the digit's width, relative to the table.
const WIDTH_SPREAD: f32 = 0.2;

/// Mean radius of the pen, in pixels.
const RADIUS: f32 = 1.35;
const RADIUS_SPREAD: f32 = 0.4;
const MIN_RADIUS: f32 = 0.6;
/// Mean width of a line's grey edge, in pixels.
const EDGE_WIDTH: f32 = 1.0;
const EDGE_WIDTH_SPREAD: f32 = 0.15;

/// Distortion shared by all strokes of one digit.
pub(super) struct Handwriting {
    /// Factors of the terms of [`bend`](Self::bend), to the right and downwards.
    bends: [[f32; 4]; 2],
    width: f32,
    slant: f32,
    rotation: f32,
}

impl Handwriting {
    pub(super) fn random(rng: &mut Rng) -> Self {
        let mut random = |spread| near_zero(rng, spread);
        Self {
            bends: [[BEND_SPREAD; 4]; 2].map(|spreads| spreads.map(&mut random)),
            width: 1.0 + random(WIDTH_SPREAD),
            slant: SLANT + random(SLANT_SPREAD),
            rotation: random(ROTATION_SPREAD),
        }
    }

    /// Returns the line of a distorted stroke.
    pub(super) fn write(&self, stroke: Stroke, rng: &mut Rng) -> Vec<Point> {
        let mut line = curve::catmull_rom(&jitter(stroke, rng));
        for point in &mut line {
            *point = self.slant_and_rotate(self.bend(*point));
        }
        line
    }

    /// Bends straight lines and enlarges one side of the digit relative to the other.
    fn bend(&self, Point { x, y }: Point) -> Point {
        let terms = [x * x, x * y, y * y, y * y * y - y];
        let [right, down] = self
            .bends
            .map(|bends| bends.iter().zip(terms).map(|(bend, term)| bend * term).sum::<f32>());
        Point::new(x + right, y + down)
    }

    fn slant_and_rotate(&self, Point { x, y }: Point) -> Point {
        let x = x * self.width - y * self.slant;
        Point::new(x - y * self.rotation, y + x * self.rotation)
    }
}

pub(super) fn random_pen(rng: &mut Rng) -> Pen {
    Pen {
        radius: (RADIUS + near_zero(rng, RADIUS_SPREAD)).max(MIN_RADIUS),
        edge_width: EDGE_WIDTH + near_zero(rng, EDGE_WIDTH_SPREAD),
    }
}

/// Scales the points of the table to -1 to 1 and moves each at random. The two equal points of a corner
/// stay equal.
fn jitter(stroke: Stroke, rng: &mut Rng) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::with_capacity(stroke.len());
    for (index, &point) in stroke.iter().enumerate() {
        let repeated = index > 0 && stroke[index - 1] == point;
        points.push(if repeated { points[index - 1] } else { jitter_point(point, rng) });
    }
    points
}

fn jitter_point((x, y): (u8, u8), rng: &mut Rng) -> Point {
    let mut jitter =
        |hundredths| f32::from(hundredths) / 50.0 - 1.0 + near_zero(rng, JITTER_SPREAD);
    Point::new(jitter(x), jitter(y))
}
