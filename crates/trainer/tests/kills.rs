//! Whatever ends the program, what was done stays done, and what is finished later equals what an
//! undisturbed study gives, bit for bit.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{Place, stderr, write_digits};
use trainer::checkpoint::Checkpoint;

const VARIANTS: [&str; 2] = ["l1", "batch_norm_dropout"];
/// A study that takes a second or two, and keeps a checkpoint every other epoch.
const LINES: &str = "variants = [\"l1\", \"batch_norm_dropout\"]\nfit.checkpoint_every = 2\n\
                     data.validation_split = 0.1\njobs = 2";
const EPOCHS: &str = "fit.epochs=400";

fn undisturbed(place: &Place) -> BTreeMap<PathBuf, Vec<u8>> {
    place.config("small.toml", LINES);
    place.results("small.toml", "whole", &["--set", EPOCHS]);
    place.outcome("whole")
}

/// Starts the study in the background.
fn start(place: &Place, out: &str) -> Child {
    let arguments = ["run", "small.toml", "--quiet", "--out", out, "--set", EPOCHS];
    place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until both runs have begun and kept something.
fn wait_for_checkpoints(place: &Place, out: &str) {
    let kept = |variant: &&str| {
        place.path(&format!("{out}/runs/{variant}/seed-0/checkpoint.safetensors")).exists()
    };
    wait_until(|| VARIANTS.iter().all(kept));
}

fn wait_until(reached: impl Fn() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come to it");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal, by its name.
fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

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

/// results.csv is whole at every moment.
fn assert_whole(out: &Path) {
    if let Ok(csv) = fs::read_to_string(out.join("results.csv")) {
        assert!(csv.ends_with('\n'), "{csv}");
        assert!(csv.lines().all(|line| line.split(',').count() == 13), "{csv}");
    }
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
    let begun = || Checkpoint::read(&folder).ok().flatten().is_some_and(|kept| kept.epochs() > 1);
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
fn a_run_cut_off_while_its_files_are_replaced_goes_on_rightly() {
    let place = Place::new();
    let whole = undisturbed(&place);
    place.results("small.toml", "out", &["--set", "fit.epochs=50"]);
    // Its history shorter than its record says: nothing to go on from.
    let history = place.path("out/runs/l1/seed-0/history.csv");
    let full = fs::read_to_string(&history).unwrap();
    fs::write(&history, full.lines().take(9).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    let longer = ["run", "small.toml", "--out", "out", "--set", EPOCHS];
    let output = place.trainer(&longer);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("history.csv: not as the run left it"), "{}", stderr(&output));
    fs::write(&history, full).unwrap();
    // A kill that leaves temporary files.
    let left = ["out/.writing-abc", "out/runs/l1/seed-0/.writing-abc"].map(|name| place.path(name));
    for file in &left {
        fs::write(file, "half").unwrap();
    }
    assert!(place.trainer(&longer).status.success());
    assert!(place.outcome("out") == whole);
    assert!(left.iter().all(|file| !file.exists()));
}

#[test]
fn a_damaged_checkpoint_is_named() {
    let place = Place::new();
    place.config("small.toml", LINES);
    let folder = place.path("out/runs/l1/seed-0");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("checkpoint.safetensors"), [7; 100]).unwrap();
    let output = place.trainer(&["run", "small.toml", "--out", "out"]);
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(message.contains("checkpoint.safetensors: not a checkpoint"), "{message}");
}

#[test]
fn a_disk_without_room_loses_nothing() {
    let place = Place::new();
    let whole = undisturbed(&place);
    // A file that grows past the limit fails to be written, as on a full disk. The kernel's signal is
    // ignored so that the program hears of it as an error.
    let trainer = env!("CARGO_BIN_EXE_trainer");
    let run = format!(
        "trap '' XFSZ; ulimit -f 64; exec {trainer} run small.toml --out full --set {EPOCHS}"
    );
    let output = place.shell(&run);
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(message.contains("cannot write") && message.contains("make room"), "{message}");
    assert_whole(&place.path("full"));
    assert!(start(&place, "full").wait_with_output().unwrap().status.success());
    assert!(place.outcome("full") == whole);
}

/// Runs the study on a small file system of its own, mounted at `small`, in a namespace of its own;
/// `None` where the system lets nobody mount.
fn on_small_disk(place: &Place, kilobytes: u32, script: &str) -> Option<Output> {
    let _ = fs::create_dir(place.path("small"));
    let mount = format!("mount -t tmpfs -o size={kilobytes}k small small");
    let inside = |script: &str| {
        let script = format!("{mount} && {{ {script}; }}");
        place.here("unshare").args(["--map-root-user", "--mount", "sh", "-c", &script]).output()
    };
    if inside("true").is_ok_and(|output| output.status.success()) {
        return Some(inside(script).unwrap());
    }
    // Past the test harness, which would keep a passing test's words to itself.
    let _ = writeln!(io::stderr(), "skipped a test on a full disk: nobody may mount one here");
    None
}

#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let whole = undisturbed(&place);
    let trainer = env!("CARGO_BIN_EXE_trainer");
    let run = format!("{trainer} run small.toml --out small/out --set {EPOCHS}");
    // Room for one run but not for two; then as much as it takes.
    let script = format!(
        "{run}; echo code $? >&2; cat small/out/results.csv >&2; \
         mount -o remount,size=8m small && {run} && cp -r small/out ."
    );
    let Some(output) = on_small_disk(&place, 700, &script) else { return };
    let message = stderr(&output);
    assert!(message.contains("cannot write") && message.contains("make room"), "{message}");
    assert!(message.contains("No space left") && message.contains("code 1\n"), "{message}");
    assert!(message.contains("variant,acc_train"), "{message}");
    assert!(output.status.success(), "{message}");
    assert!(place.outcome("out") == whole);
}

#[test]
fn a_read_only_folder_is_an_error_before_the_first_epoch() {
    let place = Place::new();
    place.config("small.toml", LINES);
    place.results("small.toml", "out", &[]);
    let before = place.outcome("out");
    let program = place.path("trainer");
    fs::copy(env!("CARGO_BIN_EXE_trainer"), &program).unwrap();
    let read_only = fs::Permissions::from_mode(0o555);
    for folder in ["", "out", "out/runs", "out/runs/l1", "out/runs/l1/seed-0"] {
        fs::set_permissions(place.path(folder), read_only.clone()).unwrap();
    }
    for out in ["out", "new"] {
        let mut command = place.here(&program.to_string_lossy());
        command.args(["run", "small.toml", "--out", out, "--set", "fit.epochs=3"]);
        if fs::metadata(place.path("")).unwrap().uid() == 0 {
            // To root every folder is writable.
            command.uid(65534).gid(65534);
        }
        let output = command.output().unwrap();
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.starts_with("error: cannot write "), "{message}");
        assert!(message.contains("Permission denied"), "{message}");
        assert!(!message.contains("l1 seed 0: "), "{message}");
    }
    assert!(place.outcome("out") == before);
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o755)).unwrap();
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
fn damage_to_a_finished_run_is_named() {
    let place = Place::new();
    place.config("small.toml", LINES);
    place.results("small.toml", "out", &[]);
    let model = place.path("out/runs/l1/seed-0/model.safetensors");
    let mut bytes = fs::read(&model).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&model, bytes).unwrap();
    let run = ["run", "small.toml", "--out", "out"];
    for what in ["model.safetensors: not as the run left it", "model.safetensors: missing"] {
        let output = place.trainer(&run);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(what), "{}", stderr(&output));
        let _ = fs::remove_file(&model);
    }
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

#[test]
fn a_folder_deleted_meanwhile_is_an_error() {
    let place = Place::new();
    place.config("small.toml", LINES);
    let child = start(&place, "gone");
    wait_for_checkpoints(&place, "gone");
    fs::rename(place.path("gone"), place.path("elsewhere")).unwrap();
    // Another study takes its place, and nothing of the first gets into it.
    let few = ["--set", "fit.epochs=2"];
    place.results("small.toml", "gone", &few);
    let page = place.read("gone/report.html");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(place.read("gone/report.html") == page);
    assert!(stderr(&output).contains("was moved or deleted meanwhile"), "{}", stderr(&output));
    place.results("small.toml", "few", &few);
    assert!(place.outcome("gone") == place.outcome("few"));
}
