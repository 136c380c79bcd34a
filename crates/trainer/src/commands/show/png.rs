//! Images on a sheet, as a PNG.

use std::io::Cursor;

use data::Shape;
use image::{GrayImage, imageops};

/// Largest number of pixels on a sheet.
const MAX_PIXELS: usize = 1 << 28;

/// Draws images of a shape on a sheet, row by row, each in its original size.
pub fn png(images: &[&[u8]], columns: usize, shape: Shape) -> Result<Vec<u8>, String> {
    let side =
        |count: usize, side: usize| u32::try_from(count * side).map_err(|error| error.to_string());
    let (across, down) =
        (|columns: usize| side(columns, shape.width), |rows: usize| side(rows, shape.height));
    let lines = images.len().div_ceil(columns.max(1));
    if columns * lines * shape.pixels() > MAX_PIXELS {
        return Err(format!("a sheet has at most {MAX_PIXELS} pixels: draw fewer images"));
    }
    let mut sheet = GrayImage::new(across(columns)?, down(lines)?);
    for (index, image) in images.iter().enumerate() {
        let image = GrayImage::from_raw(across(1)?, down(1)?, image.to_vec());
        let image = image.ok_or("not the pixels of an image")?;
        let (left, top) = (across(index % columns)?, down(index / columns)?);
        imageops::replace(&mut sheet, &image, left.into(), top.into());
    }
    let mut bytes = Cursor::new(Vec::new());
    sheet.write_to(&mut bytes, image::ImageFormat::Png).map_err(|error| error.to_string())?;
    Ok(bytes.into_inner())
}
