//! Runs by number: any process may train any of them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::{Place, stderr, write_digits};

const STUDY: &str = "variants = [\"none\", \"dropout\"]\nseeds = [0, 1]\nsweep.fit.epochs = [1, 2]";

#[test]
fn runs_by_number_come_to_the_same_study() {
    let place = Place::new();
    place.config("small.toml", STUDY);
    place.results("small.toml", "whole", &[]);
    let train = |only: &str| place.stdout(&["run", "small.toml", "--out", "out", "--only", only]);
    let left = || place.stdout(&["runs", "small.toml", "--out", "out", "--batches", "2"]);
    assert_eq!(left(), "0-3\n4-7\n");
    train("7");
    train("1-3,5");
    assert_eq!(left(), "0,4\n6\n");
    // What belongs to the whole study is left to the last.
    assert!(!place.path("out/results.csv").exists() && !place.path("out/report.html").exists());
    let list = place.stdout(&["runs", "small.toml", "--out", "out"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[0], "number  variant  point     seed  state");
    assert_eq!(lines[1], "     0  none     epochs=1     0  waiting");
    assert_eq!(lines[8], "     7  dropout  epochs=2     1  finished");
    let json = place.stdout(&["runs", "small.toml", "--out", "out", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"][7]["state"], "finished");
    assert_eq!(
        (&json["runs"][4]["point"]["fit.epochs"], &json["runs"][4]["seed"]),
        (&1.into(), &0.into())
    );

    train("4");
    train("0-7");
    assert_eq!(left(), "");
    assert!(place.path("out/report.html").exists());
    assert!(place.outcome("out") == place.outcome("whole"));
}

#[test]
fn a_number_that_no_run_has_is_refused() {
    let place = Place::new();
    place.config("small.toml", STUDY);
    let assert = place.trainer(&["run", "small.toml", "--out", "out", "--only", "8"]).assert();
    assert.code(2).stderr("error: --only 8: the study's runs count from 0 to 7\n");
    assert!(!place.path("out").exists());
}

/// Trains a part of a study whose other part was made otherwise; gives what is said.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let run = ["run", "small.toml", "--out", "out", "--only", "2-3"];
    let assert = place.trainer(&[&run[..], arguments].concat()).assert().code(2);
    assert!(!place.path("out/runs/dropout").exists());
    stderr(assert.get_output())
}

#[test]
fn parts_that_are_made_otherwise_are_not_mixed_in() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"none\", \"dropout\"]\nseeds = [0, 1]");
    place.stdout(&["run", "small.toml", "--out", "out", "--only", "0-1"]);
    let rate = ["--set", "fit.learning_rate=0.5"];
    let message = refused(&place, &rate);
    assert!(message.contains("out holds none seed"), "{message}");
    assert!(message.contains("fit.learning_rate is 0.01 there, 0.5 here"), "{message}");
    write_digits(&place.path("others"), 200, 100);
    let message = refused(&place, &["--set", "data.dir=others"]);
    assert!(message.contains("the data set there is another than `others`"), "{message}");
    // No run tells of it yet, but others of this study may be under way.
    let message = refused(&place, &["--set", "variant.dropout.hidden2.dropout=0.1"]);
    assert!(message.contains("out holds a study"), "{message}");
    assert!(message.contains("hidden2.dropout is 0.2 there, 0.1 here"), "{message}");

    // Nor are they counted as this study's.
    for command in [&["runs", "small.toml"][..], &["runs", "small.toml", "--batches", "1"]] {
        place.trainer(&[command, &["--out", "out"], &rate].concat()).assert().code(2);
    }
    place.stdout(&["run", "small.toml", "--out", "out", "--only", "2-3"]);
    assert!(place.path("out/report.html").exists());
}

#[test]
fn parts_that_were_mixed_all_the_same_have_no_results() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"none\", \"dropout\"]");
    write_digits(&place.path("others"), 200, 100);
    let train = |out: &str, arguments: &[&str]| {
        let run = ["run", "small.toml", "--out", out, "--only"];
        place.trainer(&[&run[..], arguments].concat()).assert()
    };
    // As if two had begun at once, each with digits of its own; whichever of them the next one looks at.
    for (mixed, variant, own) in [("0", "none", "1"), ("1", "dropout", "0")] {
        let out = format!("out-{own}");
        train("apart", &[mixed, "--set", "data.dir=others"]).success();
        train(&out, &[own]).success();
        let run = |out: &str| place.path(&format!("{out}/runs/{variant}"));
        fs::rename(run("apart"), run(&out)).unwrap();
        train(&out, &[own]).code(2);
        assert!(!place.path(&format!("{out}/results.csv")).exists());
    }
}

#[test]
fn batches_take_as_long_as_one_another() {
    let place = Place::new();
    let sweep = "variants = [\"none\"]\nseeds = [0, 1, 2, 3]\nsweep.fit.epochs = [1, 10]\ndata.limit = 60000";
    place.config("small.toml", sweep);
    let batches =
        |more: &[&str]| place.stdout(&[&["runs", "small.toml", "--out", "out"], more].concat());
    assert_eq!(batches(&["--batches", "4"]), "0-4\n5-6\n7\n");
    // By the guess of 0.3 s for an epoch of so many images.
    assert_eq!(batches(&["--batches", "64", "--batch-minutes", "0.045"]), "0-4\n5\n6\n7\n");
    assert_eq!(batches(&["--batches", "64", "--batch-minutes", "60"]), "0-7\n");
    // As many epochs as a config can ask for.
    let endless = ["--batches", "2", "--set", "sweep.fit.epochs=[9223372036854775807]"];
    assert_eq!(batches(&endless), "0-1\n2-3\n");
}
