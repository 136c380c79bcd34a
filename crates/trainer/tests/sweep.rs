//! Sweeps: the runs of a config with lists in `[sweep]`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Row, TestDir, cells};
use predicates::str::contains;

const SWEEP: &str = "variants = [\"none\", \"mine\"]\nseeds = [0, 1]\n[sweep]\n\
                     \"variant.mine.hidden2.kernel_regularizer.l2\" = [0.0, 0.1]\n\"fit.epochs\" = [1, 3]";

const L2: &str = "variant.mine.hidden2.kernel_regularizer.l2";

/// Some cells of a variant's rows, joined by spaces.
fn rows<const N: usize>(csv: &[Row], variant: &str, columns: [&str; N]) -> Vec<String> {
    let rows = csv.iter().filter(|row| row["variant"] == variant);
    rows.map(|row| cells(row, columns).join(" ")).collect()
}

#[test]
fn every_variant_is_trained_at_each_of_its_points() {
    let dir = TestDir::new();
    dir.write_config("small.toml", SWEEP);
    dir.train("small.toml", "out", &[]);
    let header = dir.read("out/results.csv").lines().next().unwrap().to_owned();
    assert!(header.ends_with(&format!("fit_seconds,run,fit.epochs,{L2}")), "{header}");
    let csv = dir.csv("out/results.csv");
    let points = |variant: &str| rows(&csv, variant, ["epochs", "seed", "fit.epochs", L2]);
    assert_eq!(points("none"), ["1 0 1 ", "1 1 1 ", "3 0 3 ", "3 1 3 "]);
    let mine = [
        "1 0 1 0.0",
        "1 1 1 0.0",
        "1 0 1 0.1",
        "1 1 1 0.1",
        "3 0 3 0.0",
        "3 1 3 0.0",
        "3 0 3 0.1",
        "3 1 3 0.1",
    ];
    assert_eq!(points("mine"), mine);
    // A penalty of 0 is no penalty: the rows share a run, which is trained once.
    let runs = |variant: &str| rows(&csv, variant, ["run"]);
    assert_eq!(runs("none"), [&runs("mine")[..2], &runs("mine")[4..6]].concat());
    assert_eq!(std::fs::read_dir(dir.path("out/runs")).unwrap().count(), 8);

    let summary = dir.csv("out/summary.csv");
    let differences = rows(&summary, "mine", ["n", "difference_mean", "fit.epochs", L2]);
    // Each is compared with `none` at the same number of epochs.
    assert_eq!(
        (differences[0].as_str(), differences[2].as_str()),
        ("2 0.000000 1 0.0", "2 0.000000 3 0.0")
    );

    let page = dir.read("out/report.html");
    for words in [
        "sweep.fit.epochs = [",
        ">epochs</button>",
        ">l2</button>",
        "<td data-value=\"3\">3</td>\n<td data-value=\"0.1\">0.1</td>",
        "each variant is shown at its first point, as no images are held out to choose by",
    ] {
        assert!(page.contains(words), "{words}");
    }

    // study.toml is a config for the same study: no run is trained again.
    let before = dir.read("out/runs/mine,epochs=1,l2=0.1-seed-0/run.json");
    let assert = dir.trainer(&["run", "out/study.toml", "--out", "out"]).assert();
    assert.stderr(contains("12 runs on flex, 12 of them finished before"));
    assert_eq!(dir.read("out/runs/mine,epochs=1,l2=0.1-seed-0/run.json"), before);
}

#[test]
fn a_sweep_takes_more_values_or_fewer() {
    let dir = TestDir::new();
    dir.write_config("small.toml", SWEEP);
    dir.train("small.toml", "out", &[]);
    let more = "sweep.variant.mine.hidden2.kernel_regularizer.l2=[0.0, 0.1, 1]";
    let run = ["run", "small.toml", "--out", "out", "--set"];
    let assert = dir.trainer(&[&run[..], &[more]].concat()).assert().success();
    assert.stderr(contains("16 runs on flex, 12 of them finished before"));
    // With fewer values, the other runs stay beside them.
    let fewer = "sweep.fit.epochs=[3]";
    let rows = dir.train("small.toml", "out", &["--set", fewer, "--set", more]);
    assert_eq!(rows.len(), 8);
    let assert = dir.trainer(&[&run[..], &[fewer]].concat()).assert().success();
    assert.stderr(contains("note: the folder also has 8 runs with other inputs"));
}

#[test]
fn data_settings_can_be_swept() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"batch_norm\"]\n[sweep]\ndata.limit = [50, 250]\ndata.pixels = [\"raw\", \"unit\"]");
    dir.train("small.toml", "out", &[]);
    let csv = dir.csv("out/results.csv");
    let found = rows(&csv, "batch_norm", ["data.limit", "data.pixels", "pixels"]);
    assert_eq!(found, ["50 raw raw", "50 unit unit", "250 raw raw", "250 unit unit"]);
    let json = dir.read("out/runs/batch_norm,limit=50,pixels=raw-seed-0/inputs.json");
    assert!(json.contains("\"data.limit\": 50"), "{json}");
}

#[test]
fn a_single_value_replaces_a_sweep() {
    let dir = TestDir::new();
    dir.write_config("small.toml", SWEEP);
    dir.write("single.toml", "extends = \"small.toml\"\nfit.epochs = 1");
    let one = ["--set", "variant.mine.hidden2.kernel_regularizer.l2=0.5"];
    let listed = dir.stdout(&[&["runs", "single.toml"][..], &one].concat());
    let rows: Vec<&str> = listed.lines().skip(1).take(4).collect();
    assert!(listed.ends_with("\n0 of 4 finished\n"), "{listed}");
    assert_eq!(rows.len(), 4, "{listed}");
    assert!(rows.iter().all(|row| !row.contains('=')), "{listed}");
}
