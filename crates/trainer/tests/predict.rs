//! `trainer show` and `trainer predict`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::TestDir;
use image::{GrayImage, Luma};
use predicates::str::contains;

fn model(dir: &TestDir, variant: &str) -> String {
    dir.relative(&format!("out/runs/{variant}-seed-0/model.safetensors"))
}

#[test]
fn predictions_for_png_files_have_the_test_accuracy() {
    let dir = TestDir::new();
    let lines = "data.pixels = \"raw\"\nvariants = [\"none\", \"batch_norm\"]";
    dir.write_config("small.toml", &format!("{lines}\nfit.learning_rate = 0.001"));
    dir.train("small.toml", "out", &["--set", "fit.epochs=20"]);
    for index in 0..100 {
        let (index, file) = (index.to_string(), format!("{index}.png"));
        dir.stdout(&["show", &index, "small.toml", "--split", "test", "--png", &file]);
    }
    let images: Vec<String> = (0..100).map(|index| format!("{index}.png")).collect();
    let models = [model(&dir, "none"), model(&dir, "batch_norm")];
    let arguments: Vec<&str> = ["predict", "--json"]
        .into_iter()
        .chain(models.iter().chain(&images).map(String::as_str))
        .collect();
    let predictions: serde_json::Value = serde_json::from_str(&dir.stdout(&arguments)).unwrap();
    let predictions = predictions.as_array().unwrap();
    assert_eq!(predictions.len(), 100);
    for (number, variant) in ["none", "batch_norm"].iter().enumerate() {
        // The label of image i is 7i mod 10.
        let correct = predictions
            .iter()
            .enumerate()
            .filter(|(index, prediction)| prediction["models"][number]["digit"] == index * 7 % 10);
        let record = fs::read_to_string(dir.path(&format!("out/runs/{variant}-seed-0/run.json")));
        let record: serde_json::Value = serde_json::from_str(&record.unwrap()).unwrap();
        let accuracy = record["test"]["accuracy"].as_f64().unwrap();
        assert!(accuracy > 0.5, "{accuracy}");
        assert!((correct.count() as f64 - accuracy * 100.0).abs() < 1e-6, "{variant}");
    }
    assert_eq!(predictions[3]["models"][1]["model"], "batch_norm seed 0");

    let text = dir.stdout(&["predict", &models[0], &models[1], "3.png"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "3.png: 28 × 28, not scaled: already of the data set's size");
    assert_eq!(lines.len(), 3, "{text}");
    // The likeliest class comes first.
    let models = &predictions[3]["models"];
    for (line, (name, answer)) in lines[1..]
        .iter()
        .zip([("none seed 0      ", &models[0]), ("batch_norm seed 0", &models[1])])
    {
        let digit = usize::try_from(answer["digit"].as_u64().unwrap()).unwrap();
        let percent = 100.0 * answer["probabilities"][digit].as_f64().unwrap();
        assert!(line.starts_with(&format!("{name}   {digit} {percent:5.1} %")), "{text}");
    }

    // A study stands for its variants; a path precedes a name.
    let of_study = dir.stdout(&["predict", "out", "3.png"]);
    assert!(of_study.contains("\nnone         ") && of_study.contains("\nbatch norm   "));
    assert_eq!(dir.stdout(&["predict", "--json", "out", "3.png"]).matches("probab").count(), 2);
    dir.write("mnist", "no image");
    let assert = dir.trainer(&["predict", "out", "mnist"]).assert().code(1);
    assert.stderr(contains("mnist: not a PNG or JPEG image"));
    dir.train("small.toml", "results/small", &["--set", "fit.epochs=1"]);
    fs::create_dir(dir.path("configs")).unwrap();
    fs::rename(dir.path("small.toml"), dir.path("configs/small.toml")).unwrap();
    let named = dir.stdout(&["predict", "small", "3.png"]);
    assert_eq!(named.lines().count(), 3, "{named}");
}

#[test]
fn pictures_unlike_the_training_images_are_doubted() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\"]\nfit.epochs = 1\ndata.sources = [\"synthetic\"]\n";
    dir.write("small.toml", &format!("{lines}data.limit = 2000\n"));
    dir.train("small.toml", "out", &[]);
    let model = model(&dir, "none");
    let stripes = GrayImage::from_fn(28, 28, |_, y| Luma([if y % 8 < 3 { 255 } else { 0 }]));
    stripes.save(dir.path("stripes.png")).unwrap();
    dir.stdout(&["show", "3", "small.toml", "--png", "3.png"]);
    let arguments = ["predict", "--json", &model, "stripes.png", "3.png"];
    let predictions: serde_json::Value = serde_json::from_str(&dir.stdout(&arguments)).unwrap();
    let doubt = |index: usize| predictions[index]["models"][0]["doubt"].as_str();
    assert!(doubt(0).unwrap().starts_with("unlike the training images"));
    assert_eq!(doubt(1), None);
    let text = dir.stdout(&["predict", &model, "stripes.png", "3.png"]);
    assert_eq!(text.matches("doubt: to none seed 0 it is unlike").count(), 1, "{text}");
    GrayImage::from_pixel(160, 160, Luma([200])).save(dir.path("blank.png")).unwrap();
    let refused = dir.trainer(&["predict", &model, "blank.png"]).assert().code(1);
    refused.stderr(contains("blank.png: nothing is drawn"));

    // A model of few images has no doubts.
    dir.train("small.toml", "few", &["--set", "data.limit=100"]);
    let few = dir.relative("few/runs/none-seed-0/model.safetensors");
    assert!(!dir.stdout(&["predict", "--json", &few, "stripes.png"]).contains("doubt"));
}

#[test]
fn a_diverged_model_predicts_no_digit() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\"]");
    dir.train("small.toml", "out", &["--set", "fit.learning_rate=1e30"]);
    dir.stdout(&["show", "3", "small.toml", "--png", "3.png"]);
    let text = dir.stdout(&["predict", &model(&dir, "none"), "3.png"]);
    let last: Vec<&str> = text.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(last, ["none", "seed", "0", "–"], "{text}");
    let json = dir.stdout(&["predict", "--json", &model(&dir, "none"), "3.png"]);
    let predictions: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(predictions[0]["models"][0]["digit"].is_null());
    let page = fs::read_to_string(dir.path("out/report.html")).unwrap();
    assert!(page.contains("Training of none diverged.") && !page.contains("class=\"best\""));
}

#[test]
fn a_sheet_holds_every_image() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    dir.stdout(&["show", "5", "small.toml", "--count", "10", "--png", "sheet.png"]);
    let sheet = image::open(dir.path("sheet.png")).unwrap().into_luma8();
    assert_eq!(sheet.dimensions(), (4 * 28, 3 * 28));
    dir.stdout(&["show", "11", "small.toml", "--png", "one.png"]);
    let one = image::open(dir.path("one.png")).unwrap().into_luma8();
    // Image 11 is the seventh: second row, third column.
    let part = image::imageops::crop_imm(&sheet, 2 * 28, 28, 28, 28).to_image();
    assert!(part == one);

    let text = dir.stdout(&["show", "0", "small.toml", "--count", "3"]);
    let titles: Vec<&str> = text.lines().filter(|line| line.contains("labelled")).collect();
    assert_eq!(titles.len(), 2, "two fit into a row of 80");
    let words: Vec<&str> = titles[0].split_whitespace().collect();
    assert_eq!(words.join(" "), "image 0, labelled 0 image 1, labelled 7");

    let assert = dir.trainer(&["show", "298", "small.toml", "--count", "3"]).assert().code(2);
    assert.stderr(contains("no image 300: images are numbered from 0 to 299"));
}

#[test]
fn the_error_names_a_file_that_is_no_image_or_model() {
    let dir = TestDir::new();
    dir.write("text.png", "hello");
    dir.write("bad.safetensors", "hello");
    dir.write_config("small.toml", "variants = [\"none\"]");
    dir.train("small.toml", "out", &[]);
    let model = model(&dir, "none");
    for (arguments, code, words) in [
        (vec![model.as_str(), "text.png"], 1, "text.png: not a PNG or JPEG image"),
        (vec![model.as_str(), "absent.png"], 2, "cannot read absent.png"),
        (vec!["bad.safetensors", "text.png"], 1, "bad.safetensors: not a trained variant"),
        (vec![model.as_str()], 2, "an image is missing"),
        (vec!["text.png"], 2, "a study or a model.safetensors is missing"),
        (vec!["mnits", "text.png"], 2, "did you mean `mnist`?"),
        (vec!["mnist", "text.png"], 1, "mnist has no finished run"),
    ] {
        let assert = dir.trainer(&[vec!["predict"], arguments].concat()).assert();
        assert.code(code).stderr(contains(words));
    }
}
