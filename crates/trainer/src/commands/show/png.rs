//! Images on a sheet, as a PNG.

use std::io::Cursor;

use data::Shape;
use image::{GrayImage, imageops};

/// Width and height of an image, in pixels.
const SIDE: usize = Shape::MNIST.width;

/// Draws images on a sheet, so many in a row, each in its true size.
pub fn png(images: &[&[u8]], columns: usize) -> Result<Vec<u8>, String> {
    let side = |count: usize| u32::try_from(count * SIDE).map_err(|error| error.to_string());
    let mut sheet = GrayImage::new(side(columns)?, side(images.len().div_ceil(columns.max(1)))?);
    for (index, image) in images.iter().enumerate() {
        let image = GrayImage::from_raw(side(1)?, side(1)?, image.to_vec());
        let image = image.ok_or("not the pixels of an image")?;
        let (left, top) = (side(index % columns)?, side(index / columns)?);
        imageops::replace(&mut sheet, &image, left.into(), top.into());
    }
    let mut bytes = Cursor::new(Vec::new());
    sheet.write_to(&mut bytes, image::ImageFormat::Png).map_err(|error| error.to_string())?;
    Ok(bytes.into_inner())
}
