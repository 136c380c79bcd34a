//! `trainer collect`: merges output folders.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::{TestDir, stderr};
use predicates::str::contains;

const STUDY: &str = "variants = [\"none\", \"l2\"]\nseeds = [0, 1]";

fn train(dir: &TestDir, out: &str, arguments: &[&str]) {
    let all = [&["run", "small.toml", "--out", out], arguments].concat();
    dir.trainer(&all).assert().success();
}

/// Asserts that merging these folders is refused; returns stderr.
fn refusal(dir: &TestDir, folders: &[&str]) -> String {
    let assert = dir.trainer(&[&["collect", "all"], folders].concat()).assert().code(2);
    assert!(!dir.path("all").exists());
    stderr(assert.get_output())
}

#[test]
fn parts_of_a_study_are_merged() {
    let dir = TestDir::new();
    dir.write_config("small.toml", STUDY);
    train(&dir, "whole", &[]);
    train(&dir, "a", &["--only", "0-2", "--set", "jobs=1"]);
    train(&dir, "b", &["--only", "2-3"]);
    for new in ["4 new runs are in all\n", "0 new runs are in all\n"] {
        dir.trainer(&["collect", "all", "a", "b"]).assert().success().stdout(new);
    }
    assert!(dir.artifacts("all") == dir.artifacts("whole"));
}

#[test]
fn the_copy_of_a_run_with_most_epochs_is_taken() {
    let dir = TestDir::new();
    dir.write_config("small.toml", STUDY);
    let longer = ["--set", "fit.epochs=4"];
    train(&dir, "whole", &longer);
    train(&dir, "a", &[]);
    dir.shell("cp -r a all && cp -r a b && mv b a").assert().success();
    train(&dir, "a", &[&longer[..], &["--only", "0-1"]].concat());
    // One folder inside the other.
    train(
        &dir,
        "a/b",
        &[&longer[..], &["--only", "2-3", "--set", "output.tensorboard=true"]].concat(),
    );
    fs::copy(dir.path("a/study.toml"), dir.path("all/study.toml")).unwrap();
    let collect = ["collect", "all", "a", "a/b"];
    dir.trainer(&collect).assert().success().stdout("4 new runs are in all\n");
    assert!(dir.artifacts("all") == dir.artifacts("whole"));
    dir.shell("ls all/runs/l2/seed-0/events.out.tfevents.*").assert().success();
}

#[test]
fn runs_of_different_studies_are_refused() {
    let dir = TestDir::new();
    dir.write_config("small.toml", STUDY);
    train(&dir, "a", &[]);
    train(&dir, "b", &["--set", "fit.learning_rate=0.5"]);
    let message = refusal(&dir, &["a", "b"]);
    assert!(message.contains("b holds another study than a"), "{message}");
    assert!(message.contains("fit.learning_rate is 0.5 there, 0.01 here"), "{message}");
    assert!(!message.contains("--fresh"), "{message}");

    // study.toml agrees, but the records of the runs differ.
    fs::copy(dir.path("a/study.toml"), dir.path("b/study.toml")).unwrap();
    let message = refusal(&dir, &["a", "b"]);
    assert!(message.contains("b holds "), "{message}");
    assert!(message.contains("fit.learning_rate is 0.5 there, 0.01 here"), "{message}");

    // Two results for one run, both with valid checksums.
    train(&dir, "c", &["--set", "seeds=[1, 0]", "--only", "0"]);
    assert!(refusal(&dir, &["a", "c"]).contains("seeds is [1, 0] there, [0, 1] here"));
    train(&dir, "d", &[]);
    for file in ["model.safetensors", "history.csv", "run.json"] {
        fs::copy(
            dir.path(&format!("d/runs/l2/seed-1/{file}")),
            dir.path(&format!("d/runs/l2/seed-0/{file}")),
        )
        .unwrap();
    }
    let json = dir.read("d/runs/l2/seed-0/run.json").replace("\"seed\": 1", "\"seed\": 0");
    dir.write("d/runs/l2/seed-0/run.json", &json);
    let message = refusal(&dir, &["a", "d"]);
    assert!(message.contains("d/runs/l2/seed-0 holds l2 seed 0 with other settings"), "{message}");
    assert!(message.contains("its model.safetensors is not that of a/runs/l2/seed-0"), "{message}");

    assert!(refusal(&dir, &["a", "digits"]).contains("digits is no study's folder"));
    dir.write("d/runs/none/seed-1/model.safetensors", "damage");
    let assert = dir.trainer(&["collect", "all", "d"]).assert().code(1);
    assert.stderr(contains("not as the run left it"));
}
