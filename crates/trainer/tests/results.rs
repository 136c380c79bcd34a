//! `trainer results` and summary.csv, compared with results.csv.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{TestDir, cells};
use predicates::str::contains;

fn results(dir: &TestDir, arguments: &[&str]) -> String {
    dir.stdout(&[&["results", "out"], arguments].concat())
}

#[test]
fn every_output_has_the_same_means_over_seeds() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"l2\", \"none\"]\nseeds = [4, 1, 2]");
    let rows = dir.train("small.toml", "out", &[]);
    let of = |variant: &str| -> Vec<f64> {
        let rows = rows.iter().filter(|row| row["variant"] == variant);
        rows.map(|row| row["acc_test"].parse().unwrap()).collect()
    };
    let (l2, none) = (of("l2"), of("none"));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let near = |found: &str, expected: f64| {
        assert!((found.parse::<f64>().unwrap() - expected).abs() < 1e-6, "{found} for {expected}");
    };

    let summary = dir.csv("out/summary.csv");
    assert_eq!(summary.len(), 2);
    assert_eq!(cells(&summary[0], ["variant", "n", "difference_mean"]), ["l2", "3", ""]);
    assert_eq!(cells(&summary[1], ["variant", "n"]), ["none", "3"]);
    near(&summary[0]["acc_test_mean"], mean(&l2));
    near(&summary[1]["acc_test_mean"], mean(&none));
    near(&summary[1]["difference_mean"], mean(&none) - mean(&l2));

    assert_eq!(results(&dir, &["--csv"]), dir.read("out/results.csv"));
    let json: serde_json::Value = serde_json::from_str(&results(&dir, &["--json"])).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 6);
    assert_eq!((&json["runs"][1]["variant"], &json["runs"][1]["seed"]), (&"l2".into(), &1.into()));
    assert_eq!(json["summary"][1]["difference"]["variant"], "l2");
    for end in ["mean", "low", "high"] {
        let expected = json["summary"][1]["difference"][end].as_f64().unwrap();
        near(&summary[1][&format!("difference_{end}")], expected);
    }
    let table = results(&dir, &[]);
    let row = table.lines().nth(2).unwrap();
    assert!(
        row.starts_with(&format!(
            "none     3  {:.5} ± ",
            json["summary"][1]["acc_train"]["mean"].as_f64().unwrap()
        )),
        "{table}"
    );
    assert!(row.contains(&format!("{:.5} ± ", mean(&none))), "{table}");
}

#[test]
fn one_seed_gets_a_note_and_no_summary() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"l2\", \"none\"]");
    dir.train("small.toml", "out", &[]);
    assert!(results(&dir, &[]).contains("One run of each proves little"));
    assert!(!dir.path("out/summary.csv").exists());
}

#[test]
fn a_run_may_have_another_name_before_its_id() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\"]");
    let rows = dir.train("small.toml", "out", &[]);
    let run = dir.path("out/runs/none-seed-0");
    let name = run.file_name().unwrap().to_str().unwrap().to_owned();
    let renamed = name.replace("none-seed-0", "mine");
    std::fs::rename(&run, run.with_file_name(&renamed)).unwrap();
    dir.trainer(&["run", "small.toml", "--out", "out"])
        .assert()
        .stderr(contains("1 of them finished before"));
    let again = dir.csv("out/results.csv");
    assert_eq!((&again[0]["run"], &again[0]["acc_test"]), (&renamed, &rows[0]["acc_test"]));
    // A copy without the id is no run.
    dir.shell(&format!("cp -r out/runs/{renamed} out/runs/backup")).assert().success();
    dir.write("out/runs/backup/model.safetensors", "damage");
    dir.trainer(&["run", "small.toml", "--out", "out"]).assert().success();
}

#[test]
fn a_folder_precedes_a_config_of_the_same_name() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\"]");
    dir.train("small.toml", "smoke", &[]);
    assert!(dir.stdout(&["results", "smoke"]).contains("none "));
    std::fs::remove_file(dir.path("smoke/study.json")).unwrap();
    let assert = dir.trainer(&["results", "smoke"]).assert().code(1);
    assert.stderr("error: results/smoke has no finished run\n  train first: trainer run\n");
    let assert = dir.trainer(&["results", "./smoke/"]).assert().code(2);
    assert.stderr(contains("smoke/ has runs, but no study.json"));
    let assert = dir.trainer(&["results", "smokey"]).assert().code(2);
    assert.stderr(contains("smokey is neither a study's folder nor a config"));
}
