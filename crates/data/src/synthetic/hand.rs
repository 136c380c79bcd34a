//! A hand at work: writes the strokes of the table its own way.

use super::chance::{Chance, around_zero};
use super::curve::{self, Point};
use super::raster::Pen;
use super::strokes::Stroke;

// How much hands differ, as standard deviations where it says "spread". Lengths are in half heights
// of the digit, slopes in lengths per length.

/// Spread of the places where the pen misses the points of the table.
const TREMBLE: f32 = 0.055;
/// Spread of how far each bend moves the digit's edges.
const BEND: f32 = 0.13;
/// Slope of uprights: most people's lean to the right, a little.
const SLANT: f32 = 0.13;
const SLANT_SPREAD: f32 = 0.25;
/// Spread of the slope to which the whole digit is turned.
const TURN_SPREAD: f32 = 0.12;
/// Spread of the digit's width, as a share of that in the table.
const WIDTH_SPREAD: f32 = 0.2;

/// Half the width of the line, in pixels.
const RADIUS: f32 = 1.35;
const RADIUS_SPREAD: f32 = 0.4;
const THINNEST: f32 = 0.6;
/// Width of the line's grey edge, in pixels.
const SOFTNESS: f32 = 1.0;
const SOFTNESS_SPREAD: f32 = 0.15;

/// The habits that all strokes of one digit share.
pub(super) struct Hand {
    /// How strong each shape of [`bent`](Self::bent) is, to the right and downwards.
    bends: [[f32; 4]; 2],
    width: f32,
    slant: f32,
    turn: f32,
}

impl Hand {
    /// Some hand, as they come.
    pub(super) fn any(chance: &mut Chance) -> Self {
        let mut any = |spread| around_zero(chance, spread);
        Self {
            bends: [[BEND; 4]; 2].map(|bends| bends.map(&mut any)),
            width: 1.0 + any(WIDTH_SPREAD),
            slant: SLANT + any(SLANT_SPREAD),
            turn: any(TURN_SPREAD),
        }
    }

    /// The line that the pen leaves when this hand writes a stroke.
    pub(super) fn write(&self, stroke: Stroke, chance: &mut Chance) -> Vec<Point> {
        let mut line = curve::through(&trembling(stroke, chance));
        for point in &mut line {
            *point = self.leaning(self.bent(*point));
        }
        line
    }

    /// Curves uprights and rungs, and makes a head, foot or side larger than the other.
    fn bent(&self, Point { x, y }: Point) -> Point {
        let shapes = [x * x, x * y, y * y, y * y * y - y];
        let [right, down] = self
            .bends
            .map(|bends| bends.iter().zip(shapes).map(|(bend, shape)| bend * shape).sum::<f32>());
        Point::new(x + right, y + down)
    }

    fn leaning(&self, Point { x, y }: Point) -> Point {
        let x = x * self.width - y * self.slant;
        Point::new(x - y * self.turn, y + x * self.turn)
    }
}

/// Some pen, as they come.
pub(super) fn any_pen(chance: &mut Chance) -> Pen {
    Pen {
        radius: (RADIUS + around_zero(chance, RADIUS_SPREAD)).max(THINNEST),
        softness: SOFTNESS + around_zero(chance, SOFTNESS_SPREAD),
    }
}

/// The table's points in a box from -1 to 1, each a little off; a corner stays one.
fn trembling(stroke: Stroke, chance: &mut Chance) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::with_capacity(stroke.len());
    for (index, &place) in stroke.iter().enumerate() {
        let repeated = index > 0 && stroke[index - 1] == place;
        points.push(if repeated { points[index - 1] } else { missed(place, chance) });
    }
    points
}

fn missed((x, y): (u8, u8), chance: &mut Chance) -> Point {
    let mut near = |hundredths| f32::from(hundredths) / 50.0 - 1.0 + around_zero(chance, TREMBLE);
    Point::new(near(x), near(y))
}
