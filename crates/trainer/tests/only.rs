//! Runs by number: any process may train any of them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Place, stderr};

const STUDY: &str = "variants = [\"none\", \"dropout\"]\nseeds = [0, 1]\nsweep.fit.epochs = [1, 2]";

fn stdout(place: &Place, arguments: &[&str]) -> String {
    let output = place.trainer(arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn runs_by_number_come_to_the_same_study() {
    let place = Place::new();
    place.config("small.toml", STUDY);
    place.results("small.toml", "whole", &[]);
    let train = |only: &str| stdout(&place, &["run", "small.toml", "--out", "out", "--only", only]);
    let left = || stdout(&place, &["runs", "small.toml", "--out", "out", "--batches", "2"]);
    assert_eq!(left(), "0-3\n4-7\n");
    train("7");
    train("1-3,5");
    assert_eq!(left(), "0,4\n6\n");
    // What belongs to the whole study is left to the last.
    assert!(!place.path("out/results.csv").exists() && !place.path("out/report.html").exists());
    let list = stdout(&place, &["runs", "small.toml", "--out", "out"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[0], "number  variant  point     seed  state");
    assert_eq!(lines[1], "     0  none     epochs=1     0  waiting");
    assert_eq!(lines[8], "     7  dropout  epochs=2     1  finished");
    let json = stdout(&place, &["runs", "small.toml", "--out", "out", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["runs"][7]["state"], "finished");
    assert_eq!(
        (&json["runs"][4]["point"], &json["runs"][4]["seed"]),
        (&"epochs=1".into(), &0.into())
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
    let output = place.trainer(&["run", "small.toml", "--out", "out", "--only", "8"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "error: --only 8: the study's runs count from 0 to 7\n");
    assert!(!place.path("out").exists());
}
