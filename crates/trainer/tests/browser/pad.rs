//! The drawing pad, compared with `trainer predict`.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use data::Shape;
use image::{
    GrayImage,
    imageops::{self, FilterType},
};
use serde_json::Value;
use trainer::commands::predict::prepare::prepare;
use training::InputFormat;

use super::{VARIANTS, common::TestDir, driver::Browser, each, run};

const LABELS: [&str; 4] = ["none", "L1", "batch norm + dropout", "layer_norm"];

/// Draws a seven and compares the page's probabilities with those of `trainer predict`.
pub(super) fn classifies_a_drawing(browser: &Browser, dir: &TestDir) {
    browser.run("document.getElementById('pad-canvas').scrollIntoView({ block: 'center' })");
    let [left, top, width, height]: [f64; 4] = run(
        browser,
        "(({ left, top, width, height }) => [left, top, width, height])\
         (document.getElementById('pad-canvas').getBoundingClientRect())",
    );
    let at = |x: f64, y: f64| (left + x * width, top + y * height);
    let hook = [at(0.25, 0.2), at(0.75, 0.2), at(0.45, 0.85)];
    browser.draw(&[&hook, &[at(0.35, 0.5), at(0.7, 0.5)]]);

    let pixels: Vec<u8> = run(browser, "report.pad.pixels()");
    let inked = |line: &[u8]| line.iter().any(|&pixel| pixel > 0);
    // The longer side of a digit spans 20 pixels, as in MNIST.
    assert_eq!(pixels.chunks(28).filter(|row| inked(row)).count(), 20);

    fs::write(
        dir.path("seven.png"),
        trainer::commands::show::png(&[&pixels], 1, Shape::MNIST).unwrap(),
    )
    .unwrap();
    let models =
        VARIANTS.map(|name| dir.relative(&format!("out/runs/{name}-seed-0/model.safetensors")));
    let [none, l1, batch_norm_dropout, layer_norm] = &models;
    let predict = ["predict", "--json", none, l1, batch_norm_dropout, layer_norm, "seven.png"];
    let expected: Value = serde_json::from_str(&dir.stdout(&predict)).unwrap();
    for (label, expected) in LABELS.iter().zip(expected[0]["models"].as_array().unwrap()) {
        let found: [f64; 10] = run(browser, &format!("report.pad.probabilities()['{label}']"));
        let cells = format!("#pad-probabilities td[data-variant='{label}'][data-digit]");
        assert_eq!(each::<f64>(browser, &cells, "Number(element.dataset.value)"), found);
        for (digit, found) in found.into_iter().enumerate() {
            let expected = expected["probabilities"][digit].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-4, "{label} {digit}: {found} for {expected}");
        }
        assert!(found.iter().any(|&share| share > 0.11), "{label} has no preference: {found:?}");
    }
    browser.click("#pad-clear");
    assert!(!inked(&run::<Vec<u8>>(browser, "report.pad.pixels()")));
}

/// Compares the pad with `trainer predict` on a drawing of each digit, clean and disturbed: the prepared image, and what
/// the networks answer.
pub(super) fn reads_pictures_as_predict_does(browser: &Browser, dir: &TestDir) {
    for index in 0..10 {
        let png = format!("digit-{index}.png");
        dir.stdout(&["show", &index.to_string(), "small.toml", "--split", "test", "--png", &png]);
        let digit = image::open(dir.path(&png)).unwrap().into_luma8();
        let clean = clean(&digit, index);
        let disturbed = disturbed(clean.clone(), index);
        for (kind, picture) in [("clean", clean), ("disturbed", disturbed)] {
            let file = format!("{kind}-{index}.png");
            picture.save(dir.path(&file)).unwrap();
            let ink = BASE64_STANDARD.encode(picture.as_raw());
            let pad: Value = run(
                browser,
                &format!(
                    "((image) => ({{ pixels: Array.from(image), probabilities: report.pad.probabilities(image) }}))\
                     (report.pad.toImage(report.bytes('{ink}')))"
                ),
            );

            let bytes = fs::read(dir.path(&file)).unwrap();
            let expected = prepare(&bytes, &InputFormat::default()).unwrap().pixels;
            let found: Vec<u8> = serde_json::from_value(pad["pixels"].clone()).unwrap();
            let difference = difference(&found, &expected);
            assert!(difference < 0.3, "{file}: {difference}");

            let predicted: Value =
                serde_json::from_str(&dir.stdout(&["predict", "--json", "out", &file])).unwrap();
            let models = predicted[0]["models"].as_array().unwrap();
            assert_eq!(models.len(), LABELS.len());
            for (label, model) in LABELS.iter().zip(models) {
                let probabilities = |value: &Value| -> Vec<f64> {
                    value.as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).collect()
                };
                let found = probabilities(&pad["probabilities"][label]);
                let expected = probabilities(&model["probabilities"]);
                let distances = found.iter().zip(&expected).map(|(one, other)| (one - other).abs());
                let distance = distances.fold(0.0, f64::max);
                assert!(distance < 0.08, "{file}, {label}: {distance}");
            }
        }
    }
}

/// Returns the difference of two images as a part of the ink, where one may be a pixel aside: predict looks for a drawing
/// on a photograph, so that a centre of mass between two pixels may be rounded to the other one.
fn difference(one: &[u8], other: &[u8]) -> f64 {
    let side = Shape::MNIST.width;
    let ink: f64 = other.iter().map(|value| f64::from(*value)).sum();
    let moved = [0, 1, side - 1, side, side + 1].into_iter().flat_map(|by| {
        let pairs = |one: &[u8], other: &[u8]| -> u32 {
            one.iter().zip(&other[by..]).map(|(one, other)| u32::from(one.abs_diff(*other))).sum()
        };
        [pairs(one, other), pairs(other, one)]
    });
    f64::from(moved.min().unwrap()) / ink
}

/// Draws a digit on a picture of the pad's size, larger or smaller and at another place for each.
fn clean(digit: &GrayImage, index: u32) -> GrayImage {
    let side = 130 + 8 * index;
    let mut picture = GrayImage::new(280, 280);
    let digit = imageops::resize(digit, side, side, FilterType::Triangle);
    imageops::replace(&mut picture, &digit, (17 * i64::from(index)) % (281 - i64::from(side)), 3);
    picture
}

/// Draws what does not belong to a digit.
fn disturbed(mut picture: GrayImage, index: u32) -> GrayImage {
    match index % 5 {
        // A dot in a corner.
        0 => draw(&mut picture, |x, y| (x - 270).pow(2) + (y - 270).pow(2) < 50, 255),
        // A stroke far away.
        1 => draw(&mut picture, |x, y| (5..12).contains(&x) && (240..275).contains(&y), 255),
        // Faint ink.
        2 => picture.iter_mut().for_each(|value| *value /= 2),
        // A thin scribble in a corner.
        3 => draw(&mut picture, |x, y| x > 240 && y > 240 && (x + y) % 12 < 4, 255),
        // A dot beside the digit.
        _ => draw(&mut picture, |x, y| (x - 255).pow(2) + (y - 40).pow(2) < 80, 200),
    }
    picture
}

/// Draws ink of a strength at the pixels that `is_inside` selects.
fn draw(picture: &mut GrayImage, is_inside: impl Fn(i32, i32) -> bool, ink: u8) {
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if is_inside(x.cast_signed(), y.cast_signed()) {
            pixel.0[0] = pixel.0[0].max(ink);
        }
    }
}
