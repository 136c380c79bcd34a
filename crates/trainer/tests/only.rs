//! `--only`: a process trains some of a study's runs, given by number.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::{TestDir, stderr, write_data_set};

const STUDY: &str = "variants = [\"none\", \"dropout\"]\nseeds = [0, 1]\nsweep.fit.epochs = [1, 2]";

#[test]
fn runs_trained_by_number_give_the_same_study() {
    let dir = TestDir::new();
    dir.write_config("small.toml", STUDY);
    dir.train("small.toml", "whole", &[]);
    let train = |only: &str| dir.stdout(&["run", "small.toml", "--out", "out", "--only", only]);
    let unfinished = || dir.stdout(&["runs", "small.toml", "--out", "out", "--batches", "2"]);
    assert_eq!(unfinished(), "0-3\n4-7\n");
    train("7");
    train("1-3,5");
    assert_eq!(unfinished(), "0,4\n6\n");
    // These files are written once every run has finished.
    assert!(!dir.path("out/results.csv").exists() && !dir.path("out/report.html").exists());
    let list = dir.stdout(&["runs", "small.toml", "--out", "out"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[0], "number  variant  point     seed  state");
    assert_eq!(lines[1], "     0  none     epochs=1     0  waiting");
    assert_eq!(lines[8], "     7  dropout  epochs=2     1  finished");
    let json = dir.stdout(&["runs", "small.toml", "--out", "out", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"][7]["state"], "finished");
    assert_eq!(
        (&json["runs"][4]["point"]["fit.epochs"], &json["runs"][4]["seed"]),
        (&1.into(), &0.into())
    );

    train("4");
    train("0-7");
    assert_eq!(unfinished(), "");
    assert!(dir.path("out/report.html").exists());
    assert!(dir.artifacts("out") == dir.artifacts("whole"));
}

#[test]
fn a_number_out_of_range_is_refused() {
    let dir = TestDir::new();
    dir.write_config("small.toml", STUDY);
    let assert = dir.trainer(&["run", "small.toml", "--out", "out", "--only", "8"]).assert();
    assert.code(2).stderr("error: --only 8: the study's runs count from 0 to 7\n");
    assert!(!dir.path("out").exists());
}

/// Asserts that training runs 2 and 3 is refused; returns stderr.
fn refusal(dir: &TestDir, arguments: &[&str]) -> String {
    let run = ["run", "small.toml", "--out", "out", "--only", "2-3"];
    let assert = dir.trainer(&[&run[..], arguments].concat()).assert().code(2);
    assert!(!dir.path("out/runs/dropout").exists());
    stderr(assert.get_output())
}

#[test]
fn runs_with_other_settings_or_data_are_refused() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\", \"dropout\"]\nseeds = [0, 1]");
    dir.stdout(&["run", "small.toml", "--out", "out", "--only", "0-1"]);
    let rate = ["--set", "fit.learning_rate=0.5"];
    let message = refusal(&dir, &rate);
    assert!(message.contains("out holds none seed"), "{message}");
    assert!(message.contains("fit.learning_rate is 0.01 there, 0.5 here"), "{message}");
    write_data_set(&dir.path("others"), 200, 100);
    let message = refusal(&dir, &["--set", "data.dir=others"]);
    assert!(message.contains("the data set there is another than `others`"), "{message}");
    // No run of `dropout` has been trained, but another process may be about to.
    let message = refusal(&dir, &["--set", "variant.dropout.hidden2.dropout=0.1"]);
    assert!(message.contains("out holds a study"), "{message}");
    assert!(message.contains("hidden2.dropout is 0.2 there, 0.1 here"), "{message}");

    // `trainer runs` refuses the folder as well.
    for command in [&["runs", "small.toml"][..], &["runs", "small.toml", "--batches", "1"]] {
        dir.trainer(&[command, &["--out", "out"], &rate].concat()).assert().code(2);
    }
    dir.stdout(&["run", "small.toml", "--out", "out", "--only", "2-3"]);
    assert!(dir.path("out/report.html").exists());
}

#[test]
fn runs_on_different_data_give_no_results() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\", \"dropout\"]");
    write_data_set(&dir.path("others"), 200, 100);
    let train = |out: &str, arguments: &[&str]| {
        let run = ["run", "small.toml", "--out", out, "--only"];
        dir.trainer(&[&run[..], arguments].concat()).assert()
    };
    // As if two processes had trained on different data at once. Either run may be the one that is checked.
    for (other, variant, own) in [("0", "none", "1"), ("1", "dropout", "0")] {
        let out = format!("out-{own}");
        train("apart", &[other, "--set", "data.dir=others"]).success();
        train(&out, &[own]).success();
        let run = |out: &str| dir.path(&format!("{out}/runs/{variant}"));
        fs::rename(run("apart"), run(&out)).unwrap();
        train(&out, &[own]).code(2);
        assert!(!dir.path(&format!("{out}/results.csv")).exists());
    }
}

#[test]
fn batches_take_about_the_same_time() {
    let dir = TestDir::new();
    let sweep = "variants = [\"none\"]\nseeds = [0, 1, 2, 3]\nsweep.fit.epochs = [1, 10]\ndata.limit = 60000";
    dir.write_config("small.toml", sweep);
    let batches =
        |more: &[&str]| dir.stdout(&[&["runs", "small.toml", "--out", "out"], more].concat());
    assert_eq!(batches(&["--batches", "4"]), "0-4\n5-6\n7\n");
    // An epoch of 60 000 images is estimated at 0.3 s.
    assert_eq!(batches(&["--batches", "64", "--batch-minutes", "0.045"]), "0-4\n5\n6\n7\n");
    assert_eq!(batches(&["--batches", "64", "--batch-minutes", "60"]), "0-7\n");
    // The largest number of epochs that a config takes.
    let endless = ["--batches", "2", "--set", "sweep.fit.epochs=[9223372036854775807]"];
    assert_eq!(batches(&endless), "0-1\n2-3\n");
}
