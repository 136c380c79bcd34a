//! `trainer results` and summary.csv, compared with results.csv.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{TestDir, cells};

fn results(dir: &TestDir, arguments: &[&str]) -> String {
    dir.stdout(&[&["results", "small.toml", "--out", "out"], arguments].concat())
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
fn copies_of_run_folders_are_ignored() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\"]");
    dir.train("small.toml", "out", &[]);
    let copies =
        "cp -r out/runs/none/seed-0 out/runs/none/seed-0.backup && cp -r out/runs/none out/runs/l2";
    dir.shell(copies).assert().success();
    // Even a damaged one.
    dir.write("out/runs/none/seed-0.backup/model.safetensors", "damage");
    assert_eq!(dir.train("small.toml", "out", &["--set", "seeds=[0, 1]"]).len(), 2);
}

#[test]
fn the_seeds_of_a_point_stay_together() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\"]\nfit.epochs = 1\nsweep.fit.learning_rate = [0.1, 0.2]";
    dir.write("small.toml", &format!("data.dir = \"digits\"\n{lines}\n"));
    dir.train("small.toml", "out", &["--set", "seeds=[0, 1]"]);
    // The study then names the second seed no more.
    let rows = dir.stdout(&["results", "small.toml", "--out", "out"]);
    assert_eq!(rows.lines().filter(|line| line.starts_with("none")).count(), 2, "{rows}");
}
