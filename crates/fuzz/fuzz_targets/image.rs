//! Images: the bytes of a PNG or JPEG give an image or an error, and a decompression bomb is not unpacked.
#![no_main]

use std::io::Cursor;

use arbitrary::Arbitrary;
use data::Preparation;
use fuzz::memory::bounded;
use image::{DynamicImage, ImageFormat, RgbaImage};
use libfuzzer_sys::fuzz_target;
use trainer::commands::predict::prepare::prepare;
use training::InputFormat;

/// Bytes of memory allowed per byte of input. A byte of deflate unpacks to 1032 bytes at most, of eight pixels each. A
/// pixel has four channels of two bytes, and exists twice during the conversion to grey. JPEG unpacks to less.
const PER_BYTE: usize = 1032 * 8 * 8 * 2;
/// Bytes of memory allowed in addition, for the decoders' tables and the search for a drawing in 512 × 512 pixels.
const BASE: usize = 64 << 20;

#[derive(Debug, Arbitrary)]
enum Input {
    Anything(Vec<u8>),
    /// A valid file with some bytes changed.
    Damaged {
        jpeg: bool,
        width: u8,
        colours: Vec<[u8; 4]>,
        changes: Vec<(u16, u8)>,
        cut: u8,
    },
}

fuzz_target!(|input: (Input, u8, u8, u8)| {
    let (input, width, height, preparation) = input;
    let preparation = match preparation % 4 {
        0 => Preparation::Centred,
        1 => Preparation::LightOnDark,
        2 => Preparation::DarkOnLight,
        _ => Preparation::Whole,
    };
    let width = usize::from(width) + 1;
    let is_square = preparation.is_centred();
    let height = if is_square { width } else { usize::from(height) + 1 };
    let format = InputFormat { width, height, preparation, ..InputFormat::default() };
    let bytes = match input {
        Input::Anything(bytes) => bytes,
        Input::Damaged { jpeg, width, colours, changes, cut } => {
            let Some(mut bytes) = encode(jpeg, width, &colours) else { return };
            for (offset, mask) in changes {
                let offset = usize::from(offset) % bytes.len();
                bytes[offset] ^= mask;
            }
            bytes.truncate(bytes.len().saturating_sub(cut.into()));
            bytes
        }
    };
    match bounded(BASE + PER_BYTE * bytes.len(), || prepare(&bytes, &format)) {
        Ok(prepared) => {
            assert_eq!(prepared.pixels.len(), width * height);
            assert!(
                !preparation.is_centred() || prepared.pixels.iter().any(|&pixel| pixel > 0),
                "no ink is left"
            );
            assert!(!prepared.steps.is_empty());
        }
        Err(reason) => assert!(!reason.is_empty()),
    }
});

/// Encodes an image of this width, whose pixels have these colours row by row.
fn encode(jpeg: bool, width: u8, colours: &[[u8; 4]]) -> Option<Vec<u8>> {
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
