//! The same images in any format are the same data set.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{fs, path::Path};

use common::TestDir;
use image::GrayImage;
use predicates::str::contains;

/// Pixels and label of each image of a half.
type Half = Vec<(Vec<u8>, u8)>;

/// Reads the four IDX files of images of 28 × 28 pixels.
fn halves(folder: &Path) -> [Half; 2] {
    ["train", "t10k"].map(|half| {
        let read = |kind: &str, header: usize| {
            fs::read(folder.join(format!("{half}-{kind}-ubyte"))).unwrap().split_off(header)
        };
        let (images, labels) = (read("images-idx3", 16), read("labels-idx1", 8));
        images.chunks(784).map(<[u8]>::to_vec).zip(labels).collect()
    })
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn write_csv(folder: &Path, halves: &[Half; 2]) {
    for (name, half) in ["train.csv", "test.csv"].iter().zip(halves) {
        let pixels: String = (0..784).map(|pixel| format!(",pixel{pixel}")).collect();
        let rows = half.iter().map(|(pixels, label)| {
            format!("\n{label}")
                + &pixels.iter().map(|pixel| format!(",{pixel}")).collect::<String>()
        });
        write(&folder.join(name), format!("label{pixels}") + &rows.collect::<String>());
    }
}

fn write_pictures(folder: &Path, halves: &[Half; 2]) {
    for (half, images) in ["train", "test"].iter().zip(halves) {
        for (index, (pixels, label)) in images.iter().enumerate() {
            let path = folder.join(half).join(label.to_string()).join(format!("{index}.png"));
            write(&path, "");
            GrayImage::from_raw(28, 28, pixels.clone()).unwrap().save(path).unwrap();
        }
    }
}

/// Writes IDX files as EMNIST's are: under names of its own, images transposed, labels from 1.
fn write_transposed(prefix: &str, halves: &[Half; 2]) {
    for (name, half) in ["train", "test"].iter().zip(halves) {
        let count = u32::try_from(half.len()).unwrap().to_be_bytes();
        let images =
            half.iter().flat_map(|(image, _)| (0..784).map(|at| image[at % 28 * 28 + at / 28]));
        let mut file = [&[0, 0, 8, 3][..], &count, &[0, 0, 0, 28, 0, 0, 0, 28]].concat();
        file.extend(images);
        write(Path::new(&format!("{prefix}-{name}-images-idx3-ubyte")), file);
        let mut file = [&[0, 0, 8, 1][..], &count].concat();
        file.extend(half.iter().map(|(_, label)| label + 1));
        write(Path::new(&format!("{prefix}-{name}-labels-idx1-ubyte")), file);
    }
}

#[test]
fn images_in_any_format_have_the_same_ids_and_results() {
    let dir = TestDir::new();
    let halves = halves(&dir.path("digits"));
    write_csv(&dir.path("csv"), &halves);
    write_pictures(&dir.path("pictures"), &halves);
    write_transposed(dir.path("letters/emnist-letters").to_str().unwrap(), &halves);
    dir.write_config("small.toml", "variants = [\"none\", \"dropout\"]");
    dir.train("small.toml", "out", &[]);
    let expected = dir.artifacts("out");
    for (set, transposed) in [("csv", false), ("pictures", false), ("letters/emnist-letters", true)]
    {
        let [set, transposed] =
            [format!("data.dir={set}"), format!("data.transposed={transposed}")];
        let arguments = ["--set", &set, "--set", &transposed];
        let listed =
            dir.stdout(&[&["runs", "small.toml", "--out", "out"], &arguments[..]].concat());
        assert!(listed.ends_with("\n2 of 2 finished\n"), "{set}: {listed}");
        dir.train("small.toml", "other", &arguments);
        let trained = dir.artifacts("other");
        // Names of the classes are the labels as written, and beside the weights.
        let is_equal = |file: &Path| {
            file.ends_with("results.csv")
                || file.ends_with("run.json")
                || file.ends_with("model.safetensors") && transposed.ends_with("true")
                || trained[file] == expected[file]
        };
        assert_eq!(trained.len(), expected.len());
        assert!(expected.keys().all(|file| is_equal(file)), "{set}");
        fs::remove_dir_all(dir.path("other")).unwrap();
    }
}

#[test]
fn a_set_without_a_test_half_is_divided_and_shown_upright() {
    let dir = TestDir::new();
    let mut halves = halves(&dir.path("digits"));
    write_transposed(dir.path("set/own").to_str().unwrap(), &halves);
    halves[1].clear();
    write_csv(&dir.path("csv"), &halves);
    fs::remove_file(dir.path("csv/test.csv")).unwrap();
    dir.write(
        "own.toml",
        "data.dir = \"csv\"\nvariants = [\"none\"]\nfit.epochs = 1\nfit.batch_size = 10\n",
    );
    let refused = dir.trainer(&["run", "own.toml"]).assert().failure();
    refused.stderr(contains("has no test images: set data.test_split"));
    let split = ["--set", "data.test_split=0.2"];
    dir.train("own.toml", "out", &split);
    let study = dir.read("out/study.toml");
    assert!(study.contains("data.test_split = 0.2"), "{study}");
    // A study's own config finds its runs again.
    assert!(dir.stdout(&["runs", "out/study.toml", "--out", "out"]).contains("finished"));

    let shown = |set: &str, transposed: &str| {
        dir.stdout(&["show", "7", "own.toml", "--set", set, "--set", transposed])
    };
    let upright = shown("data.dir=digits", "data.transposed=false");
    let turned = shown("data.dir=set/own", "data.transposed=true");
    // The class's name is the label as written.
    let picture = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(picture(&turned), picture(&upright));
    assert_ne!(picture(&shown("data.dir=set/own", "data.transposed=false")), picture(&upright));
}

#[test]
fn settings_of_own_images_need_them() {
    let dir = TestDir::new();
    for (line, message) in [
        (
            "data.transposed = true",
            "data.transposed: needs data.dir: it is a setting of your own images",
        ),
        ("data.size = [8, 8]", "data.size: needs data.dir"),
        ("data.test_split = 0.5", "data.test_split: needs data.dir"),
        (
            "data.dir = \"digits\"\ndata.size = [0, 8]",
            "data.size: must be [height, width], each a whole number from 1 to 1024, not ",
        ),
        ("data.dir = \"digits\"\ndata.size = [8]", "data.size: must be [height, width]"),
    ] {
        dir.write("bad.toml", &format!("variants = [\"none\"]\n{line}\n"));
        let assert = dir.trainer(&["run", "bad.toml"]).assert().code(2);
        assert.stderr(contains(message));
    }
    let sized = ["run", "bad.toml", "--set", "data.dir=digits", "--set", "data.size=[8, 9]"];
    let assert = dir.trainer(&sized).assert().failure();
    assert.stderr(contains("has images of 28 × 28 pixels, but data.size is 9 × 8"));
}
