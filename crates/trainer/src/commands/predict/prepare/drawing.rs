//! The drawing on a picture, without what is not part of it.

use image::{
    GrayImage,
    imageops::{self, FilterType},
};

use super::{
    INK,
    grid::{Grid, quantile},
    ink::Ink,
    lines::remove_lines,
    parts::drawing_of,
};

/// Longer side of the pictures that are looked at, in pixels. Larger ones are scaled down.
const LONGEST: u32 = 512;
/// Least contrast of a drawing with its background, in grey levels.
const LEAST_CONTRAST: f32 = 20.0;
/// Least contrast of a drawing, in standard deviations of the background. Blotches of paper have about 5.
const LEAST_DEVIATIONS: f32 = 6.0;
/// Least size of a drawing, as a part of the picture's longer side.
const LEAST_SIZE: usize = 20;
/// Width of the faint edge of ink, as a part of the picture's longer side.
const EDGE: usize = 80;

/// Finds the drawing on a picture. Returns its ink alone, 0 to 255, on a background of 0. Returns an error if nothing
/// is drawn.
pub(super) fn find_drawing(
    picture: &GrayImage,
    steps: &mut Vec<String>,
) -> Result<GrayImage, String> {
    let picture = scaled_down(picture, steps);
    let (width, height) = picture.dimensions();
    let cells = picture.iter().map(|&value| f32::from(value)).collect();
    let picture = Grid { width: width as usize, height: height as usize, cells };
    let ink = Ink::of(&picture);
    if ink.is_dark {
        steps.push("inverted from dark on light".to_owned());
    }
    let inked = ink
        .values
        .zip(&ink.contrast, |value, contrast| value >= f32::from(INK) && contrast >= ink.least);
    let mut without_lines = inked.clone();
    let lines = remove_lines(&mut without_lines);
    if lines > 0 {
        steps.push(format!("lines through the whole picture dropped: {lines}"));
    }
    let (drawing, others) = drawing_of(&without_lines);
    if others > 0 {
        steps.push(format!("other parts dropped: {others}"));
    }
    check(&drawing, &ink)?;
    steps.push("stretched to full contrast".to_owned());
    let values = with_edges(&drawing, &inked, &ink.values);
    let strongest = values.cells.iter().copied().fold(1.0, f32::max);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let pixels = values.map(|value| (value * 255.0 / strongest).round() as u8);
    GrayImage::from_raw(width, height, pixels.cells).ok_or_else(|| "it is too large".to_owned())
}

fn scaled_down(picture: &GrayImage, steps: &mut Vec<String>) -> GrayImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= LONGEST {
        return picture.clone();
    }
    let [width, height] = [width, height].map(|side| (side * LONGEST).div_ceil(longer));
    steps.push(format!("scaled down to {width} × {height}"));
    imageops::resize(picture, width, height, FilterType::Triangle)
}

/// Returns an error unless a drawing is large enough, and its contrast is high enough.
fn check(drawing: &Grid<bool>, ink: &Ink) -> Result<(), String> {
    let [mut left, mut right, mut top, mut bottom] = [usize::MAX, 0, usize::MAX, 0];
    let mut contrasts = Vec::new();
    for (index, _) in drawing.cells.iter().enumerate().filter(|(_, is_drawn)| **is_drawn) {
        let (x, y) = (index % drawing.width, index / drawing.width);
        [left, right, top, bottom] = [left.min(x), right.max(x), top.min(y), bottom.max(y)];
        contrasts.push(ink.contrast.cells[index]);
    }
    if contrasts.is_empty() {
        return Err("nothing is drawn on it".to_owned());
    }
    let size = (right - left).max(bottom - top) + 1;
    if LEAST_SIZE * size < drawing.longer_side() {
        return Err(format!("nothing is drawn on it but specks of at most {size} pixels"));
    }
    let contrast = quantile(contrasts, 0.75);
    let least = LEAST_CONTRAST.max(LEAST_DEVIATIONS * ink.noise);
    if contrast < least {
        return Err(format!(
            "nothing is drawn on it that stands out: the contrast is {contrast:.0} of 255, and has to be {least:.0}"
        ));
    }
    Ok(())
}

/// Returns the values of a drawing and of its faint edges, and 0 elsewhere.
fn with_edges(drawing: &Grid<bool>, inked: &Grid<bool>, values: &Grid<f32>) -> Grid<f32> {
    let reach = (drawing.longer_side() / EDGE).max(1);
    let around =
        |pixels: &Grid<bool>| pixels.map(|is_set| f32::from(u8::from(is_set))).maxima(reach);
    let others = around(&inked.zip(drawing, |is_inked, is_drawn| is_inked && !is_drawn));
    let is_edge = around(drawing).zip(&others, |drawing, other| drawing > other);
    let is_kept = drawing.zip(&is_edge, |is_drawn, is_edge| is_drawn || is_edge);
    values.zip(&is_kept, |value, is_kept| if is_kept { value } else { 0.0 })
}
