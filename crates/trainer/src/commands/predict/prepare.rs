//! Preparation of a PNG or JPEG of any size as the images of a data set were prepared. For MNIST that is: grey, light on
//! dark, the ink in a box of 20 × 20 pixels, its centre of mass in the middle of 28 × 28
//! (<http://yann.lecun.com/exdb/mnist>).

mod drawing;
mod grid;
mod ink;
mod lines;
mod parts;

use data::{
    Preparation, centred_ink, is_dark_on_light,
    picture::{decode, flattened, resized},
};
use image::{GrayImage, imageops};
use training::InputFormat;

use self::drawing::find_drawing;

/// Least value of a pixel of ink, between a background of 0 and the strongest ink of 255.
const INK: u8 = 64;

/// A prepared image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Pixels, row by row.
    pub pixels: Vec<u8>,
    /// Descriptions of the steps, in order.
    pub steps: Vec<String>,
}

/// Prepares the image in a PNG's or JPEG's bytes. One of the format's size is neither scaled nor moved.
pub fn prepare(bytes: &[u8], format: &InputFormat) -> Result<Prepared, String> {
    let mut steps = Vec::new();
    let image = decode(bytes, &mut steps)?;
    if image.color().has_color() {
        steps.push("made grey".to_owned());
    }
    let grey = flattened(image, &mut steps);
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let fits = (width, height) == (format.width, format.height);
    let pixels = if fits || !format.preparation.is_centred() {
        whole(grey, format, &mut steps)?
    } else {
        centred_drawing(&grey, format.width, &mut steps)?
    };
    Ok(Prepared { pixels, steps })
}

/// Prepares a picture as a whole.
fn whole(
    mut grey: GrayImage,
    format: &InputFormat,
    steps: &mut Vec<String>,
) -> Result<Vec<u8>, String> {
    let is_blank = grey.iter().all(|pixel| Some(pixel) == grey.iter().next());
    if is_blank && format.preparation.is_centred() {
        return Err("nothing is drawn on it: all pixels are the same".to_owned());
    }
    let is_dark_on_light = is_dark_on_light(grey.as_raw(), grey.width() as usize);
    let is_inverted = match format.preparation {
        Preparation::Centred | Preparation::LightOnDark => is_dark_on_light,
        Preparation::DarkOnLight => !is_dark_on_light,
        Preparation::Whole => false,
    };
    if is_inverted {
        let actual = if is_dark_on_light { "dark on light" } else { "light on dark" };
        steps.push(format!("inverted from {actual}"));
        imageops::invert(&mut grey);
    }
    if (grey.width() as usize, grey.height() as usize) == (format.width, format.height) {
        steps.push("not scaled: already of the data set's size".to_owned());
        return Ok(grey.into_raw());
    }
    steps.push(format!("scaled as a whole to {} × {}", format.width, format.height));
    Ok(resized(&grey, format.width, format.height).into_raw())
}

/// Finds the drawing on a picture, and centres it in a square of this side.
fn centred_drawing(
    grey: &GrayImage,
    side: usize,
    steps: &mut Vec<String>,
) -> Result<Vec<u8>, String> {
    let drawing = cropped(&find_drawing(grey, steps)?);
    steps.push(format!("cropped to {} × {}", drawing.width(), drawing.height()));
    let drawing = scaled(&drawing, centred_ink(side));
    steps.push(format!("scaled to {} × {}", drawing.width(), drawing.height()));
    steps.push("centred by its mass".to_owned());
    Ok(centred(&drawing, side))
}

/// Crops the image to the ink.
fn cropped(image: &GrayImage) -> GrayImage {
    let ink = image.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] >= INK);
    let (left, top, right, bottom) =
        ink.fold((u32::MAX, u32::MAX, 0, 0), |(left, top, right, bottom), (x, y, _)| {
            (left.min(x), top.min(y), right.max(x), bottom.max(y))
        });
    imageops::crop_imm(image, left, top, right - left + 1, bottom - top + 1).to_image()
}

/// Scales the ink so that its longer side has a length in pixels.
fn scaled(ink: &GrayImage, length: usize) -> GrayImage {
    let longer = ink.width().max(ink.height()).max(1) as usize;
    let side = |side: u32| ((side as usize * length + longer / 2) / longer).max(1);
    resized(ink, side(ink.width()), side(ink.height()))
}

/// Places the ink on an empty image of this side with its centre of mass in the middle, as near as whole pixels and the
/// edges allow.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index in an image of at most 1024 × 1024"
)]
fn centred(ink: &GrayImage, side: usize) -> Vec<u8> {
    let mass = |along: fn(u32, u32) -> u32| {
        let (sum, total) =
            ink.enumerate_pixels().fold((0.0, 0.0), |(sum, total), (x, y, pixel)| {
                let weight = f64::from(pixel.0[0]);
                (sum + weight * (f64::from(along(x, y)) + 0.5), total + weight)
            });
        sum / f64::max(total, 1.0)
    };
    let start = |mass: f64, length: u32| {
        let most = side.saturating_sub(length as usize);
        ((side as f64 / 2.0 - mass).round().max(0.0) as usize).min(most)
    };
    let left = start(mass(|x, _| x), ink.width());
    let top = start(mass(|_, y| y), ink.height());
    let mut pixels = vec![0; side * side];
    for (x, y, pixel) in ink.enumerate_pixels() {
        pixels[(top + y as usize) * side + left + x as usize] = pixel.0[0];
    }
    pixels
}

#[cfg(test)]
mod tests;
