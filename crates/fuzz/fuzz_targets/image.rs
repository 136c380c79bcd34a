//! Images: a PNG's or JPEG's bytes become a digit or are refused; a bomb is not unpacked.
#![no_main]

use std::io::Cursor;

use arbitrary::Arbitrary;
use data::Shape;
use fuzz::memory::bounded;
use image::{DynamicImage, ImageFormat, RgbaImage};
use libfuzzer_sys::fuzz_target;
use trainer::commands::predict::prepare::prepare;

/// What a byte of deflate may unpack to, at eight pixels a byte, in four channels of two bytes, twice over
/// while it is made grey. JPEG packs less.
const PER_BYTE: usize = 1032 * 8 * 8 * 2;
/// Decoders' tables.
const BASE: usize = 8 << 20;

#[derive(Debug, Arbitrary)]
enum Input {
    Anything(Vec<u8>),
    /// A good file, some bytes of it changed.
    Damaged {
        jpeg: bool,
        width: u8,
        colours: Vec<[u8; 4]>,
        changes: Vec<(u16, u8)>,
        cut: u8,
    },
}

fuzz_target!(|input: Input| {
    let bytes = match input {
        Input::Anything(bytes) => bytes,
        Input::Damaged { jpeg, width, colours, changes, cut } => {
            let Some(mut bytes) = packed(jpeg, width, &colours) else { return };
            for (place, flip) in changes {
                let place = usize::from(place) % bytes.len();
                bytes[place] ^= flip;
            }
            bytes.truncate(bytes.len().saturating_sub(cut.into()));
            bytes
        }
    };
    match bounded(BASE + PER_BYTE * bytes.len(), || prepare(&bytes)) {
        Ok(prepared) => {
            assert_eq!(prepared.pixels.len(), Shape::MNIST.pixels());
            assert!(prepared.pixels.iter().any(|&pixel| pixel > 0), "no ink is left");
            assert!(!prepared.steps.is_empty());
        }
        Err(reason) => assert!(!reason.is_empty()),
    }
});

/// A picture so wide of these colours, row by row.
fn packed(jpeg: bool, width: u8, colours: &[[u8; 4]]) -> Option<Vec<u8>> {
    let width = u32::from(width).max(1);
    let height = u32::try_from(colours.len()).ok()? / width;
    let pixels = colours[..(width * height) as usize].concat();
    let image = DynamicImage::from(RgbaImage::from_raw(width, height, pixels)?);
    let (image, format) = if jpeg {
        (image.into_rgb8().into(), ImageFormat::Jpeg)
    } else {
        (image, ImageFormat::Png)
    };
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).ok()?;
    Some(bytes.into_inner())
}
