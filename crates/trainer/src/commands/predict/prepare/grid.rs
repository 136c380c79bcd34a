//! Grids of values, such as the pixels of a picture, and filters on them.

use std::collections::VecDeque;

/// Values of a rectangle, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid<T> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) cells: Vec<T>,
}

impl<T: Copy> Grid<T> {
    pub(super) fn map<U>(&self, of: impl FnMut(T) -> U) -> Grid<U> {
        let Self { width, height, ref cells } = *self;
        Grid { width, height, cells: cells.iter().copied().map(of).collect() }
    }

    /// Combines the values of two grids of the same size.
    pub(super) fn zip<U: Copy, V>(&self, other: &Grid<U>, of: impl Fn(T, U) -> V) -> Grid<V> {
        let Self { width, height, ref cells } = *self;
        let pairs = cells.iter().zip(&other.cells);
        Grid { width, height, cells: pairs.map(|(&one, &other)| of(one, other)).collect() }
    }

    pub(super) fn transposed(&self) -> Self {
        let Self { width, height, ref cells } = *self;
        let columns = (0..width).flat_map(|x| (0..height).map(move |y| cells[y * width + x]));
        Self { width: height, height: width, cells: columns.collect() }
    }

    pub(super) fn longer_side(&self) -> usize {
        self.width.max(self.height)
    }

    /// Applies a filter to each row, and then to each column.
    fn filtered(&self, filter: impl Fn(&[T]) -> Vec<T>) -> Self {
        let rows = |grid: &Self| {
            let cells: Vec<T> = grid.cells.chunks(grid.width).flat_map(&filter).collect();
            Self { width: cells.len() / grid.height, height: grid.height, cells }
        };
        rows(&rows(self).transposed()).transposed()
    }
}

impl Grid<f32> {
    /// Returns the means of the squares that reach `radius` values to each side, cut off at the edges.
    pub(super) fn means(&self, radius: usize) -> Self {
        self.filtered(|line| {
            let sums = line.iter().scan(0.0, |sum, &value| {
                *sum += f64::from(value);
                Some(*sum)
            });
            let sums: Vec<f64> = std::iter::once(0.0).chain(sums).collect();
            let windows = (0..line.len()).map(|at| window(at, radius, line.len()));
            #[expect(clippy::cast_possible_truncation, reason = "a mean of f32")]
            let mean = |(start, end)| ((sums[end] - sums[start]) / (end - start) as f64) as f32;
            windows.map(mean).collect()
        })
    }

    /// Returns the maxima of the squares that reach `radius` values to each side, cut off at the edges.
    pub(super) fn maxima(&self, radius: usize) -> Self {
        self.filtered(|line| {
            // Indices of the window's values that are greater than all later ones.
            let mut falling: VecDeque<usize> = VecDeque::new();
            let mut entered = 0;
            let mut maximum = |at: usize| {
                let (start, end) = window(at, radius, line.len());
                for index in entered..end {
                    while falling.pop_back_if(|last| line[*last] <= line[index]).is_some() {}
                    falling.push_back(index);
                }
                entered = end;
                while falling.pop_front_if(|first| *first < start).is_some() {}
                line[falling[0]]
            };
            (0..line.len()).map(&mut maximum).collect()
        })
    }

    /// Returns the minima of the squares that reach `radius` values to each side, cut off at the edges.
    pub(super) fn minima(&self, radius: usize) -> Self {
        self.map(|value| -value).maxima(radius).map(|value| -value)
    }

    /// Continues the values beyond each edge, mirrored at the value on the edge, so that a slope falls on.
    pub(super) fn continued(&self, margin: usize) -> Self {
        self.filtered(|line| {
            let last = line.len() - 1;
            let most = line.iter().copied().fold(f32::MIN, f32::max);
            let mirrored = |edge: usize, inside: usize| (2.0 * line[edge] - line[inside]).min(most);
            let before = (1..=margin).rev().map(|far| mirrored(0, far.min(last)));
            let after = (1..=margin).map(|far| mirrored(last, last - far.min(last)));
            before.chain(line.iter().copied()).chain(after).collect()
        })
    }

    /// Takes `margin` values off each edge.
    pub(super) fn trimmed(&self, margin: usize) -> Self {
        self.filtered(|line| line[margin..line.len() - margin].to_vec())
    }

    /// Returns the value below which a share of the values lie, 0 to 1.
    pub(super) fn quantile(&self, share: f64) -> f32 {
        quantile(self.cells.clone(), share)
    }
}

/// Returns the value below which a share of the values lie, 0 to 1; 0 if there are none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
pub(super) fn quantile(mut values: Vec<f32>, share: f64) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let rank = ((values.len() - 1) as f64 * share).round() as usize;
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

/// Returns the window around an index of a line, cut off at its ends.
fn window(at: usize, radius: usize, len: usize) -> (usize, usize) {
    (at.saturating_sub(radius), (at + radius + 1).min(len))
}
