//! Connected parts of a picture's ink: the drawing, and what is not part of it.

use super::grid::Grid;

/// Greatest area of a speck, as a part of that of the largest part.
const SPECK: f64 = 0.01;
/// Least area of a part of a drawing, as a part of that of its main part.
const LEAST_AREA: f64 = 0.03;
/// Least size of a part of a drawing, as a part of that of its main part.
const LEAST_SIZE: f64 = 0.12;
/// Greatest distance of the parts of a drawing, as a part of the size of its main part.
const NEAR: f64 = 0.15;
/// Width of the border of a picture, as a part of its shorter side.
const BORDER: usize = 12;

/// Connected pixels of ink.
#[derive(Debug, Clone)]
struct Part {
    /// Indices of the pixels.
    pixels: Vec<usize>,
    left: usize,
    top: usize,
    /// Column after the last one.
    right: usize,
    /// Row after the last one.
    bottom: usize,
}

impl Part {
    fn size(&self) -> usize {
        (self.right - self.left).max(self.bottom - self.top)
    }

    fn area(&self) -> usize {
        self.pixels.len()
    }

    /// Returns whether another part lies inside the box around this one.
    fn surrounds(&self, other: &Self) -> bool {
        self.left < other.left
            && self.top < other.top
            && self.right > other.right
            && self.bottom > other.bottom
    }

    /// Returns the distance of the boxes around two parts, in pixels.
    fn distance(&self, other: &Self) -> usize {
        let gap = |start: usize, end: usize| start.saturating_sub(end);
        let x = gap(self.left, other.right).max(gap(other.left, self.right));
        let y = gap(self.top, other.bottom).max(gap(other.top, self.bottom));
        x.max(y)
    }
}

/// Returns the pixels of the drawing: of the largest part that is no frame and does not lie along the border, and of
/// the parts near it that are no specks. Also returns the number of other parts.
pub(super) fn drawing_of(ink: &Grid<bool>) -> (Grid<bool>, usize) {
    let Grid { width, height, .. } = *ink;
    let parts = parts(ink);
    let count = parts.len();
    let mut rest = inner(without_frames(parts), width, height);
    let mut drawing = Grid { width, height, cells: vec![false; width * height] };
    let Some(main) = (0..rest.len()).max_by_key(|&index| rest[index].area()) else {
        return (drawing, count);
    };
    let mut near = vec![rest.swap_remove(main)];
    let (size, area) = (near[0].size() as f64, near[0].area() as f64);
    rest.retain(|part| {
        part.area() as f64 >= LEAST_AREA * area && part.size() as f64 >= LEAST_SIZE * size
    });
    let mut kept = 0;
    while let Some(part) = near.pop() {
        near.extend(rest.extract_if(.., |other| part.distance(other) as f64 <= NEAR * size));
        kept += 1;
        for index in part.pixels {
            drawing.cells[index] = true;
        }
    }
    (drawing, count - kept)
}

/// Removes the specks, and the parts that surround a drawing.
fn without_frames(mut parts: Vec<Part>) -> Vec<Part> {
    let speck = SPECK * largest(&parts) as f64;
    parts.retain(|part| part.area() as f64 >= speck);
    let are_frames: Vec<bool> = parts
        .iter()
        .map(|frame| {
            parts.iter().any(|other| {
                frame.surrounds(other)
                    && 5 * other.size() >= frame.size()
                    && 10 * other.area() >= frame.area()
            })
        })
        .collect();
    parts
        .into_iter()
        .zip(are_frames)
        .filter(|(_, is_frame)| !is_frame)
        .map(|(part, _)| part)
        .collect()
}

/// Removes the parts that lie along the border of the picture, unless there is little else.
fn inner(parts: Vec<Part>, width: usize, height: usize) -> Vec<Part> {
    let depth = (width.min(height) / BORDER).max(1);
    let is_outer = |&&index: &&usize| {
        let (x, y) = (index % width, index / width);
        x.min(width - 1 - x) < depth || y.min(height - 1 - y) < depth
    };
    let (inner, outer): (Vec<Part>, Vec<Part>) = (parts.into_iter())
        .partition(|part| 2 * part.pixels.iter().filter(is_outer).count() <= part.area());
    if 10 * largest(&inner) >= largest(&outer) { inner } else { [inner, outer].concat() }
}

/// Returns the area of the largest part.
fn largest(parts: &[Part]) -> usize {
    parts.iter().map(Part::area).max().unwrap_or(0)
}

/// Returns the connected parts of the ink.
fn parts(ink: &Grid<bool>) -> Vec<Part> {
    let Grid { width, height, .. } = *ink;
    let mut unseen = ink.cells.clone();
    let mut parts = Vec::new();
    for start in 0..unseen.len() {
        if !unseen[start] {
            continue;
        }
        unseen[start] = false;
        let mut part = Part { pixels: vec![start], left: width, top: height, right: 0, bottom: 0 };
        let mut next = 0;
        while let Some(&index) = part.pixels.get(next) {
            next += 1;
            let (x, y) = (index % width, index / width);
            part.left = part.left.min(x);
            part.top = part.top.min(y);
            part.right = part.right.max(x + 1);
            part.bottom = part.bottom.max(y + 1);
            for y in y.saturating_sub(1)..(y + 2).min(height) {
                for x in x.saturating_sub(1)..(x + 2).min(width) {
                    let neighbour = y * width + x;
                    if unseen[neighbour] {
                        unseen[neighbour] = false;
                        part.pixels.push(neighbour);
                    }
                }
            }
        }
        parts.push(part);
    }
    parts
}
