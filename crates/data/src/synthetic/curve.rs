//! Smooth lines through a few points.

/// A place on the paper: x to the right, y downwards.
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

/// Straight pieces between two of the points; more would not show at 28 pixels.
const PIECES: u8 = 6;

/// A Catmull-Rom curve through the points, at least one, as a chain of straight pieces.
///
/// A point given twice in a row is a corner: the pen stops there and sets off anew.
pub(super) fn through(points: &[Point]) -> Vec<Point> {
    let last = points.len() - 1;
    let mut line = vec![points[0]];
    for index in 0..last {
        let (from, to) = (points[index], points[index + 1]);
        if from == to {
            continue;
        }
        let before = points[index.saturating_sub(1)];
        let after = points[(index + 2).min(last)];
        line.extend((1..=PIECES).map(|piece| {
            let share = f32::from(piece) / f32::from(PIECES);
            Point::new(
                between([before.x, from.x, to.x, after.x], share),
                between([before.y, from.y, to.y, after.y], share),
            )
        }));
    }
    line
}

/// One coordinate at a share of the way from the second to the third of four points.
fn between([before, from, to, after]: [f32; 4], share: f32) -> f32 {
    let square = share * share;
    let cube = square * share;
    0.5 * (before * (2.0 * square - cube - share)
        + from * (3.0 * cube - 5.0 * square + 2.0)
        + to * (4.0 * square - 3.0 * cube + share)
        + after * (cube - square))
}
