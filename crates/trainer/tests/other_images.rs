//! Data sets of other image sizes and numbers of classes than MNIST's.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{fs, path::Path};

use common::{TestDir, stderr};
use image::{GrayImage, imageops};
use predicates::str::contains;
use serde_json::Value;
use trainer::store::SavedPredictions;

/// Height and width of an image in pixels.
const SIZE: [usize; 2] = [20, 16];
/// Number of classes, as the labels show it.
const CLASSES: usize = 26;

/// Writes the four IDX files of a data set of images of this height and width. An image of class c is dark but for noise
/// and a bright spot of 2 × 3 pixels, in one of eight columns and rows.
fn write_set(folder: &Path, [height, width]: [usize; 2], classes: usize) {
    fs::create_dir_all(folder).unwrap();
    for (half, len) in [("train", 520), ("t10k", 104)] {
        let labels: Vec<u8> =
            (0..len).map(|index| u8::try_from(index * 7 % classes).unwrap()).collect();
        let pixel = |index: usize, label: u8, at: usize| {
            let (x, y, label) = (at % width, at / width, usize::from(label));
            let is_spot = x / 2 == label % 8 && y / 3 == label / 8 % (height / 3);
            u8::try_from((index * 31 + at * 17) % 50 + if is_spot { 200 } else { 0 }).unwrap()
        };
        let images = labels
            .iter()
            .enumerate()
            .flat_map(|(index, &label)| (0..height * width).map(move |at| pixel(index, label, at)));
        let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
        let mut file = [&[0, 0, 8, 3][..], &number(len), &number(height), &number(width)].concat();
        file.extend(images);
        fs::write(folder.join(format!("{half}-images-idx3-ubyte")), file).unwrap();
        let file = [&[0, 0, 8, 1][..], &number(len), &labels].concat();
        fs::write(folder.join(format!("{half}-labels-idx1-ubyte")), file).unwrap();
    }
}

/// Returns a folder with the data set `letters`, with the names a, b and so on, and a config for it.
fn letters() -> TestDir {
    let dir = TestDir::new();
    write_set(&dir.path("letters"), SIZE, CLASSES);
    dir.write("letters/classes.txt", &names(CLASSES));
    let lines = "data.dir = \"letters\"\nfit.batch_size = 20\nfit.epochs = 20\nfit.learning_rate = 0.2\n\
                 variants = [\"none\", \"batch_norm\"]\n";
    dir.write("letters.toml", lines);
    dir
}

fn names(count: usize) -> String {
    (0..count).map(|class| format!("letter {class}\n")).collect()
}

fn json(dir: &TestDir, file: &str) -> Value {
    serde_json::from_str(&dir.read(file)).unwrap()
}

#[test]
fn a_set_of_other_images_is_trained_resumed_and_reported() {
    let dir = letters();
    let rows = dir.train("letters.toml", "out", &[]);
    assert_eq!(rows[0]["dataset"], "letters");
    assert!(rows.iter().all(|row| row["acc_test"].parse::<f64>().unwrap() > 0.9), "{rows:?}");
    // 320 · 50 + 50 · 250 + 250 · 26 weights, and biases.
    assert_eq!(rows[0]["parameters"], "35326");
    assert_eq!(json(&dir, "out/runs/none-seed-0/inputs.json")["classes"], 26);

    dir.train("letters.toml", "steps", &["--set", "fit.epochs=7"]);
    dir.train("letters.toml", "steps", &[]);
    let whole = dir.path("out/runs/batch_norm-seed-0");
    let resumed = dir.folder().join("steps/runs").join(whole.file_name().unwrap());
    for file in ["model.safetensors", "history.csv", "metrics.csv", "predictions.safetensors"] {
        let [one, other] = [&whole, &resumed].map(|folder| fs::read(folder.join(file)).unwrap());
        assert!(one == other, "{file} differs");
    }

    let page = dir.read("out/report.html");
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!((&data["width"], &data["height"]), (&16.into(), &20.into()));
    assert_eq!(data["class_names"][25], "letter 25");
    assert_eq!(data["preparation"], "light_on_dark");
    // Without the data set, the report takes size and names from the networks.
    fs::rename(dir.path("letters"), dir.path("elsewhere")).unwrap();
    dir.trainer(&["report", "out"]).assert().success().stderr(contains("shows no images"));
    assert!(dir.read("out/report.html").contains("letter 25"));
}

#[test]
fn pictures_are_classified_by_name() {
    let dir = letters();
    dir.train("letters.toml", "out", &[]);
    let shown = dir.stdout(&["show", "3", "letters.toml", "--split", "test", "--png", "3.png"]);
    assert_eq!(shown, "image 3, labelled 21: letter 21\n");
    let picture = image::open(dir.path("3.png")).unwrap().into_luma8();
    assert_eq!(picture.dimensions(), (16, 20));
    let large: GrayImage = imageops::resize(&picture, 160, 200, imageops::FilterType::Nearest);
    let mut dark = large.clone();
    imageops::invert(&mut dark);
    large.save(dir.path("large.png")).unwrap();
    dark.save(dir.path("dark.png")).unwrap();

    let model = dir.relative("out/runs/batch_norm-seed-0/model.safetensors");
    let text = dir.stdout(&["predict", &model, "3.png", "large.png", "dark.png"]);
    let answers = text.lines().filter(|line| line.starts_with("batch_norm seed 0   letter 21 "));
    assert_eq!(answers.count(), 3, "{text}");
    let json: Value =
        serde_json::from_str(&dir.stdout(&["predict", "--json", &model, "3.png"])).unwrap();
    assert_eq!(json[0]["models"][0]["digit"], 21);
    assert_eq!(json[0]["models"][0]["class"], "letter 21");
    assert_eq!(json[0]["models"][0]["probabilities"].as_array().unwrap().len(), 26);

    // The set's own images are taken as they are.
    let stored = fs::read(dir.path("out/runs/batch_norm-seed-0/predictions.safetensors")).unwrap();
    let stored = SavedPredictions::parse(&stored).unwrap().predicted.unwrap();
    for (index, expected) in stored.iter().enumerate().take(12) {
        let number = index.to_string();
        dir.stdout(&["show", &number, "letters.toml", "--split", "test", "--png", "own.png"]);
        let answer: Value =
            serde_json::from_str(&dir.stdout(&["predict", "--json", &model, "own.png"])).unwrap();
        assert_eq!(answer[0]["models"][0]["digit"], *expected, "{answer}");
    }

    // Models of different images are not asked together.
    dir.write_config("small.toml", "variants = [\"none\"]");
    dir.train("small.toml", "digits-out", &[]);
    let other = dir.relative("digits-out/runs/none-seed-0/model.safetensors");
    let refused = dir.output(&["predict", &model, &other, "3.png"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("takes images of 16 × 20 pixels, light on dark, but "));
}

#[test]
fn names_are_no_input_but_more_classes_are() {
    let dir = letters();
    dir.train("letters.toml", "out", &["--set", "fit.epochs=1"]);
    let finished = || {
        let arguments = ["runs", "letters.toml", "--out", "out", "--set", "fit.epochs=1"];
        dir.stdout(&arguments).lines().last().map(str::to_owned).unwrap()
    };
    fs::remove_file(dir.path("letters/classes.txt")).unwrap();
    assert_eq!(finished(), "2 of 2 finished");
    dir.write("letters/classes.txt", &names(27));
    assert_eq!(finished(), "0 of 2 finished");
    let summary = dir.stdout(&["summary", "letters.toml", "none"]);
    assert!(summary.contains("(batch, 27)") && summary.contains("16050"), "{summary}");
}

#[test]
fn what_does_not_fit_the_images_is_refused_with_its_line() {
    let dir = letters();
    dir.train("letters.toml", "out", &[]);
    let refused = |lines: &str, expected: &str| {
        dir.write("bad.toml", &format!("extends = \"letters.toml\"\n{lines}\n"));
        let output = dir.output(&["run", "bad.toml", "--out", "bad"]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).starts_with(&format!("error: {expected}")), "{}", stderr(&output));
        assert!(!dir.path("bad").exists());
    };
    refused("data.limit = 99\ndata.validation = 500", "bad.toml:2: data.limit: is 99, but ");
    refused(
        "\nnetwork.hidden = [60000, 2000]",
        "bad.toml:3: network.hidden: makes a network of 139314026 parameters: the maximum is 100000000",
    );
    write_set(&dir.path("wide"), [16, 20], CLASSES);
    let start = dir.relative("out/runs/none-seed-0/model.safetensors");
    refused(
        &format!("data.dir = \"wide\"\nvariants = [\"none\"]\nfit.weights = \"{start}\""),
        &format!(
            "bad.toml:4: fit.weights: {start}: the network takes images of 16 × 20 pixels, but those of the data set \
             have 20 × 16"
        ),
    );
    write_set(&dir.path("few"), SIZE, 4);
    refused(
        &format!("data.dir = \"few\"\nvariants = [\"none\"]\nfit.weights = \"{start}\""),
        "bad.toml:4: fit.weights: ",
    );
    dir.write("letters/classes.txt", "a\nb\n");
    let output = dir.output(&["run", "letters.toml"]);
    assert!(
        stderr(&output)
            .contains("classes.txt lacks names: it has 2, and the labels 0 to 25 need 26")
    );
}

#[test]
fn fashion_mnist_comes_from_its_folder_with_its_names() {
    let dir = TestDir::new();
    // Images of another origin cannot be told from unpacked files of the right structure.
    write_set(&dir.path("fashion"), [28, 28], 10);
    let lines = "data.sources = [\"fashion\"]\nfit.batch_size = 20\nfit.epochs = 1\nvariants = [\"none\"]\n";
    dir.write("fashion.toml", lines);
    let mut run = dir.trainer(&["run", "fashion.toml", "--out", "out"]);
    let assert = run.env("FASHION_MNIST_DIR", "fashion").assert().success();
    assert.stderr(contains(
        "the files of Fashion-MNIST are not its gzipped ones, so their checksums cannot be verified",
    ));
    let row = &dir.csv("out/results.csv")[0];
    assert!(row["dataset"].starts_with("fashion-"), "{row:?}");
    assert!(dir.read("out/study.toml").contains("data.sources = [\"fashion\"]"));
    let page = dir.read("out/report.html");
    assert!(page.contains("Ankle boot") && !page.contains("Xiao, Rasul and Vollgraf"));

    // The folder of MNIST is not looked at, and no other source replaces it.
    let mut run = dir.trainer(&["run", "fashion.toml", "--out", "other"]);
    let refused =
        run.env("MNIST_DIR", "digits").env("XDG_CACHE_HOME", dir.write("file", "")).assert();
    refused
        .failure()
        .stderr(contains("$FASHION_MNIST_DIR is not set"))
        .stderr(contains("set $FASHION_MNIST_DIR or data.dir to its folder or file"));
}
