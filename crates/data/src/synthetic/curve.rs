//! Smooth curves through a few points.

/// A point of the drawing: x to the right, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

impl Point {
    pub(super) const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }
}

/// Number of straight segments between two points; more make no difference at 28 pixels.
const SEGMENTS: u8 = 6;

/// Returns the uniform Catmull-Rom spline through at least one point, as a chain of straight segments.
///
/// A point given twice in a row is a corner.
pub(super) fn catmull_rom(points: &[Point]) -> Vec<Point> {
    let last = points.len() - 1;
    let mut line = vec![points[0]];
    for index in 0..last {
        let (from, to) = (points[index], points[index + 1]);
        if from == to {
            continue;
        }
        let before = points[index.saturating_sub(1)];
        let after = points[(index + 2).min(last)];
        line.extend((1..=SEGMENTS).map(|segment| {
            let share = f32::from(segment) / f32::from(SEGMENTS);
            Point::new(
                interpolate([before.x, from.x, to.x, after.x], share),
                interpolate([before.y, from.y, to.y, after.y], share),
            )
        }));
    }
    line
}

/// Interpolates one coordinate between the second and third of four points; `share` is 0 to 1.
fn interpolate([before, from, to, after]: [f32; 4], share: f32) -> f32 {
    let square = share * share;
    let cube = square * share;
    0.5 * (before * (2.0 * square - cube - share)
        + from * (3.0 * cube - 5.0 * square + 2.0)
        + to * (4.0 * square - 3.0 * cube + share)
        + after * (cube - square))
}
