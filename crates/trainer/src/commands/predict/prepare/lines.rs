//! Straight thin lines through the whole picture, such as those of ruled paper and the sides of a frame.

use super::grid::Grid;

/// Greatest thickness of a line, as a part of the picture's longer side.
const THIN: usize = 14;
/// Greatest rise of a line over the picture, as a part of its length.
const RISE: usize = 7;
/// Least share of a line's length that is ink.
const COVERED: f64 = 0.7;
/// Least share of a line's length that is ink of a thin line, and no stroke that crosses it.
const THIN_COVERED: f64 = 0.45;
/// Greatest number of lines that are looked for in each direction.
const MOST: usize = 60;

/// Removes the lines from a picture's ink. Returns how many there were.
pub(super) fn remove_lines(ink: &mut Grid<bool>) -> usize {
    let mut count = remove_level_lines(ink);
    let mut turned = ink.transposed();
    count += remove_level_lines(&mut turned);
    *ink = turned.transposed();
    count
}

/// Removes the lines that are nearly level. A stroke that crosses a line stays whole.
fn remove_level_lines(ink: &mut Grid<bool>) -> usize {
    let runs = column_runs(ink);
    let most = (ink.longer_side() / THIN).max(3);
    let mut thin = runs.map(|run| (1..=most).contains(&run));
    for count in 0..MOST {
        let Some(line) = longest_line(&thin, ink) else { return count };
        let near = line.iter().enumerate().map(|(x, &y)| {
            let rows = y.saturating_sub(1)..(y + 2).min(thin.height);
            rows.map(|y| y * thin.width + x).filter(|&index| thin.cells[index]).collect()
        });
        let near: Vec<Vec<usize>> = near.collect();
        let mut lengths: Vec<usize> = near
            .iter()
            .filter_map(|indices| indices.iter().map(|&index| runs.cells[index]).min())
            .collect();
        lengths.sort_unstable();
        let thickness = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
        let pixels: Vec<usize> =
            near.iter().flatten().flat_map(|&index| thin_run(&thin, index)).collect();
        for index in pixels {
            thin.cells[index] = false;
            // Longer runs are strokes.
            ink.cells[index] &= 2 * runs.cells[index] > 3 * thickness + 2;
        }
    }
    MOST
}

/// Returns the indices of the pixels of the run of thin ink in a column through one of them.
fn thin_run(thin: &Grid<bool>, index: usize) -> Vec<usize> {
    let is_thin = |index: &usize| thin.cells[*index];
    let below = (index..thin.cells.len()).step_by(thin.width).take_while(is_thin);
    let above = (index % thin.width..index).step_by(thin.width).rev().take_while(is_thin);
    below.chain(above).collect()
}

/// Returns the row in each column of the line with the most thin ink, if it goes through the whole picture.
fn longest_line(thin: &Grid<bool>, ink: &Grid<bool>) -> Option<Vec<usize>> {
    let Grid { width, height, .. } = *thin;
    let thin: Vec<[usize; 2]> = (thin.cells.iter().enumerate())
        .filter(|(_, is_thin)| **is_thin)
        .map(|(index, _)| [index % width, index / width])
        .collect();
    let margin = width / RISE;
    let (mut most, mut best) = (0, (0, Vec::new()));
    for rise in 0..=2 * margin {
        let rows = rows_below(rise, margin, width);
        let mut counts = vec![0_usize; height + 2 * margin];
        for &[x, y] in &thin {
            counts[y + 2 * margin - rows[x]] += 1;
        }
        for (start, &count) in counts.iter().enumerate() {
            if count > most {
                most = count;
                best = (start, rows.clone());
            }
        }
    }
    if (most as f64) < THIN_COVERED * width as f64 {
        return None;
    }
    let (start, rows) = best;
    let line: Vec<usize> =
        rows.iter().map(|row| (start + row).saturating_sub(2 * margin)).collect();
    let inked = line.iter().enumerate().filter(|&(x, &y)| {
        (y.saturating_sub(1)..=y + 1).any(|y| y < height && ink.cells[y * width + x])
    });
    let covered = inked.count();
    (covered as f64 >= COVERED * width as f64).then_some(line)
}

/// Returns the rows of a line below its highest possible start, a column each. It rises or falls by up to `margin`
/// rows: its rise is 0 to twice the margin.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to twice the margin"
)]
fn rows_below(rise: usize, margin: usize, width: usize) -> Vec<usize> {
    let slope = (rise as f64 - margin as f64) / width as f64;
    let rows = (0..width).map(|x| margin as f64 + slope * (x as f64 + 0.5 - width as f64 / 2.0));
    rows.map(|row| row.round() as usize).collect()
}

/// Returns for each pixel of ink the length of the run of ink in its column, and 0 elsewhere.
fn column_runs(ink: &Grid<bool>) -> Grid<usize> {
    let mut columns = ink.transposed().map(usize::from);
    for column in columns.cells.chunks_mut(ink.height) {
        for run in column.chunk_by_mut(|one, other| one == other).filter(|run| run[0] == 1) {
            run.fill(run.len());
        }
    }
    columns.transposed()
}
