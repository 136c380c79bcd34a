//! The contents of report.html.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::{TestDir, stderr};
use serde_json::Value;

/// Returns the data that the page's scripts draw.
fn page_data(page: &str) -> Value {
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

fn report(dir: &TestDir) -> String {
    let assert = dir.trainer(&["report", "out"]).assert().success().stdout("out/report.html\n");
    stderr(assert.get_output())
}

#[test]
fn the_report_agrees_with_results_csv() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\", \"l1\", \"batch_norm\"]\ndata.validation_split = 0.2";
    dir.write_config("small.toml", &format!("{lines}\nseeds = [3, 4]"));
    let rows = dir.train("small.toml", "out", &["--set", "fit.epochs=5"]);
    let page = dir.read("out/report.html");
    assert!(page.len() < 6_000_000, "{}", page.len());
    let data = page_data(&page);
    let variants = data["groups"].as_array().unwrap();
    assert_eq!(variants.len(), 3);
    // Each variant's first seed.
    for (variant, row) in variants.iter().zip(rows.iter().step_by(2)) {
        assert_eq!(
            (&variant["variant"], row["seed"].as_str()),
            (&row["variant"].as_str().into(), "3")
        );
        assert_eq!((&variant["runs"], &variant["seed"]), (&2.into(), &3.into()));
        // The mean of both seeds.
        let own = rows.iter().filter(|other| other["variant"] == row["variant"]);
        let sum: f64 = own.map(|row| row["acc_test"].parse::<f64>().unwrap()).sum();
        assert!((variant["acc_test"]["mean"].as_f64().unwrap() - sum / 2.0).abs() < 1e-6);
        assert_eq!(variant["curves"]["val_acc"].as_array().unwrap().len(), 5);
        let counts = variant["weights"]["counts"].as_array().unwrap();
        assert_eq!(counts.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), 50 * 250);
        assert_eq!(
            variant["network"]["layers"][1]["batch_norm"].is_object(),
            row["variant"] == "batch_norm"
        );
    }
    for words in [
        "± is the standard deviation over them",
        "3 variants × 2 seeds · 240 training images, 60 held out, 100 test images · digits",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn a_report_can_be_written_at_any_time() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\", \"l2\"]");
    dir.train("small.toml", "out", &[]);
    let before = dir.read("out/report.html");
    assert!(before.contains("One seed proves little"));
    report(&dir);
    assert!(dir.read("out/report.html") == before);

    // As if the other run were still training.
    fs::remove_file(dir.path("out/runs/l2-seed-0/run.json")).unwrap();
    report(&dir);
    let page = dir.read("out/report.html");
    assert!(page.contains("1 of 2 runs have not finished"));
    assert_eq!(page_data(&page)["groups"].as_array().unwrap().len(), 1);

    // Without the data set, the report has no pictures of digits.
    fs::rename(dir.path("digits"), dir.path("elsewhere")).unwrap();
    assert!(report(&dir).contains("warning: the report shows no images"));
    let page = dir.read("out/report.html");
    assert!(page.contains("The test images of this study were not available"));
    let data = page_data(&page);
    assert_eq!(data["has_images"], false);
    assert!(data["groups"][0]["network"].is_object());
}

#[test]
fn wrong_labels_are_shown_with_what_each_variant_says() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\", \"dropout\"]\nseeds = [0, 1]\ndata.label_noise = 0.3";
    dir.write_config("small.toml", lines);
    dir.train("small.toml", "out", &["--set", "fit.epochs=60", "--set", "fit.learning_rate=0.3"]);
    let data = page_data(&dir.read("out/report.html"));
    let images = data["wrong_images"].as_array().unwrap();
    assert_eq!(images.len(), 12);
    let changes = dir.csv("out/runs/none-seed-0/changed_labels.csv");
    for image in images {
        let number = |key: &str| image[key].to_string();
        let change = changes.iter().find(|row| row["index"] == number("index")).unwrap();
        assert_eq!((&change["true"], &change["given"]), (&number("truth"), &number("given")));
    }
    for group in data["groups"].as_array().unwrap() {
        let answers = group["wrong_answers"].as_array().unwrap();
        assert_eq!(answers.len(), 12, "{group}");
        // The images are learnt: most answers are the true or the wrong label.
        let known = answers.iter().zip(images);
        let known =
            known.filter(|(answer, image)| [&image["truth"], &image["given"]].contains(answer));
        assert!(known.count() >= 8, "{answers:?}");
    }
}

#[test]
fn runs_are_shown_without_what_they_did_not_record() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\", \"l1\"]\ndata.validation = 50");
    dir.train("small.toml", "out", &[]);
    for run in ["none-seed-0", "l1-seed-0"] {
        let path = dir.path(&format!("out/runs/{run}/run.json"));
        let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        record.as_object_mut().unwrap().remove("calibration").unwrap();
        for file in ["metrics.csv", "first_layer.safetensors"] {
            record["files"].as_object_mut().unwrap().remove(file).unwrap();
            fs::remove_file(dir.path(&format!("out/runs/{run}/{file}"))).unwrap();
        }
        fs::write(&path, record.to_string()).unwrap();
    }
    assert_eq!(report(&dir), "");
    let data = page_data(&dir.read("out/report.html"));
    for group in data["groups"].as_array().unwrap() {
        assert!(group["confidence"].is_null() && group["best_epoch"].is_null());
        assert_eq!(group["curves"]["recorded"]["epochs"].as_array().unwrap().len(), 0);
        // The trained network has its picture.
        assert_eq!(group["pictures"]["kernels"].as_array().unwrap().len(), 1);
        assert_eq!(group["curves"]["val_acc"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn names_are_escaped() {
    let dir = TestDir::new();
    dir.write_config("a<b>&'c.toml", "variants = [\"none\"]");
    dir.train("a<b>&'c.toml", "out", &["--set", "fit.epochs=1"]);
    let page = dir.read("out/report.html");
    assert!(!page.contains("a<b>") && page.contains("<title>a&#60;b&#62;&#38;&#39;c</title>"));
}

#[test]
fn a_report_needs_a_finished_run_and_names_damaged_files() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\", \"l1\"]");
    fs::create_dir(dir.path("out")).unwrap();
    let assert = dir.trainer(&["report", "out"]).assert().code(2);
    assert.stderr("error: out is not a study's folder\n");
    dir.train("small.toml", "out", &[]);
    dir.write("out/runs/none-seed-0/model.safetensors", "damage");
    report(&dir);
    let page = dir.read("out/report.html");
    assert!(page.contains("/model.safetensors: changed since the run finished"));
    let data = page_data(&page);
    assert!(data["groups"][0]["network"].is_null() && data["groups"][1]["network"].is_object());
}
