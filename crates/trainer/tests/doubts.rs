//! Notes and missing verdicts where a study cannot answer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{fs, path::Path};

use common::{TestDir, stderr};
use serde_json::Value;

/// Writes the four IDX files of a set of images of 4 × 4 pixels. An image is its class's number of bright pixels with
/// noise of its own.
fn write_set(folder: &Path, train: &[u8], test: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    for (half, labels) in [("train", train), ("t10k", test)] {
        let mut images = Vec::new();
        for (index, label) in labels.iter().enumerate() {
            let noise = index as u64 * 2_654_435_761 + half.len() as u64;
            for pixel in 0..16_u64 {
                let ink = if pixel <= u64::from(*label) { 200 } else { 0 };
                images.push(ink + ((noise >> pixel) % 50) as u8);
            }
        }
        let len = u32::try_from(labels.len()).unwrap().to_be_bytes();
        let side = 4_u32.to_be_bytes();
        let file = [&[0, 0, 8, 3], &len[..], &side, &side, &images].concat();
        fs::write(folder.join(format!("{half}-images-idx3-ubyte")), file).unwrap();
        let file = [&[0, 0, 8, 1], &len[..], labels].concat();
        fs::write(folder.join(format!("{half}-labels-idx1-ubyte")), file).unwrap();
    }
}

/// Returns labels of `classes` classes, sorted, `each` of each.
fn sorted(classes: u8, each: usize) -> Vec<u8> {
    (0..classes).flat_map(|class| vec![class; each]).collect()
}

const CONFIG: &str = "data.dir = \"set\"\nvariants = [\"none\", \"l2\"]\nseeds = [0, 1]\nfit.epochs = 2\n\
                      fit.batch_size = 20\nnetwork.hidden = [8]\n";

/// Trains a config and returns what goes to stderr, the explained table, and the JSON of the results.
fn train(dir: &TestDir, config: &str) -> (String, String, Value) {
    dir.write("mine.toml", config);
    let output = dir.trainer(&["run", "mine.toml", "--out", "out"]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let results = dir.trainer(&["results", "out", "--json"]).output().unwrap();
    let table = dir.stdout(&["results", "out", "--explain"]);
    (stderr(&output), table, serde_json::from_slice(&results.stdout).unwrap())
}

#[test]
fn a_set_sorted_by_class_has_no_star_and_no_verdict() {
    let dir = TestDir::new();
    write_set(&dir.path("set"), &sorted(5, 40), &sorted(5, 30));
    let limited = "The training images lack classes that others have: 2, 3, 4.";
    let held_out = "The held-out images lack classes that others have: 0, 1, 2, 3.";
    for (setting, expected) in
        [("data.limit = 80\n", limited), ("data.validation_split = 0.2\n", held_out)]
    {
        let (notes, table, json) = train(&dir, &format!("{CONFIG}{setting}"));
        assert!(notes.contains(&format!("note: {expected}")), "{notes}");
        assert!(table.contains(expected) && !table.contains('★'), "{table}");
        assert!(!table.contains("undecided") && !table.contains("is better than"), "{table}");
        assert_eq!(json["summary"][1]["difference"]["verdict"], Value::Null);
        assert_eq!(json["summary"][0]["chosen"], false);
        let report = dir.read("out/report.html");
        let lead = report.find(expected).unwrap();
        assert!(lead < report.find("<table>").unwrap());
        assert!(!report.contains("overfits here") && !report.contains("\"change\":"));
        fs::remove_dir_all(dir.path("out")).unwrap();
    }
    // Of a sweep, the point is named whose images lack classes.
    let sweep = format!("{CONFIG}data.validation = 10\n[sweep]\n\"data.limit\" = [190, 50]\n");
    let (_, table, _) = train(&dir, &sweep);
    assert!(table.contains("The training images of 4 of 8 runs lack classes"), "{table}");
    assert!(dir.read("out/report.html").contains("shown at its first point"));
    fs::remove_dir_all(dir.path("out")).unwrap();
    let (notes, table, _) = train(&dir, CONFIG);
    assert!(!notes.contains("note:") && !table.contains("lack classes"), "{notes}{table}");
}

#[test]
fn leaks_majorities_and_few_test_images_are_noted() {
    let dir = TestDir::new();
    // The files have the same images of the classes 0 and 1, as the noise depends on the index alone.
    let mut test = sorted(2, 10);
    test.extend([3; 30]);
    let mut train_labels = test.clone();
    train_labels.extend([3; 60]);
    write_set(&dir.path("set"), &train_labels, &test);
    let (_, table, _) = train(&dir, CONFIG);
    for expected in [
        "81.8 % of the training images are of class 3: always saying 3 would be right as often.",
        "60.0 % of the test images are of class 3: always saying 3 would be right as often.",
        "There are 50 test images: one of them is 2.0 points of accuracy.",
        "The data set has no image of these classes: 2.",
    ] {
        assert!(table.contains(expected), "{table}");
    }
    let images = fs::read(dir.path("set/train-images-idx3-ubyte")).unwrap();
    let mut leaked = fs::read(dir.path("set/t10k-images-idx3-ubyte")).unwrap();
    leaked[16..16 + 7 * 16].copy_from_slice(&images[16..16 + 7 * 16]);
    fs::write(dir.path("set/t10k-images-idx3-ubyte"), leaked).unwrap();
    let (notes, table, _) = train(&dir, CONFIG);
    let expected = "of the 50 test images are training images too, so their accuracy is too high.";
    assert!(notes.contains(expected) && table.contains(expected), "{table}");
}

#[test]
fn seeds_that_change_nothing_are_one_observation() {
    let dir = TestDir::new();
    write_set(&dir.path("set"), &sorted(4, 50), &sorted(4, 50));
    train(
        &dir,
        "data.dir = \"set\"\nvariants = [\"none\"]\nfit.epochs = 1\nnetwork.hidden = [8]\n",
    );
    let model = dir.path("out/runs/none-seed-0").join("model.safetensors");
    fs::copy(model, dir.path("w.safetensors")).unwrap();
    let (_, table, json) =
        train(&dir, &format!("{CONFIG}fit.shuffle = false\nfit.weights = \"w.safetensors\"\n"));
    assert!(
        table.contains("The seeds change nothing in none, L2; their runs count as one."),
        "{table}"
    );
    assert!(table.contains("McNemar's exact test") && !table.contains("p < 0.0001"), "{table}");
    let report = dir.read("out/report.html");
    assert!(report.contains("The seeds change nothing in none, L2; their runs count as one."));
    assert!(!report.contains("helps for sure, by") && !report.contains("\"change\":"));
    assert_eq!(json["summary"][1]["difference"]["verdict"], Value::Null);
}

#[test]
fn a_chosen_value_at_the_edge_is_noted() {
    let dir = TestDir::new();
    // Held-out images of all classes.
    let shuffled: Vec<u8> = (0..200).map(|index| index % 4).collect();
    write_set(&dir.path("set"), &shuffled, &shuffled[..100]);
    let sweep = "data.validation_split = 0.5\n[sweep]\n\"fit.learning_rate\" = [1e-6, 1e-5, 0.1]\n";
    let (_, table, json) = train(&dir, &format!("{CONFIG}{sweep}"));
    assert!(
        table.contains(
            "none learning_rate=0.1 is at the edge of the values; the best may lie beyond."
        ),
        "{table}"
    );
    let summary = json["summary"].as_array().unwrap();
    let at_edge: Vec<bool> = summary.iter().map(|row| row["at_edge"].as_bool().unwrap()).collect();
    assert_eq!(at_edge, [false, false, true, false, false, true]);
}
