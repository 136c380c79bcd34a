//! Kills, signals and concurrent processes: a resumed study gives the same bits as an uninterrupted one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod common;

use std::{fs, process::Stdio, thread, time::Duration};

use assert_cmd::assert::OutputAssertExt;
use common::{
    TestDir,
    long_study::{
        CONFIG, EPOCHS, VARIANTS, assert_csv_is_complete, send_signal, spawn_study, uninterrupted,
        wait_for_checkpoints, wait_until,
    },
    stderr, write_data_set,
};
use predicates::str::contains;
use trainer::store::checkpoint;

/// Returns a pseudo-random number below `end`.
fn pseudo_random(round: u64, end: u64) -> u64 {
    round.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) % end
}

fn kill_repeatedly(kills: u64) {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    let mut finished = 0;
    for round in 0..kills {
        let out = format!("killed-{finished}");
        let mut child = spawn_study(&dir, &out);
        thread::sleep(Duration::from_millis(20 + pseudo_random(round, 300)));
        send_signal(&child, "KILL");
        if child.wait().unwrap().success() {
            // The study finished before the kill: continue with another.
            assert!(dir.artifacts(&out) == expected, "round {round}");
            finished += 1;
        }
        assert_csv_is_complete(&dir.path(&out));
    }
    let out = format!("killed-{finished}");
    spawn_study(&dir, &out).wait_with_output().unwrap().assert().success();
    assert!(dir.artifacts(&out) == expected);
    assert!(!dir.path(&format!("{out}/runs/l1/seed-0/checkpoint.safetensors")).exists());
}

#[test]
fn a_killed_study_resumes_to_the_same_results() {
    kill_repeatedly(6);
}

#[test]
#[ignore = "takes half a minute"]
fn a_study_killed_sixty_times_resumes_to_the_same_results() {
    kill_repeatedly(60);
}

#[test]
fn a_signal_ends_training_with_a_checkpoint_to_resume_from() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let child = spawn_study(&dir, name);
        wait_for_checkpoints(&dir, name);
        send_signal(&child, name);
        let assert = child.wait_with_output().unwrap().assert().code(code);
        assert.stderr(contains("error: stopped on request"));
        for variant in VARIANTS {
            let folder = dir.path(&format!("{name}/runs/{variant}/seed-0"));
            let (_, checkpoint) = checkpoint::read(&folder).unwrap().unwrap();
            assert!(checkpoint.epochs() < 400, "{variant} was trained to its end");
        }

        spawn_study(&dir, name).wait_with_output().unwrap().assert().success();
        assert!(dir.artifacts(name) == expected);
    }
}

#[test]
fn a_run_is_trained_by_one_process_at_a_time() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    let first = spawn_study(&dir, "both");
    wait_for_checkpoints(&dir, "both");
    let second = spawn_study(&dir, "both").wait_with_output().unwrap().assert().code(1);
    let message = "error: another process is training l1 seed 0, batch_norm_dropout seed 0\n";
    second.stderr(contains(message));
    first.wait_with_output().unwrap().assert().success();
    assert!(dir.artifacts("both") == expected);
    // Every run has finished.
    spawn_study(&dir, "both").wait_with_output().unwrap().assert().success();
}

#[test]
fn more_epochs_resume_a_finished_run() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    dir.train("small.toml", "longer", &["--set", "fit.epochs=50"]);
    let results = ["results", "small.toml", "--out", "longer", "--set", EPOCHS];
    dir.trainer(&results).assert().stderr(contains("2 of 2 runs have not finished"));
    dir.train("small.toml", "longer", &["--set", EPOCHS]);
    assert!(dir.artifacts("longer") == expected);

    let fewer = ["run", "small.toml", "--out", "longer", "--set", "fit.epochs=50"];
    let assert = dir.trainer(&fewer).assert().code(2);
    assert.stderr(contains("fit.epochs is 400 there, 50 here"));
}

#[test]
fn a_checkpoint_of_other_settings_is_refused() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let child = spawn_study(&dir, "out");
    wait_for_checkpoints(&dir, "out");
    send_signal(&child, "TERM");
    child.wait_with_output().unwrap();
    let other = ["run", "small.toml", "--out", "out", "--set", EPOCHS];
    let other = [&other[..], &["--set", "fit.learning_rate=0.5"]].concat();
    let assert = dir.trainer(&other).assert().code(2);
    let assert = assert.stderr(contains("fit.learning_rate is 0.01 there, 0.5 here"));
    assert.stderr(contains("--fresh"));

    // The old folder is renamed, not deleted.
    dir.trainer(&[&other[..], &["--fresh"]].concat()).assert().success();
    assert!(dir.path("out.1/runs/l1/seed-0/checkpoint.safetensors").is_file());
    assert!(dir.path("out/runs/l1/seed-0/run.json").is_file());
}

#[test]
fn fewer_epochs_than_begun_are_refused() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let child = spawn_study(&dir, "out");
    let folder = dir.path("out/runs/l1/seed-0");
    let has_begun = || {
        checkpoint::read(&folder)
            .ok()
            .flatten()
            .is_some_and(|(_, checkpoint)| checkpoint.epochs() > 1)
    };
    wait_until(has_begun);
    send_signal(&child, "TERM");
    child.wait_with_output().unwrap();
    let fewer = ["run", "small.toml", "--out", "out", "--set", "fit.epochs=1"];
    let assert = dir.trainer(&fewer).assert().code(2);
    assert.stderr(contains("fit.epochs is 400 there, 1 here"));
}

#[test]
fn a_folder_in_use_refuses_other_settings_and_fresh() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    let first = spawn_study(&dir, "both");
    wait_for_checkpoints(&dir, "both");
    let other = ["run", "small.toml", "--out", "both", "--set", "variants=[\"none\"]"];
    for (more, words) in [
        ("fit.learning_rate=0.5", "fit.learning_rate is 0.01 there, 0.5 here"),
        ("fit.epochs=7", "fit.epochs is 400 there, 7 here"),
        ("fit.epochs=800", "fit.epochs is 400 there, 800 here"),
    ] {
        let arguments = [&other[..], &["--set", more]].concat();
        dir.trainer(&arguments).assert().code(2).stderr(contains(words));
    }
    write_data_set(&dir.path("others"), 200, 100);
    let data = ["--set", EPOCHS, "--set", "data.dir=others"];
    let assert = dir.trainer(&[&other[..], &data].concat()).assert().code(2);
    assert.stderr(contains("the data set there is another than `others`"));
    let assert = dir.trainer(&[&other[..], &["--fresh"]].concat()).assert().code(1);
    assert.stderr(contains("both stays as it is: another process"));
    first.wait_with_output().unwrap().assert().success();
    assert!(dir.artifacts("both") == expected);
}

/// The second process may find no run yet that records the data of the first.
#[test]
fn of_two_processes_started_at_once_on_different_data_one_is_refused() {
    const DATA: [&str; 2] = ["digits", "others"];
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    write_data_set(&dir.path("others"), 200, 100);
    let expected = DATA.map(|data| {
        let out = format!("expected-{data}");
        let set = format!("data.dir={data}");
        dir.train("small.toml", &out, &["--set", &set, "--set", "fit.epochs=50"]);
        dir.artifacts(&out)
    });
    for round in 0..5 {
        let out = format!("both-{round}");
        let children = DATA.map(|data| {
            let set = format!("data.dir={data}");
            let run = ["run", "small.toml", "--quiet", "--out", &out, "--set", &set];
            let run = [&run[..], &["--set", "fit.epochs=50"]].concat();
            let mut command = dir.command(&run);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        });
        let outputs = children.map(|child| child.wait_with_output().unwrap());
        let trained = outputs.iter().position(|output| output.status.success()).unwrap();
        outputs[1 - trained].clone().assert().code(2);
        assert!(dir.artifacts(&out) == expected[trained], "round {round}");
    }
}

#[test]
fn fresh_refuses_a_folder_that_is_no_study() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    fs::create_dir(dir.path("precious")).unwrap();
    let run = ["run", "small.toml", "--fresh", "--out", "precious"];
    dir.trainer(&run).assert().code(2).stderr(contains("no study's folder"));
    assert!(dir.path("precious").is_dir());
}

#[test]
fn a_second_signal_ends_the_process_during_a_step() {
    let dir = TestDir::new();
    // One batch of 60 000 images: a step takes long enough to be interrupted.
    write_data_set(&dir.path("digits"), 60_000, 100);
    let lines =
        "data.dir = \"digits\"\nfit.batch_size = 60000\nfit.epochs = 50\nvariants = [\"l1\"]";
    dir.write("long.toml", lines);
    let arguments = ["run", "long.toml", "--quiet", "--out", "out"];
    let child = dir.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let folder = dir.path("out/runs/l1/seed-0");
    wait_until(|| folder.join(checkpoint::FILE).exists());
    send_signal(&child, "INT");
    // Two pending signals of one kind are delivered as one.
    thread::sleep(Duration::from_millis(100));
    send_signal(&child, "INT");
    let assert = child.wait_with_output().unwrap().assert().code(130);
    let message = stderr(assert.get_output());
    assert!(!message.contains("stopped on request"), "{message}");
    // Had the step ended, the first signal would have saved a checkpoint after it.
    let (header, _) = checkpoint::read(&folder).unwrap().unwrap();
    assert_eq!(header.steps, 0);
}

#[test]
fn results_need_a_finished_run() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let results = ["results", "small.toml", "--out", "out", "--set", EPOCHS];
    dir.trainer(&results).assert().stderr(contains("train first"));
    let child = spawn_study(&dir, "out");
    wait_for_checkpoints(&dir, "out");
    let assert = dir.trainer(&results).assert().code(1);
    assert.stderr(contains("no finished run yet\n  2 of its runs have begun"));
    child.wait_with_output().unwrap().assert().success();
    dir.trainer(&results).assert().success();
}
