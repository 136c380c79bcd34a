use std::io::Cursor;

use image::{DynamicImage, Luma, imageops::FilterType};
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
    let digit: Vec<u8> = (0..SIDE * SIDE).map(|place| u8::try_from(place % 120).unwrap()).collect();
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
    let light =
        prepare(&packed(&bar(250, 10).into(), image::ImageFormat::Png), &InputFormat::default())
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
    let dark =
        prepare(&packed(&bar(5, 245).into(), image::ImageFormat::Jpeg), &InputFormat::default())
            .unwrap();
    assert_eq!(dark.steps[1], "inverted from dark on light");
    // The paper of a dim photograph becomes black.
    let dim =
        prepare(&packed(&bar(10, 100).into(), image::ImageFormat::Png), &InputFormat::default())
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

/// Draws an open five of strokes of 9 pixels, its bar apart from the rest, in a field of 160 × 160.
fn five() -> GrayImage {
    let inside = |x: u32, y: u32, [left, top, right, bottom]: [u32; 4]| {
        (left..right).contains(&x) && (top..bottom).contains(&y)
    };
    let strokes = [
        [52, 40, 61, 84],
        [52, 76, 104, 85],
        [96, 76, 105, 120],
        [52, 112, 105, 121],
        [64, 40, 106, 49],
    ];
    GrayImage::from_fn(160, 160, |x, y| {
        Luma([if strokes.iter().any(|&stroke| inside(x, y, stroke)) { 20 } else { 240 }])
    })
}

fn prepared(picture: GrayImage) -> Result<Prepared, String> {
    let bytes = packed(&picture.into(), image::ImageFormat::Png);
    prepare(&bytes, &InputFormat::default())
}

/// Changes each pixel, given its place and its value.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn changed(mut picture: GrayImage, of: impl Fn(u32, u32, f64) -> f64) -> GrayImage {
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        pixel.0[0] = of(x, y, f64::from(pixel.0[0])).clamp(0.0, 255.0) as u8;
    }
    picture
}

#[test]
fn what_is_not_part_of_the_drawing_does_not_matter() {
    let expected = prepared(five()).unwrap().pixels;
    let count = expected.iter().filter(|pixel| **pixel > 128).count();
    assert!((90..130).contains(&count), "{count}");
    let black = |is_black: fn(u32, u32) -> bool| {
        move |x, y, value| if is_black(x, y) { 0.0 } else { value }
    };
    let pictures = [
        ("a dot", changed(five(), black(|x, y| (3..6).contains(&x) && (3..6).contains(&y)))),
        ("ruled lines", changed(five(), black(|_, y| y % 24 < 2))),
        ("two lines", changed(five(), black(|_, y| y == 60 || y == 61 || y == 100))),
        ("squared paper", changed(five(), black(|x, y| x % 22 == 14 || y % 22 == 14))),
        (
            "a frame",
            changed(
                five(),
                black(|x, y| {
                    let depth = x.min(y).min(159 - x).min(159 - y);
                    (4..8).contains(&depth)
                }),
            ),
        ),
        (
            "a broken frame",
            changed(
                five(),
                black(|x, y| {
                    let depth = x.min(y).min(159 - x).min(159 - y);
                    (4..8).contains(&depth) && !(40..60).contains(&x) && !(90..120).contains(&y)
                }),
            ),
        ),
        (
            "a circle",
            changed(
                five(),
                black(|x, y| {
                    let far = (x.abs_diff(80).pow(2) + y.abs_diff(80).pow(2)).isqrt();
                    (72..75).contains(&far)
                }),
            ),
        ),
        ("shading", changed(five(), |x, _, value| value * (1.0 - f64::from(x) / 220.0))),
        ("added shading", changed(five(), |x, y, value| value - f64::from(x + y) / 2.5)),
        (
            "a vignette",
            changed(five(), |x, y, value| {
                let far = f64::from(x.abs_diff(80).pow(2) + y.abs_diff(80).pow(2));
                value * (1.0 - far / 20_000.0)
            }),
        ),
        (
            "a blackboard in the shade",
            changed(five(), |x, _, value| (270.0 - value) * (1.0 - f64::from(x) / 320.0)),
        ),
    ];
    for (name, picture) in pictures {
        let actual = prepared(picture).unwrap();
        // Fainter ink on one side may move the centre of mass by a pixel.
        let shifts = [0, 1, SIDE - 1, SIDE, SIDE + 1];
        let shifts = shifts.iter().flat_map(|&shift| [shift, SIDE * SIDE - shift]);
        let far = |shift: usize| {
            let moved = (0..SIDE * SIDE).map(|at| expected[(at + shift) % (SIDE * SIDE)]);
            actual.pixels.iter().zip(moved).filter(|(a, b)| a.abs_diff(*b) > 70).count()
        };
        let far = shifts.map(far).min().unwrap();
        assert!(far < 25, "{name}: {far} pixels differ, {:?}", actual.steps);
    }
}

#[test]
fn a_stroke_through_a_tight_picture_is_no_line() {
    // A one that leans, cropped to its ink.
    let one = GrayImage::from_fn(30, 84, |x, y| {
        Luma([if (x + y / 4).abs_diff(25) < 5 { 0 } else { 255 }])
    });
    let prepared_one = prepared(one).unwrap();
    assert_eq!(prepared_one.steps[2..4], ["stretched to full contrast", "cropped to 29 × 84"]);
    // The bar of a seven, with a margin of two pixels.
    let seven = GrayImage::from_fn(60, 88, |x, y| {
        let is_inside = (2..58).contains(&x) && (2..86).contains(&y);
        let is_ink = is_inside && (y < 12 || (x + y / 2).abs_diff(54) < 6);
        Luma([if is_ink { 0 } else { 255 }])
    });
    let prepared_seven = prepared(seven).unwrap();
    assert_eq!(prepared_seven.steps[3], "cropped to 56 × 84");
}

#[test]
fn pictures_without_a_drawing_are_refused() {
    let field =
        |of: fn(u32, u32) -> f64| changed(GrayImage::new(300, 300), move |x, y, _| of(x, y));
    let pictures = [
        ("a faint gradient", field(|x, _| 255.0 - f64::from(x / 30))),
        ("a strong gradient", field(|x, y| 250.0 - f64::from(x + y) / 3.0)),
        (
            "a photograph of a blank page",
            field(|x, y| {
                let far = f64::from(x.abs_diff(110).pow(2) + y.abs_diff(170).pow(2));
                220.0 - far / 600.0 + f64::from((x * 7919 + y * 104_729 + x * y * 31) % 25) - 12.0
            }),
        ),
        ("a dot", field(|x, y| if x.max(y) < 4 { 0.0 } else { 250.0 })),
        ("ruled paper", field(|_, y| if y % 30 < 2 { 120.0 } else { 250.0 })),
        (
            "an empty frame",
            field(|x, y| {
                let depth = x.min(y).min(299 - x).min(299 - y);
                if (5..9).contains(&depth) { 0.0 } else { 250.0 }
            }),
        ),
    ];
    for (name, picture) in pictures {
        let reason = prepared(picture).map(|prepared| prepared.steps).unwrap_err();
        assert!(reason.contains("nothing is drawn"), "{name}: {reason}");
    }
}

#[test]
fn a_jpeg_that_ends_early_is_refused() {
    for size in [28, 160] {
        let picture = imageops::resize(&five(), size, size, FilterType::Triangle);
        let bytes = packed(&picture.into(), image::ImageFormat::Jpeg);
        assert!(prepare(&bytes, &InputFormat::default()).is_ok());
        for tenths in 1..10 {
            let cut = &bytes[..bytes.len() * tenths / 10];
            let reason = prepare(cut, &InputFormat::default()).unwrap_err();
            assert!(reason.contains("not a PNG or JPEG image"), "{tenths}: {reason}");
        }
        let reason = prepare(&bytes[..bytes.len() - 1], &InputFormat::default()).unwrap_err();
        assert!(reason.contains("ends early"), "{reason}");
    }
}

#[test]
fn four_inks_have_the_right_polarity() {
    // A dark square on white: of 16 × 16 pixels, the left half is black ink.
    let whole = InputFormat {
        width: 4,
        height: 4,
        preparation: Preparation::Whole,
        ..InputFormat::default()
    };
    for (name, bytes) in [
        ("Adobe's CMYK, inverted", include_bytes!("cmyk-adobe.jpg").as_slice()),
        ("CMYK without a marker", include_bytes!("cmyk-plain.jpg").as_slice()),
        ("Adobe's YCCK, inverted", include_bytes!("ycck-adobe.jpg").as_slice()),
    ] {
        let pixels = prepare(bytes, &whole).unwrap().pixels;
        assert!(pixels[0] < 40 && pixels[3] > 215, "{name}: {pixels:?}");
    }
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
