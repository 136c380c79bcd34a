//! Studies on a real Slurm, with tasks that are interrupted: `just test-slurm`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

use std::{
    thread,
    time::{Duration, Instant},
};

use assert_cmd::{Command, cargo::cargo_bin};
use common::TestDir;

/// Four runs of several seconds.
const STUDY: &str = "data.dir = \"digits\"\nvariants = [\"none\", \"dropout\"]\nseeds = [0, 1]\n\
                     fit.batch_size = 64\nfit.epochs = 2000\nfit.checkpoint_every = 10\n";

/// Submits the study in two tasks and returns the array's job.
fn submit(dir: &TestDir) -> String {
    let mut command = dir.program(concat!(env!("CARGO_MANIFEST_DIR"), "/slurm/submit"));
    std::fs::copy(cargo_bin!("trainer"), dir.path("trainer")).unwrap();
    command.arg(dir.path("trainer")).env("BATCH_MINUTES", "0");
    command.args(["--max-tasks", "2", "small.toml", "--out", "out"]);
    let printed = stdout(command.into());
    let (_, rest) = printed.split_once("small: job ").unwrap_or_else(|| panic!("{printed}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Runs a command, asserts that it succeeds and returns its stdout.
fn stdout(mut command: Command) -> String {
    let assert = command.assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn slurm(command: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(command);
    command.args(arguments);
    stdout(command)
}

/// Lists the jobs and tasks that have not ended.
fn queue() -> String {
    slurm("squeue", &["--noheader", "--array", "--format=%i %j %T"])
}

fn wait_until(what: &str, reached: impl Fn() -> bool) {
    let begun = Instant::now();
    while !reached() {
        let queue = queue();
        // Generous for a loaded machine. Without a limit a failure would hang the test.
        assert!(begun.elapsed() < Duration::from_mins(2), "no {what} in two minutes: {queue}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
#[ignore = "needs Slurm"]
fn interrupted_tasks_give_the_same_study() {
    let dir = TestDir::new();
    dir.write("small.toml", STUDY);
    dir.train("small.toml", "whole", &[]);

    let job = submit(&dir);
    // The study is trained as it was submitted, by the program that it was submitted with.
    dir.write("small.toml", "variants = [\"l1\"]");
    std::fs::remove_file(dir.path("trainer")).unwrap();
    let waiting = queue();
    assert!(waiting.contains(" small ") && waiting.contains(" small-report "), "{waiting}");
    let task = |number: usize| format!("{job}_{number}");
    let is_under_way =
        |run: &str| dir.path(&format!("out/runs/{run}-seed-0/checkpoint.safetensors")).exists();
    wait_until("two tasks under way", || is_under_way("none") && is_under_way("dropout"));
    // As if one task were preempted, and the other's time nearly over.
    slurm("scontrol", &["requeue", &task(1)]);
    slurm("scancel", &["--signal=TERM", &task(2)]);
    wait_until("an empty queue", || queue().is_empty());

    assert!(dir.artifacts("out") == dir.artifacts("whole"));
    for number in [1, 2] {
        let log = dir.read(&format!("out/slurm/small-{}.log", task(number)));
        assert!(log.contains("run the same command again to resume"), "{log}");
    }
    assert!(dir.path("out/report.html").exists());
}

#[test]
#[ignore = "needs Slurm"]
fn a_cancelled_study_resumes_when_it_is_submitted_again() {
    let dir = TestDir::new();
    dir.write("small.toml", STUDY);
    dir.train("small.toml", "whole", &[]);

    let job = submit(&dir);
    let has_checkpoint = || dir.path("out/runs/none-seed-0/checkpoint.safetensors").exists();
    wait_until("a checkpoint", has_checkpoint);
    slurm("scancel", &[&job]);
    wait_until("the end of the array", || !queue().contains(&format!("{job}_")));
    wait_until("an empty queue", || queue().is_empty());
    assert!(has_checkpoint());

    submit(&dir);
    wait_until("an empty queue", || queue().is_empty());
    assert!(dir.artifacts("out") == dir.artifacts("whole"));
}
