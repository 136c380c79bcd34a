//! Ink on a picture: its contrast with the background around it.

use super::grid::{Grid, quantile};

/// Radius of the squares in which the background shows somewhere, as a part of the longer side. A stroke of a digit
/// that fills the picture has a fifth of its height.
const STROKE: usize = 8;
/// Radius of the squares whose background is averaged, as a part of the longer side.
const AROUND: usize = 16;
/// Radius of the squares over which noise is averaged, as a part of the longer side.
const GRAIN: usize = 160;
/// Share of the pixels whose contrast is less than that of the strongest ink.
const STRONGEST: f64 = 0.9995;
/// Contrast of ink in the shade, as a part of that of the strongest ink.
const SHADED: f32 = 0.4;
/// Ratio from which the contrast alone tells whether the ink is dark or light.
const CLEARLY: f32 = 2.0;
/// Least contrast of ink with the background, in grey levels.
const LEAST_CONTRAST: f32 = 10.0;
/// Least contrast of ink, in standard deviations of the background.
const LEAST_DEVIATIONS: f32 = 4.0;
/// Standard deviation, in grey levels, from which the picture is smoothed.
const NOISE: f32 = 2.0;
/// Standard deviation of a normal distribution with a distance of 1 from its lower quartile to its median.
const DEVIATIONS: f32 = 1.4826;

/// Ink on a picture.
pub(super) struct Ink {
    /// Whether the ink is darker than the background.
    pub(super) is_dark: bool,
    /// Contrast of each pixel with the background at its place, in grey levels.
    pub(super) contrast: Grid<f32>,
    /// The contrast as a part of that of the strongest ink around, 0 to 255.
    pub(super) values: Grid<f32>,
    /// Least contrast of ink, in grey levels.
    pub(super) least: f32,
    /// Standard deviation of the background, in grey levels.
    pub(super) noise: f32,
}

impl Ink {
    /// Finds the ink on a picture with grey values of 0 to 255.
    pub(super) fn of(picture: &Grid<f32>) -> Self {
        let of_dark = contrast(picture);
        let of_light = contrast(&picture.map(|value| 255.0 - value));
        let strength = |(contrast, _): &(Grid<f32>, f32)| contrast.quantile(STRONGEST);
        let (dark, light) = (strength(&of_dark), strength(&of_light));
        let is_dark = if dark.max(light) > CLEARLY * dark.min(light) {
            dark > light
        } else {
            is_dark_on_light(picture)
        };
        let (contrast, noise) = if is_dark { of_dark } else { of_light };
        let least = LEAST_CONTRAST.max(LEAST_DEVIATIONS * noise);
        let strongest = contrast.quantile(STRONGEST).max(least);
        let radius = (contrast.longer_side() / STROKE).max(2);
        // Ink in the shade has less contrast, but noise must not become ink.
        let around = contrast.map(|value| value.max(SHADED * strongest));
        let around = around.maxima(radius).means(radius);
        let values =
            contrast.zip(&around, |value, around| (255.0 * value / around).clamp(0.0, 255.0));
        Self { is_dark, contrast, values, least, noise }
    }
}

/// Returns the contrast of dark ink with the background at its place, and the standard deviation of the background, in
/// grey levels.
fn contrast(picture: &Grid<f32>) -> (Grid<f32>, f32) {
    let Background { values, is_bare } = Background::of(picture);
    let noise = |contrast: &Grid<f32>| {
        let bare = contrast.cells.iter().zip(&is_bare.cells).filter(|(_, is_bare)| **is_bare);
        deviation(bare.map(|(value, _)| *value).collect())
    };
    let contrast = values.zip(picture, |background, value| background - value);
    let contrast = if noise(&contrast) > NOISE { contrast.means(1) } else { contrast };
    let noise = noise(&contrast);
    (contrast, noise)
}

/// Returns whether the ink is darker than the background, which has most of the pixels near it, and most of those near
/// the border.
fn is_dark_on_light(picture: &Grid<f32>) -> bool {
    let Grid { width, height, .. } = *picture;
    let radius = (picture.longer_side() / 3).max(2);
    let (maxima, minima) = (picture.maxima(radius), picture.minima(radius));
    let depth = (width.min(height) / 8).max(1);
    let (mut all, mut border) = ([0.0, 1.0], [0.0, 1.0]);
    for (index, &value) in picture.cells.iter().enumerate() {
        let (x, y) = (index % width, index / width);
        let (most, least) = (maxima.cells[index], minima.cells[index]);
        let add = |[lean, contrast]: [f32; 2]| {
            [lean + 2.0 * value - most - least, contrast + most - least]
        };
        all = add(all);
        if x.min(width - 1 - x) < depth || y.min(height - 1 - y) < depth {
            border = add(border);
        }
    }
    2.0 * border[0] / border[1] + all[0] / all[1] >= 0.0
}

/// Background of a picture with dark ink.
struct Background {
    /// Its grey value at each place.
    values: Grid<f32>,
    /// Whether there is no ink on it.
    is_bare: Grid<bool>,
}

impl Background {
    fn of(picture: &Grid<f32>) -> Self {
        let side = picture.longer_side();
        let radius = (side / STROKE).max(2);
        // A closing: dark parts narrower than the squares are filled.
        let smooth = picture.means((side / GRAIN).max(1));
        let margin = 2 * radius;
        let closed = smooth.continued(margin).maxima(radius).minima(radius).trimmed(margin);
        // With noise its values are above those of the background.
        let depth = closed.zip(picture, |closed, value| closed - value);
        let (low, deepest) = (depth.quantile(0.2), depth.quantile(0.995));
        let limit = low + 0.3 * (deepest - low);
        let is_bare = depth.map(|depth| depth <= limit);
        let around = (side / AROUND).max(1);
        let share = is_bare.map(|is_bare| f32::from(u8::from(is_bare))).means(around);
        let bare = is_bare.zip(picture, |is_bare, value| if is_bare { value } else { 0.0 });
        let values = bare.means(around).zip(&share, |sum, share| (sum, share));
        let values = values.zip(&closed, |(sum, share), closed| {
            // A mean over the edge of a shadow is too high on its dark side.
            if share > 0.02 { closed.min(sum / share) } else { closed }
        });
        Self { values, is_bare }
    }
}

/// Estimates the standard deviation of noise by its lower quartile. The edges of ink are above the median.
fn deviation(values: Vec<f32>) -> f32 {
    DEVIATIONS * (quantile(values.clone(), 0.5) - quantile(values, 0.25))
}
