//! report.html as a file: what is in it is what was measured.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::{Place, StderrContains, stderr};
use serde_json::Value;

/// What the page's scripts draw.
fn drawn(page: &str) -> Value {
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

fn report(place: &Place, arguments: &[&str]) -> String {
    let arguments = [&["report", "small.toml", "--out", "out"][..], arguments].concat();
    let assert = place.trainer(&arguments).assert().success().stdout("out/report.html\n");
    stderr(assert.get_output())
}

#[test]
fn the_page_holds_what_the_study_came_to() {
    let place = Place::new();
    let lines = "variants = [\"none\", \"l1\", \"batch_norm\"]\ndata.validation_split = 0.2";
    place.config("small.toml", &format!("{lines}\nseeds = [3, 4]"));
    let rows = place.results("small.toml", "out", &["--set", "fit.epochs=5"]);
    let page = place.read("out/report.html");
    assert!(page.len() < 6_000_000, "{}", page.len());
    let data = drawn(&page);
    let variants = data["variants"].as_array().unwrap();
    assert_eq!(variants.len(), 3);
    // Each variant's first seed.
    for (variant, row) in variants.iter().zip(rows.iter().step_by(2)) {
        assert_eq!(
            (&variant["name"], row["seed"].as_str()),
            (&row["variant"].as_str().into(), "3")
        );
        assert_eq!((&variant["runs"], &variant["network"]["seed"]), (&2.into(), &3.into()));
        // The confusion is that of the first seed.
        let count =
            |label: usize, answer: usize| variant["confusion"][label][answer].as_u64().unwrap();
        let right: u64 = (0..10).map(|digit| count(digit, digit)).sum();
        let all: u64 = (0..100).map(|cell| count(cell / 10, cell % 10)).sum();
        assert_eq!((all, format!("{:.6}", right as f64 / 100.0)), (100, row["acc_test"].clone()));
        assert_eq!(variant["history"]["val_loss"].as_array().unwrap().len(), 5);
        let counts = variant["weights"]["counts"].as_array().unwrap();
        assert_eq!(counts.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), 50 * 250);
        assert_eq!(
            variant["network"]["layers"][1]["batch_norm"].is_object(),
            row["variant"] == "batch_norm"
        );
    }
    for words in [
        "Mean ± standard deviation over n seeds",
        "3 variants of one network on digits (240 training, 60 validation and 100 test images)",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn a_page_can_be_had_at_any_time() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"none\", \"l2\"]");
    place.results("small.toml", "out", &[]);
    let before = place.read("out/report.html");
    assert!(before.contains("One run of each proves little"));
    report(&place, &[]);
    assert!(place.read("out/report.html") == before);

    // As if the other run were still under way.
    fs::remove_file(place.path("out/runs/l2/seed-0/run.json")).unwrap();
    report(&place, &[]);
    let page = place.read("out/report.html");
    assert!(page.contains("1 of 2 runs have not finished"));
    assert_eq!(drawn(&page)["variants"].as_array().unwrap().len(), 1);

    // Without its digits, a study is shown without what it made of them.
    fs::rename(place.path("digits"), place.path("elsewhere")).unwrap();
    assert!(report(&place, &[]).contains("warning: the report has no test images in it"));
    let page = place.read("out/report.html");
    assert!(page.contains("The test digits of this study were not at hand"));
    let data = drawn(&page);
    assert_eq!(data["has_digits"], false);
    assert!(
        data["variants"][0]["confusion"].is_null() && data["variants"][0]["network"].is_object()
    );
}

#[test]
fn nothing_in_a_name_becomes_markup() {
    let place = Place::new();
    place.config("a<b>&'c.toml", "variants = [\"none\"]");
    place.results("a<b>&'c.toml", "out", &["--set", "fit.epochs=1"]);
    let page = place.read("out/report.html");
    assert!(!page.contains("a<b>") && page.contains("<title>a&#60;b&#62;&#38;&#39;c</title>"));
}

#[test]
fn what_has_not_begun_has_no_page_and_what_is_damaged_is_said_on_it() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"none\", \"l1\"]");
    let assert = place.trainer(&["report", "small.toml", "--out", "out"]).assert().code(1);
    assert.stderr_contains("out has no finished run");
    place.results("small.toml", "out", &[]);
    place.write("out/runs/none/seed-0/model.safetensors", "damage");
    report(&place, &[]);
    let page = place.read("out/report.html");
    assert!(page.contains("none/seed-0/model.safetensors: not as the run left it"));
    let data = drawn(&page);
    assert!(data["variants"][0]["network"].is_null() && data["variants"][1]["network"].is_object());
    assert_eq!(data["misread"][0]["answers"][0], Value::Null);
}
