//! Pictures in PNG and JPEG files.

use std::io::Cursor;

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Luma, RgbImage,
    imageops::{self, FilterType},
    metadata::Orientation,
};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

/// Maximum width and height, in pixels.
const MOST: u32 = 8192;
/// Maximum bytes of a decoded image: the maximum size at four bytes a pixel.
const MOST_BYTES: u64 = 4 * 8192 * 8192;
/// Maximum pixels per byte of a file: deflate compresses at most 1032 to 1, and a byte has at most eight pixels.
const PIXELS_PER_BYTE: u64 = 8 * 1032;
/// Least value of a drawing that is seen on black.
const SEEN: u8 = 64;

/// Decodes the bytes of a PNG or JPEG, if its header's size is plausible. Appends descriptions of the steps: the first
/// names the size.
///
/// # Errors
///
/// A clause on the bytes' defect.
pub fn decode(bytes: &[u8], steps: &mut Vec<String>) -> Result<DynamicImage, String> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|error| error.to_string())?;
    let is_jpeg = reader.format() == Some(ImageFormat::Jpeg);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if width > MOST || height > MOST {
        return Err(format!("{width} × {height} pixels are too many: at most {MOST} a side"));
    }
    if u64::from(width) * u64::from(height) > PIXELS_PER_BYTE * bytes.len() as u64 {
        return Err(format!("{} bytes cannot hold {width} × {height} pixels", bytes.len()));
    }
    if decoder.total_bytes() > MOST_BYTES {
        return Err(format!("decoded it has more than {MOST_BYTES} bytes"));
    }
    let orientation = decoder.orientation().map_err(unreadable)?;
    let is_plain_cmyk = if is_jpeg { jpeg_has_plain_cmyk(bytes)? } else { false };
    let mut image = if is_plain_cmyk {
        plain_cmyk(bytes, width, height)?
    } else {
        DynamicImage::from_decoder(decoder).map_err(unreadable)?
    };
    steps.push(format!("{width} × {height}"));
    if orientation != Orientation::NoTransforms {
        image.apply_orientation(orientation);
        steps.push("rotated by its EXIF orientation".to_owned());
    }
    Ok(image)
}

fn unreadable(error: impl std::fmt::Display) -> String {
    format!("not a PNG or JPEG image: {error}")
}

/// Returns whether a JPEG has four components without Adobe's marker. Returns an error if it ends early, which the
/// decoder fills with grey.
///
/// The segments of a file are described in ITU T.81, B.1.1.
fn jpeg_has_plain_cmyk(bytes: &[u8]) -> Result<bool, String> {
    let early = || unreadable("the JPEG ends early");
    let (mut components, mut is_adobe) = (0, false);
    let mut at = 2;
    loop {
        // Between markers there is coded data: FF 00 is a byte of it, and restarts divide it.
        let rest = bytes.get(at..).unwrap_or_default();
        let next = rest
            .windows(2)
            .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF));
        at += next.ok_or_else(early)? + 2;
        let marker = bytes[at - 1];
        match marker {
            0xD9 => return Ok(components == 4 && !is_adobe),
            // Start of an image, and a marker without content.
            0xD8 | 0x01 => continue,
            _ => {}
        }
        let length = bytes.get(at..at + 2).ok_or_else(early)?;
        let end = at + usize::from(u16::from_be_bytes([length[0], length[1]]));
        let segment = bytes.get(at + 2..end).ok_or_else(early)?;
        match marker {
            0xEE => is_adobe |= segment.starts_with(b"Adobe"),
            // A frame's header: precision, height, width, number of components.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                components = segment.get(5).copied().unwrap_or(0);
            }
            _ => {}
        }
        at = end;
    }
}

/// Decodes a JPEG whose four components are cyan, magenta, yellow and black, 0 for none. The decoder takes them for
/// Adobe's, which are inverted.
fn plain_cmyk(bytes: &[u8], width: u32, height: u32) -> Result<DynamicImage, String> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::CMYK);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let inks = decoder.decode().map_err(unreadable)?;
    let light = |ink: u8, black: u8| {
        let product = u32::from(255 - ink) * u32::from(255 - black);
        u8::try_from((product + 127) / 255).unwrap_or(u8::MAX)
    };
    let pixels = inks.as_chunks::<4>().0.iter().flat_map(|&[cyan, magenta, yellow, black]| {
        [cyan, magenta, yellow].map(|ink| light(ink, black))
    });
    let image = RgbImage::from_raw(width, height, pixels.collect());
    image.map(DynamicImage::from).ok_or_else(|| unreadable("its components differ in size"))
}

/// Converts an image to grey by its luma, transparent parts to white, or to black if the drawing would vanish on white.
pub fn flattened(image: DynamicImage, steps: &mut Vec<String>) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let image = image.into_luma_alpha8();
    let on = |background: u32| {
        GrayImage::from_fn(image.width(), image.height(), |x, y| {
            let [grey, alpha] = image.get_pixel(x, y).0.map(u32::from);
            let blended = (grey * alpha + background * (255 - alpha) + 127) / 255;
            Luma([u8::try_from(blended).unwrap_or(u8::MAX)])
        })
    };
    let white = on(255);
    let vanishes = white.iter().all(|&pixel| pixel > 255 - SEEN);
    steps.push(format!("transparency filled with {}", if vanishes { "black" } else { "white" }));
    if vanishes { on(0) } else { white }
}

/// Scales an image to this width and height, in pixels.
pub fn resized(image: &GrayImage, width: usize, height: usize) -> GrayImage {
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    imageops::resize(image, side(width), side(height), FilterType::Triangle)
}
