//! Output folders that were trained apart, brought together.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::{Place, StderrContains, stderr};

const STUDY: &str = "variants = [\"none\", \"l2\"]\nseeds = [0, 1]";

fn train(place: &Place, out: &str, arguments: &[&str]) {
    let all = [&["run", "small.toml", "--out", out], arguments].concat();
    place.trainer(&all).assert().success();
}

/// Collects what must not belong together; gives what is said.
fn refused(place: &Place, folders: &[&str]) -> String {
    let assert = place.trainer(&[&["collect", "all"], folders].concat()).assert().code(2);
    assert!(!place.path("all").exists());
    stderr(assert.get_output())
}

#[test]
fn folders_of_one_study_become_one() {
    let place = Place::new();
    place.config("small.toml", STUDY);
    train(&place, "whole", &[]);
    train(&place, "a", &["--only", "0-2", "--set", "jobs=1"]);
    train(&place, "b", &["--only", "2-3"]);
    for new in ["4 new runs are in all\n", "0 new runs are in all\n"] {
        place.trainer(&["collect", "all", "a", "b"]).assert().success().stdout(new);
    }
    assert!(place.outcome("all") == place.outcome("whole"));
}

#[test]
fn of_a_run_that_went_on_the_furthest_is_taken() {
    let place = Place::new();
    place.config("small.toml", STUDY);
    let longer = ["--set", "fit.epochs=4"];
    train(&place, "whole", &longer);
    train(&place, "a", &[]);
    place.shell("cp -r a all && cp -r a b && mv b a").assert().success();
    train(&place, "a", &[&longer[..], &["--only", "0-1"]].concat());
    // One folder inside the other.
    train(
        &place,
        "a/b",
        &[&longer[..], &["--only", "2-3", "--set", "output.tensorboard=true"]].concat(),
    );
    fs::copy(place.path("a/study.toml"), place.path("all/study.toml")).unwrap();
    let collect = ["collect", "all", "a", "a/b"];
    place.trainer(&collect).assert().success().stdout("4 new runs are in all\n");
    assert!(place.outcome("all") == place.outcome("whole"));
    place.shell("ls all/runs/l2/seed-0/events.out.tfevents.*").assert().success();
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let place = Place::new();
    place.config("small.toml", STUDY);
    train(&place, "a", &[]);
    train(&place, "b", &["--set", "fit.learning_rate=0.5"]);
    let message = refused(&place, &["a", "b"]);
    assert!(message.contains("b holds another study than a"), "{message}");
    assert!(message.contains("fit.learning_rate is 0.5 there, 0.01 here"), "{message}");
    assert!(!message.contains("--fresh"), "{message}");

    // Its study.toml says one thing, a run of it another.
    fs::copy(place.path("a/study.toml"), place.path("b/study.toml")).unwrap();
    let message = refused(&place, &["a", "b"]);
    assert!(message.contains("b holds "), "{message}");
    assert!(message.contains("fit.learning_rate is 0.5 there, 0.01 here"), "{message}");

    // Another result for a run, its sums as they should be.
    train(&place, "c", &["--set", "seeds=[1, 0]", "--only", "0"]);
    assert!(refused(&place, &["a", "c"]).contains("seeds is [1, 0] there, [0, 1] here"));
    train(&place, "d", &[]);
    for file in ["model.safetensors", "history.csv", "run.json"] {
        fs::copy(
            place.path(&format!("d/runs/l2/seed-1/{file}")),
            place.path(&format!("d/runs/l2/seed-0/{file}")),
        )
        .unwrap();
    }
    let json = place.read("d/runs/l2/seed-0/run.json").replace("\"seed\": 1", "\"seed\": 0");
    place.write("d/runs/l2/seed-0/run.json", &json);
    let message = refused(&place, &["a", "d"]);
    assert!(message.contains("d/runs/l2/seed-0 holds l2 seed 0 with other settings"), "{message}");
    assert!(message.contains("its model.safetensors is not that of a/runs/l2/seed-0"), "{message}");

    assert!(refused(&place, &["a", "digits"]).contains("digits is no study's folder"));
    place.write("d/runs/none/seed-1/model.safetensors", "damage");
    let assert = place.trainer(&["collect", "all", "d"]).assert().code(1);
    assert.stderr_contains("not as the run left it");
}
