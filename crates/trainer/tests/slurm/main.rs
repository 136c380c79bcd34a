//! A study on a real Slurm, with tasks that are stopped on their way: `just test-slurm`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

use std::{
    thread,
    time::{Duration, Instant},
};

use assert_cmd::{Command, cargo::cargo_bin};
use common::Place;

/// Four runs of several seconds.
const STUDY: &str = "data.dir = \"digits\"\nvariants = [\"none\", \"dropout\"]\nseeds = [0, 1]\n\
                     fit.batch_size = 64\nfit.epochs = 2000\nfit.checkpoint_every = 10\n";

/// Submits the study in two tasks; gives the array's job.
fn submit(place: &Place) -> String {
    let mut command = place.here(concat!(env!("CARGO_MANIFEST_DIR"), "/slurm/submit"));
    command.arg(cargo_bin!("trainer")).env("BATCH_MINUTES", "0");
    command.args(["--max-tasks", "2", "small.toml", "--out", "out"]);
    let said = stdout(command.into());
    let (_, rest) = said.split_once("small: job ").unwrap_or_else(|| panic!("{said}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

fn stdout(mut command: Command) -> String {
    let assert = command.assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn slurm(command: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(command);
    command.args(arguments);
    stdout(command)
}

/// The jobs and tasks that have not ended.
fn queue() -> String {
    slurm("squeue", &["--noheader", "--array", "--format=%i %j %T"])
}

fn wait_until(what: &str, reached: impl Fn() -> bool) {
    let begun = Instant::now();
    while !reached() {
        let queue = queue();
        // A queue that is stuck fails the test instead of hanging it.
        assert!(begun.elapsed() < Duration::from_mins(2), "it does not come to {what}: {queue}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
#[ignore = "needs Slurm"]
fn tasks_that_are_stopped_come_to_the_same_study() {
    let place = Place::new();
    place.write("small.toml", STUDY);
    place.results("small.toml", "whole", &[]);

    let job = submit(&place);
    // What has been submitted is what is trained.
    place.write("small.toml", "variants = [\"l1\"]");
    let waiting = queue();
    assert!(waiting.contains(" small ") && waiting.contains(" small-report "), "{waiting}");
    let task = |number: usize| format!("{job}_{number}");
    let is_under_way =
        |run: &str| place.path(&format!("out/runs/{run}/seed-0/checkpoint.safetensors")).exists();
    wait_until("two tasks under way", || is_under_way("none") && is_under_way("dropout"));
    // One is preempted, the other's time is nearly over.
    slurm("scontrol", &["requeue", &task(1)]);
    slurm("scancel", &["--signal=TERM", &task(2)]);
    wait_until("an empty queue", || queue().is_empty());

    assert!(place.outcome("out") == place.outcome("whole"));
    for number in [1, 2] {
        let log = place.read(&format!("out/slurm/small-{}.log", task(number)));
        assert!(log.contains("the same command goes on from here"), "{log}");
    }
    assert!(place.path("out/report.html").exists());
}

#[test]
#[ignore = "needs Slurm"]
fn a_cancelled_study_goes_on_when_it_is_submitted_again() {
    let place = Place::new();
    place.write("small.toml", STUDY);
    place.results("small.toml", "whole", &[]);

    let job = submit(&place);
    let checkpoint = place.path("out/runs/none/seed-0/checkpoint.safetensors");
    wait_until("a checkpoint", || checkpoint.exists());
    slurm("scancel", &[&job]);
    wait_until("the end of the array", || !queue().contains(&format!("{job}_")));
    wait_until("an empty queue", || queue().is_empty());
    assert!(checkpoint.exists());

    submit(&place);
    wait_until("an empty queue", || queue().is_empty());
    assert!(place.outcome("out") == place.outcome("whole"));
}
