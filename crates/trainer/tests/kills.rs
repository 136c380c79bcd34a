//! Kills, signals and other processes: what was done stays done, and what is finished later equals what an
//! undisturbed study gives, bit for bit.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod common;

use std::{
    fs,
    io::Read,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use common::{
    Place, stderr,
    under_way::{
        EPOCHS, LINES, assert_whole, signal, start, undisturbed, wait_for_checkpoints, wait_until,
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
    let output = start(&place, &out).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
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
        let asked = Instant::now();
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert!(asked.elapsed() < Duration::from_secs(2));
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        let message = stderr(&output);
        assert!(message.starts_with("error: stopped on request"), "{message}");
        let checkpoint = format!("{name}/runs/l1/seed-0/checkpoint.safetensors");
        assert!(place.path(&checkpoint).is_file());

        let output = start(&place, name).wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(place.outcome(name) == whole);
    }
}

#[test]
fn a_run_is_trained_by_one_process_at_a_time() {
    let place = Place::new();
    let whole = undisturbed(&place);
    let first = start(&place, "both");
    wait_for_checkpoints(&place, "both");
    let second = start(&place, "both").wait_with_output().unwrap();
    let message = stderr(&second);
    assert_eq!(second.status.code(), Some(1), "{message}");
    let expected = "error: another process is training l1 seed 0, batch_norm_dropout seed 0\n";
    assert!(message.starts_with(expected), "{message}");
    assert!(first.wait_with_output().unwrap().status.success());
    assert!(place.outcome("both") == whole);
    // Now all are done.
    assert!(start(&place, "both").wait_with_output().unwrap().status.success());
}

#[test]
fn more_epochs_go_on_from_the_last() {
    let place = Place::new();
    let whole = undisturbed(&place);
    place.results("small.toml", "longer", &["--set", "fit.epochs=50"]);
    let output = place.trainer(&["results", "small.toml", "--out", "longer", "--set", EPOCHS]);
    assert!(stderr(&output).contains("2 of 2 runs have not finished"), "{}", stderr(&output));
    place.results("small.toml", "longer", &["--set", EPOCHS]);
    assert!(place.outcome("longer") == whole);

    let fewer = ["run", "small.toml", "--out", "longer", "--set", "fit.epochs=50"];
    let output = place.trainer(&fewer);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(message.contains("fit.epochs is 400 there, 50 here"), "{message}");
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
    let output = place.trainer(&other);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(message.contains("fit.learning_rate is 0.01 there, 0.5 here"), "{message}");
    assert!(message.contains("--fresh"), "{message}");

    // What is there is set aside, not lost.
    let output = place.trainer(&[&other[..], &["--fresh"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
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
    let output = place.trainer(&fewer);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(message.contains("fit.epochs is 400 there, 1 here"), "{message}");
}

#[test]
fn a_folder_in_use_is_not_mixed_nor_set_aside() {
    let place = Place::new();
    let whole = undisturbed(&place);
    let first = start(&place, "both");
    wait_for_checkpoints(&place, "both");
    let other = ["run", "small.toml", "--out", "both", "--set", "variants=[\"none\"]"];
    for (more, code, words) in [
        ("fit.learning_rate=0.5", 2, "fit.learning_rate is 0.01 there, 0.5 here"),
        ("fit.epochs=7", 2, "fit.epochs is 400 there, 7 here"),
        ("fit.epochs=800", 2, "fit.epochs is 400 there, 800 here"),
    ] {
        let output = place.trainer(&[&other[..], &["--set", more]].concat());
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{message}");
        assert!(message.contains(words), "{message}");
    }
    // As if the first had begun a moment ago, on other digits that no run shows yet.
    let inputs = place.read("both/.inputs");
    place.write("both/.inputs", &inputs.replace("digits ", "digits x"));
    let output = place.trainer(&[&other[..], &["--set", EPOCHS]].concat());
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("their digits or start weights are others"), "{message}");
    let output = place.trainer(&[&other[..], &["--fresh"]].concat());
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("both stays as it is: another process"), "{message}");
    assert!(first.wait_with_output().unwrap().status.success());
    assert!(place.outcome("both") == whole);
}

#[test]
fn only_a_study_is_set_aside() {
    let place = Place::new();
    place.config("small.toml", LINES);
    fs::create_dir(place.path("precious")).unwrap();
    let output = place.trainer(&["run", "small.toml", "--fresh", "--out", "precious"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no study's folder"), "{}", stderr(&output));
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
    let mut child = place.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let kept = place.path("out/runs/l1/seed-0/checkpoint.safetensors");
    wait_until(|| kept.exists());
    signal(&child, "INT");
    // The system makes one signal of two that come before the first is taken.
    thread::sleep(Duration::from_millis(100));
    signal(&child, "INT");
    let asked = Instant::now();
    let status = child.wait().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(status.code(), Some(130));
    let mut message = String::new();
    child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
    assert!(!message.contains("stopped on request"), "{message}");
}

#[test]
fn results_of_a_study_under_way() {
    let place = Place::new();
    place.config("small.toml", LINES);
    let results = ["results", "small.toml", "--out", "out", "--set", EPOCHS];
    let output = place.trainer(&results);
    assert!(stderr(&output).contains("train first"), "{}", stderr(&output));
    let child = start(&place, "out");
    wait_for_checkpoints(&place, "out");
    let output = place.trainer(&results);
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(message.contains("no finished run yet\n  2 of its runs have begun"), "{message}");
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(place.trainer(&results).status.success());
}
