//! `--only`: a process trains some of a study's runs, given by number.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::TestDir;

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
    assert.code(2).stderr("error: --only 8: the study's runs are numbered from 0 to 7\n");
    assert!(!dir.path("out").exists());
}

#[test]
fn rows_of_one_run_are_in_one_batch() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\", \"l2\", \"plain\"]\nvariant.plain.hidden1.dropout = 0";
    dir.write_config("small.toml", lines);
    let batches = ["runs", "small.toml", "--out", "out", "--batches", "9"];
    assert_eq!(dir.stdout(&batches), "0\n1\n");
    dir.stdout(&["run", "small.toml", "--out", "out", "--only", "0,1"]);
    assert_eq!(dir.csv("out/results.csv").len(), 3);
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
