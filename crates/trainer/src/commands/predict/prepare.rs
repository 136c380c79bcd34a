//! Preparation of a PNG or JPEG of any size as the images of a data set were prepared. For MNIST that is: grey, light on
//! dark, the ink in a box of 20 × 20 pixels, its centre of mass in the middle of 28 × 28
//! (<http://yann.lecun.com/exdb/mnist>).

use std::io::Cursor;

use data::{Preparation, border, centred_ink, is_dark_on_light};
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageReader, Limits, Luma,
    imageops::{self, FilterType},
    metadata::Orientation,
};
use training::InputFormat;

/// Maximum width and height, in pixels.
const MOST: u32 = 8192;
/// Maximum bytes of a decoded image: the maximum size at four bytes a pixel.
const MOST_BYTES: u64 = 4 * 8192 * 8192;
/// Maximum pixels per byte of a file: deflate compresses at most 1032 to 1, and a byte has at most eight pixels.
const PIXELS_PER_BYTE: u64 = 8 * 1032;
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
    let (width, height) = (image.width(), image.height());
    if image.color().has_color() {
        steps.push("made grey".to_owned());
    }
    let mut grey = flattened(image, &mut steps);
    let is_dark_on_light = is_dark_on_light(grey.as_raw(), width as usize);
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
    let is_blank = grey.iter().all(|pixel| Some(pixel) == grey.iter().next());
    if is_blank && format.preparation.is_centred() {
        return Err("nothing is drawn on it: all pixels are the same".to_owned());
    }
    if (width as usize, height as usize) == (format.width, format.height) {
        steps.push("not scaled: already of the data set's size".to_owned());
        return Ok(Prepared { pixels: grey.into_raw(), steps });
    }
    if !format.preparation.is_centred() {
        steps.push(format!("scaled as a whole to {} × {}", format.width, format.height));
        return Ok(Prepared {
            pixels: resized(&grey, format.width, format.height).into_raw(),
            steps,
        });
    }
    stretch(&mut grey);
    steps.push("stretched to full contrast".to_owned());
    let ink = cropped(&grey);
    steps.push(format!("cropped to {} × {}", ink.width(), ink.height()));
    let ink = scaled(&ink, centred_ink(format.width));
    steps.push(format!("scaled to {} × {}", ink.width(), ink.height()));
    steps.push("centred by its mass".to_owned());
    Ok(Prepared { pixels: centred(&ink, format.width), steps })
}

/// Decodes a file, if its header's size is plausible. The first step names the size.
fn decode(bytes: &[u8], steps: &mut Vec<String>) -> Result<DynamicImage, String> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|error| error.to_string())?;
    let unreadable = |error: image::ImageError| format!("not a PNG or JPEG image: {error}");
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
    let mut image = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    steps.push(format!("{width} × {height}"));
    if orientation != Orientation::NoTransforms {
        image.apply_orientation(orientation);
        steps.push("rotated by its EXIF orientation".to_owned());
    }
    Ok(image)
}

/// Converts an image to grey, transparent parts to white, or to black if the drawing would vanish on white.
fn flattened(image: DynamicImage, steps: &mut Vec<String>) -> GrayImage {
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
    let vanishes = white.iter().all(|&pixel| pixel > 255 - INK);
    steps.push(format!("transparency filled with {}", if vanishes { "black" } else { "white" }));
    if vanishes { on(0) } else { white }
}

/// Scales the values so that the background is 0 and the strongest ink 255.
fn stretch(image: &mut GrayImage) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the mean of bytes"
    )]
    let low = border(image.as_raw(), image.width() as usize) as u32;
    let high = image.iter().copied().max().map_or(0, u32::from).max(low + 1);
    for pixel in image.iter_mut() {
        let above = u32::from(*pixel).saturating_sub(low);
        *pixel = u8::try_from(above * 255 / (high - low)).unwrap_or(u8::MAX);
    }
}

/// Crops the image to the ink.
fn cropped(image: &GrayImage) -> GrayImage {
    let ink = image.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] >= INK);
    let (left, top, right, bottom) =
        ink.fold((u32::MAX, u32::MAX, 0, 0), |(left, top, right, bottom), (x, y, _)| {
            (left.min(x), top.min(y), right.max(x), bottom.max(y))
        });
    if left > right || top > bottom {
        return image.clone();
    }
    imageops::crop_imm(image, left, top, right - left + 1, bottom - top + 1).to_image()
}

/// Scales the ink so that its longer side has a length in pixels.
fn scaled(ink: &GrayImage, length: usize) -> GrayImage {
    let longer = ink.width().max(ink.height()).max(1) as usize;
    let side = |side: u32| ((side as usize * length + longer / 2) / longer).max(1);
    resized(ink, side(ink.width()), side(ink.height()))
}

fn resized(image: &GrayImage, width: usize, height: usize) -> GrayImage {
    let side = |side: usize| u32::try_from(side).unwrap_or(MOST);
    imageops::resize(image, side(width), side(height), FilterType::Triangle)
}

/// Places the ink on an empty image of this side with its centre of mass in the middle, as near as whole pixels and the edges
/// allow.
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIDE: usize = 28;

    fn packed(image: &DynamicImage, format: image::ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Draws a bar of ink, 40 × 100, in a field of 300 × 200.
    fn bar(ink: u8, field: u8) -> GrayImage {
        GrayImage::from_fn(300, 200, |x, y| {
            let inside = (30..70).contains(&x) && (60..160).contains(&y);
            Luma([if inside { ink } else { field }])
        })
    }

    #[test]
    fn a_digit_of_mnists_size_stays_as_it_is() {
        let digit: Vec<u8> =
            (0..SIDE * SIDE).map(|place| u8::try_from(place % 120).unwrap()).collect();
        let prepared = prepare(
            &packed(
                &DynamicImage::ImageLuma8(GrayImage::from_raw(28, 28, digit.clone()).unwrap()),
                image::ImageFormat::Png,
            ),
            &InputFormat::default(),
        )
        .unwrap();
        let steps =
            ["28 × 28", "not scaled: already of the data set's size"].map(str::to_owned).to_vec();
        assert_eq!(prepared, Prepared { pixels: digit, steps });
    }

    #[test]
    fn dark_on_light_and_light_on_dark_are_the_same_digit() {
        let light = prepare(
            &packed(&bar(250, 10).into(), image::ImageFormat::Png),
            &InputFormat::default(),
        )
        .unwrap();
        // 8 × 20 pixels in the middle.
        let rows: Vec<&[u8]> = light.pixels.chunks(SIDE).collect();
        assert!(rows[3].iter().all(|&pixel| pixel == 0));
        assert_eq!(rows[4][9..19], [0, 255, 255, 255, 255, 255, 255, 255, 255, 0]);
        assert_eq!(rows[23][9..19], rows[4][9..19]);
        let steps = [
            "300 × 200",
            "stretched to full contrast",
            "cropped to 40 × 100",
            "scaled to 8 × 20",
            "centred by its mass",
        ];
        assert_eq!(light.steps, steps);
        let dark = prepare(
            &packed(&bar(5, 245).into(), image::ImageFormat::Jpeg),
            &InputFormat::default(),
        )
        .unwrap();
        assert_eq!(dark.steps[1], "inverted from dark on light");
        // The paper of a dim photograph becomes black.
        let dim = prepare(
            &packed(&bar(10, 100).into(), image::ImageFormat::Png),
            &InputFormat::default(),
        )
        .unwrap();
        assert_eq!(dim.pixels, light.pixels);
        let far = light.pixels.iter().zip(&dark.pixels).filter(|(a, b)| a.abs_diff(**b) > 40);
        assert!(far.count() < 40, "{:?}", dark.pixels);
    }

    #[test]
    fn pictures_of_other_sets_are_scaled_as_a_whole() {
        let prepared = |field: GrayImage, preparation| {
            let format = InputFormat { width: 6, height: 4, preparation, ..InputFormat::default() };
            prepare(&packed(&field.into(), image::ImageFormat::Png), &format).unwrap()
        };
        // The bar covers columns 0.6 to 1.4 and rows 1.2 to 3.2.
        let light = prepared(bar(255, 0), Preparation::LightOnDark);
        assert_eq!(light.steps, ["300 × 200", "scaled as a whole to 6 × 4"]);
        assert_eq!((light.pixels.len(), light.pixels[5]), (24, 0));
        assert!(light.pixels[2 * 6 + 1] > 70);
        let dark = prepared(bar(0, 255), Preparation::LightOnDark);
        assert_eq!(dark.steps[1], "inverted from dark on light");
        assert_eq!(dark.pixels, light.pixels);
        let inverse = prepared(bar(255, 0), Preparation::DarkOnLight);
        assert_eq!(inverse.steps[1], "inverted from light on dark");
        assert_eq!(prepared(bar(0, 255), Preparation::Whole).pixels[5], 255);
    }

    #[test]
    fn ink_on_nothing_is_seen() {
        let transparent = |ink: u8| {
            let image = image::RgbaImage::from_fn(60, 60, |x, y| {
                let inside = (20..30).contains(&x) && (10..50).contains(&y);
                image::Rgba([ink, ink, ink, if inside { 255 } else { 0 }])
            });
            prepare(&packed(&image.into(), image::ImageFormat::Png), &InputFormat::default())
                .unwrap()
                .pixels
        };
        assert_eq!(transparent(0), transparent(255));
    }

    #[test]
    fn what_shows_nothing_or_promises_too_much_is_refused() {
        let blank = packed(&GrayImage::new(50, 50).into(), image::ImageFormat::Png);
        assert!(prepare(&blank, &InputFormat::default()).unwrap_err().contains("nothing is drawn"));
        // A header of 8000 × 8000 pixels, without data.
        let mut bytes = packed(&GrayImage::new(1, 1).into(), image::ImageFormat::Png);
        bytes[16..24].copy_from_slice(&[0, 0, 0x1f, 0x40, 0, 0, 0x1f, 0x40]);
        let check = crc32(&bytes[12..29]).to_be_bytes();
        bytes[29..33].copy_from_slice(&check);
        let reason = prepare(&bytes, &InputFormat::default()).unwrap_err();
        assert!(reason.contains("cannot hold 8000 × 8000"), "{reason}");
    }

    /// Computes PNG's checksum of a chunk.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }
            })
        })
    }

    proptest! {
        #[test]
        fn damage_is_refused_in_words_or_gives_a_digit(
            jpeg in any::<bool>(),
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            cut in 0_usize..40,
        ) {
            let format = if jpeg { image::ImageFormat::Jpeg } else { image::ImageFormat::Png };
            let mut bytes = packed(&bar(250, 10).into(), format);
            let place = place.index(bytes.len());
            bytes[place] = byte;
            bytes.truncate(bytes.len() - cut);
            if let Ok(prepared) = prepare(&bytes, &InputFormat::default()) {
                prop_assert_eq!(prepared.pixels.len(), SIDE * SIDE);
            }
        }
    }
}
