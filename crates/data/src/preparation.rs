//! Preparation of pictures as the images of a data set were prepared.

use serde::{Deserialize, Serialize};

use crate::image_set::Split;
use crate::shape::Shape;

/// Least value of a pixel of ink on a dark background.
const INK: u8 = 1;
/// Number of images that are examined.
const LOOKED_AT: usize = 1000;
/// Share of the images that have to be centred.
const MOST: f64 = 0.9;
/// Greatest distance of the centre of mass from the middle, in pixels: it is moved by whole pixels.
const OFF_CENTRE: f64 = 1.0;

/// Share of the images of which the rule of [`is_dark_on_light`] has to be true if it is to be applied to pictures.
const ALIKE: f64 = 0.99;
/// Least side of centred images, in pixels: on fewer, any ink is in the middle.
const LEAST_SIDE: usize = 8;

/// Preparation of a picture of any size as the images of a data set were prepared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preparation {
    /// Preparation of MNIST: made light on dark, the ink scaled to [`centred_ink`], its centre of mass in the middle.
    #[default]
    Centred,
    /// Made light on dark, and scaled as a whole.
    LightOnDark,
    /// Made dark on light, and scaled as a whole.
    DarkOnLight,
    /// Scaled as a whole.
    Whole,
}

impl Preparation {
    /// Returns the preparation of a data set's images, judged by the first thousand of a split.
    pub fn of(split: &Split) -> Self {
        let Shape { width, height, .. } = split.shape();
        let looked_at = split.len().min(LOOKED_AT);
        let images = || (0..looked_at).map(|index| split.image(index));
        let can_be_centred = width == height && width >= LEAST_SIDE;
        let centred = images().filter(|image| can_be_centred && is_centred(image, width)).count();
        if centred as f64 >= MOST * looked_at as f64 {
            return Self::Centred;
        }
        let dark = images().filter(|image| is_dark_on_light(image, width)).count();
        let share = dark as f64 / looked_at as f64;
        if share <= 1.0 - ALIKE {
            Self::LightOnDark
        } else if share >= ALIKE {
            Self::DarkOnLight
        } else {
            Self::Whole
        }
    }

    /// Returns whether this is the default.
    pub fn is_centred(&self) -> bool {
        *self == Self::Centred
    }
}

/// Returns whether the ink on a picture of this width is dark: the darkest pixels differ more from the border, where there is
/// rarely ink, than the lightest.
pub fn is_dark_on_light(pixels: &[u8], width: usize) -> bool {
    let extreme = |found: Option<&u8>| f64::from(found.copied().unwrap_or(0));
    2.0 * border(pixels, width) > extreme(pixels.iter().min()) + extreme(pixels.iter().max())
}

/// Returns the mean of the outermost pixels of a picture of this width.
pub fn border(pixels: &[u8], width: usize) -> f64 {
    let height = pixels.len() / width.max(1);
    let outer = pixels.iter().enumerate().filter(|(index, _)| {
        let (x, y) = (index % width, index / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    });
    let (sum, count) =
        outer.fold((0_u64, 0_u64), |(sum, count), (_, &pixel)| (sum + u64::from(pixel), count + 1));
    sum as f64 / count.max(1) as f64
}

/// Returns the longer side of the ink on a square image of a data set prepared as MNIST, in pixels.
pub const fn centred_ink(side: usize) -> usize {
    (20 * side + 14) / 28
}

fn is_centred(image: &[u8], side: usize) -> bool {
    let mut ends = [usize::MAX, 0, usize::MAX, 0];
    let (mut mass, mut moments) = (0.0, [0.0, 0.0]);
    for (index, &pixel) in image.iter().enumerate().filter(|(_, pixel)| **pixel >= INK) {
        let (x, y, weight) = (index % side, index / side, f64::from(pixel));
        let [left, right, top, bottom] = ends;
        ends = [left.min(x), right.max(x), top.min(y), bottom.max(y)];
        mass += weight;
        moments = [moments[0] + weight * (x as f64 + 0.5), moments[1] + weight * (y as f64 + 0.5)];
    }
    if mass == 0.0 {
        return false;
    }
    let [left, right, top, bottom] = ends;
    let longer = (right - left).max(bottom - top) + 1;
    let middle = side as f64 / 2.0;
    longer.abs_diff(centred_ink(side)) <= 1
        && moments.iter().all(|moment| (moment / mass - middle).abs() <= OFF_CENTRE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn of(images: &[u8], side: usize) -> Preparation {
        let shape = Shape { width: side, height: side, classes: 2 };
        let len = images.len() / shape.pixels();
        Preparation::of(&Split::new(shape, images.to_vec(), vec![0; len]))
    }

    #[test]
    fn synthetic_digits_are_prepared_as_mnists() {
        assert_eq!(Preparation::of(&synthetic().test), Preparation::Centred);
    }

    #[test]
    fn other_images_are_scaled_as_a_whole() {
        // A square of ink of 2 × 2 in a corner.
        let corner = |ink: u8, field: u8| -> Vec<u8> {
            (0..36).map(|index| if index % 6 < 2 && index < 12 { ink } else { field }).collect()
        };
        assert_eq!(of(&corner(255, 0), 6), Preparation::LightOnDark);
        assert_eq!(of(&corner(0, 255), 6), Preparation::DarkOnLight);
        assert_eq!(of(&[corner(255, 0), corner(0, 255)].concat(), 6), Preparation::Whole);
        // Ink of 6 × 6 in the middle of 8 × 8.
        let row = [0, 200, 200, 200, 200, 200, 200, 0];
        let middle = [&[0; 8][..], &[row; 6].concat(), &[0; 8]].concat();
        assert_eq!(of(&middle, 8), Preparation::Centred);
        // Of ten images nine have to be centred, and of a hundred 99 of one polarity.
        let mixed = |count: usize, one: &[u8], other: &[u8]| {
            let images = std::iter::repeat_n(one, count - 1).chain([other]);
            images.flatten().copied().collect::<Vec<u8>>()
        };
        let empty = vec![0; 64];
        assert_eq!(of(&mixed(10, &middle, &empty), 8), Preparation::Centred);
        assert_eq!(of(&mixed(9, &middle, &empty), 8), Preparation::LightOnDark);
        let (light, dark) = (corner(255, 0), corner(0, 255));
        assert_eq!(of(&mixed(100, &light, &dark), 6), Preparation::LightOnDark);
        assert_eq!(of(&mixed(99, &light, &dark), 6), Preparation::Whole);
    }
}
