//! Kills, signals and other processes: what was done stays done, and what is finished later equals what an
//! undisturbed study gives, bit for bit.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod common;

use std::{fs, process::Stdio, thread, time::Duration};

use assert_cmd::assert::OutputAssertExt;
use common::{
    Place, StderrContains, stderr,
    under_way::{
        EPOCHS, LINES, VARIANTS, assert_whole, signal, start, undisturbed, wait_for_checkpoints,
        wait_until,
    },
    write_digits,
};
use trainer::store::checkpoint;

/// A number under `end` that differs from round to round.
fn drawn(round: u64, end: u64) -> u64 {
    round.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) % end
}

fn kill_often(kills: u64) {
    let place = Place::new();
    let whole = undisturbed(&place);
    let mut survived = 0;
    for round in 0..kills {
        let out = format!("killed-{survived}");
        let mut child = start(&place, &out);
        thread::sleep(Duration::from_millis(20 + drawn(round, 300)));
        signal(&child, "KILL");
        if child.wait().unwrap().success() {
            // It was done before: look at it, and go on with another.
            assert!(place.outcome(&out) == whole, "round {round}");
            survived += 1;
        }
        assert_whole(&place.path(&out));
    }
    let out = format!("killed-{survived}");
    start(&place, &out).wait_with_output().unwrap().assert().success();
    assert!(place.outcome(&out) == whole);
    assert!(!place.path(&format!("{out}/runs/l1/seed-0/checkpoint.safetensors")).exists());
}

#[test]
fn a_killed_study_ends_as_an_undisturbed_one() {
    kill_often(6);
}

#[test]
#[ignore = "takes half a minute"]
fn a_study_killed_very_often_ends_as_an_undisturbed_one() {
    kill_often(60);
}

#[test]
fn a_request_to_end_keeps_what_is_done() {
    let place = Place::new();
    let whole = undisturbed(&place);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let child = start(&place, name);
        wait_for_checkpoints(&place, name);
        signal(&child, name);
        let assert = child.wait_with_output().unwrap().assert().code(code);
        assert.stderr_contains("error: stopped on request");
        for variant in VARIANTS {
            let folder = place.path(&format!("{name}/runs/{variant}/seed-0"));
            let (_, kept) = checkpoint::read(&folder).unwrap().unwrap();
            assert!(kept.epochs() < 400, "{variant} was trained to its end");
        }

        start(&place, name).wait_with_output().unwrap().assert().success();
        assert!(place.outcome(name) == whole);
    }
}

#[test]
fn a_run_is_trained_by_one_process_at_a_time() {
    let place = Place::new();
    let whole = undisturbed(&place);
    let first = start(&place, "both");
    wait_for_checkpoints(&place, "both");
    let second = start(&place, "both").wait_with_output().unwrap().assert().code(1);
    let expected = "error: another process is training l1 seed 0, batch_norm_dropout seed 0\n";
    second.stderr_contains(expected);
    first.wait_with_output().unwrap().assert().success();
    assert!(place.outcome("both") == whole);
    // Now all are done.
    start(&place, "both").wait_with_output().unwrap().assert().success();
}

#[test]
fn more_epochs_go_on_from_the_last() {
    let place = Place::new();
    let whole = undisturbed(&place);
    place.results("small.toml", "longer", &["--set", "fit.epochs=50"]);
    let results = ["results", "small.toml", "--out", "longer", "--set", EPOCHS];
    place.trainer(&results).assert().stderr_contains("2 of 2 runs have not finished");
    place.results("small.toml", "longer", &["--set", EPOCHS]);
    assert!(place.outcome("longer") == whole);

    let fewer = ["run", "small.toml", "--out", "longer", "--set", "fit.epochs=50"];
    let assert = place.trainer(&fewer).assert().code(2);
    assert.stderr_contains("fit.epochs is 400 there, 50 here");
}

#[test]
fn a_checkpoint_of_other_settings_is_refused() {
    let place = Place::new();
    place.config("small.toml", LINES);
    let child = start(&place, "out");
    wait_for_checkpoints(&place, "out");
    signal(&child, "TERM");
    child.wait_with_output().unwrap();
    let other = ["run", "small.toml", "--out", "out", "--set", EPOCHS];
    let other = [&other[..], &["--set", "fit.learning_rate=0.5"]].concat();
    let assert = place.trainer(&other).assert().code(2);
    let assert = assert.stderr_contains("fit.learning_rate is 0.01 there, 0.5 here");
    assert.stderr_contains("--fresh");

    // What is there is set aside, not lost.
    place.trainer(&[&other[..], &["--fresh"]].concat()).assert().success();
    assert!(place.path("out.1/runs/l1/seed-0/checkpoint.safetensors").is_file());
    assert!(place.path("out/runs/l1/seed-0/run.json").is_file());
}

#[test]
fn an_epoch_begun_is_not_taken_back() {
    let place = Place::new();
    place.config("small.toml", LINES);
    let child = start(&place, "out");
    let folder = place.path("out/runs/l1/seed-0");
    let begun =
        || checkpoint::read(&folder).ok().flatten().is_some_and(|(_, kept)| kept.epochs() > 1);
    wait_until(begun);
    signal(&child, "TERM");
    child.wait_with_output().unwrap();
    let fewer = ["run", "small.toml", "--out", "out", "--set", "fit.epochs=1"];
    let assert = place.trainer(&fewer).assert().code(2);
    assert.stderr_contains("fit.epochs is 400 there, 1 here");
}

#[test]
fn a_folder_in_use_is_not_mixed_nor_set_aside() {
    let place = Place::new();
    let whole = undisturbed(&place);
    let first = start(&place, "both");
    wait_for_checkpoints(&place, "both");
    let other = ["run", "small.toml", "--out", "both", "--set", "variants=[\"none\"]"];
    for (more, words) in [
        ("fit.learning_rate=0.5", "fit.learning_rate is 0.01 there, 0.5 here"),
        ("fit.epochs=7", "fit.epochs is 400 there, 7 here"),
        ("fit.epochs=800", "fit.epochs is 400 there, 800 here"),
    ] {
        let arguments = [&other[..], &["--set", more]].concat();
        place.trainer(&arguments).assert().code(2).stderr_contains(words);
    }
    write_digits(&place.path("others"), 200, 100);
    let data = ["--set", EPOCHS, "--set", "data.dir=others"];
    let assert = place.trainer(&[&other[..], &data].concat()).assert().code(2);
    assert.stderr_contains("the data set there is another than `others`");
    let assert = place.trainer(&[&other[..], &["--fresh"]].concat()).assert().code(1);
    assert.stderr_contains("both stays as it is: another process");
    first.wait_with_output().unwrap().assert().success();
    assert!(place.outcome("both") == whole);
}

/// The second process may find no run yet that records the data of the first.
#[test]
fn of_two_processes_started_at_once_on_different_data_one_is_refused() {
    const DATA: [&str; 2] = ["digits", "others"];
    let place = Place::new();
    place.config("small.toml", &LINES);
    write_digits(&place.path("others"), 200, 100);
    let whole = DATA.map(|data| {
        let out = format!("whole-{data}");
        let set = format!("data.dir={data}");
        place.results("small.toml", &out, &["--set", &set, "--set", "fit.epochs=50"]);
        place.outcome(&out)
    });
    for round in 0..5 {
        let out = format!("both-{round}");
        let children = DATA.map(|data| {
            let set = format!("data.dir={data}");
            let run = [
                "run",
                "small.toml",
                "--quiet",
                "--out",
                &out,
                "--set",
                &set,
                "--set",
                "fit.epochs=50",
            ];
            let mut command = place.command(&run);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        });
        let outputs = children.map(|child| child.wait_with_output().unwrap());
        let trained = outputs.iter().position(|output| output.status.success()).unwrap();
        outputs[1 - trained].clone().assert().code(2);
        assert!(place.outcome(&out) == whole[trained], "round {round}");
    }
}

#[test]
fn only_a_study_is_set_aside() {
    let place = Place::new();
    place.config("small.toml", LINES);
    fs::create_dir(place.path("precious")).unwrap();
    let run = ["run", "small.toml", "--fresh", "--out", "precious"];
    place.trainer(&run).assert().code(2).stderr_contains("no study's folder");
    assert!(place.path("precious").is_dir());
}

#[test]
fn a_second_request_ends_at_once() {
    let place = Place::new();
    // A step that takes seconds: the whole of a large set.
    write_digits(&place.path("digits"), 60_000, 100);
    let lines =
        "data.dir = \"digits\"\nfit.batch_size = 60000\nfit.epochs = 50\nvariants = [\"l1\"]";
    place.write("long.toml", lines);
    let arguments = ["run", "long.toml", "--quiet", "--out", "out"];
    let child = place.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let folder = place.path("out/runs/l1/seed-0");
    wait_until(|| folder.join(checkpoint::FILE).exists());
    signal(&child, "INT");
    // The system makes one signal of two that come before the first is taken.
    thread::sleep(Duration::from_millis(100));
    signal(&child, "INT");
    let assert = child.wait_with_output().unwrap().assert().code(130);
    let message = stderr(assert.get_output());
    assert!(!message.contains("stopped on request"), "{message}");
    // At the end of the step, the first request would have been followed and a checkpoint saved.
    let (header, _) = checkpoint::read(&folder).unwrap().unwrap();
    assert_eq!(header.steps, 0);
}

#[test]
fn results_of_a_study_under_way() {
    let place = Place::new();
    place.config("small.toml", LINES);
    let results = ["results", "small.toml", "--out", "out", "--set", EPOCHS];
    place.trainer(&results).assert().stderr_contains("train first");
    let child = start(&place, "out");
    wait_for_checkpoints(&place, "out");
    let assert = place.trainer(&results).assert().code(1);
    assert.stderr_contains("no finished run yet\n  2 of its runs have begun");
    child.wait_with_output().unwrap().assert().success();
    place.trainer(&results).assert().success();
}
