//! Disks without room, folders that cannot be written or are gone, and damaged files: nothing finished is lost.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod common;

use std::{
    fs,
    io::{self, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
};

use assert_cmd::{
    assert::{Assert, OutputAssertExt},
    cargo::cargo_bin,
};
use common::{
    Place, StderrContains, stderr,
    under_way::{EPOCHS, LINES, assert_whole, start, undisturbed, wait_for_checkpoints},
};

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
    let assert = place.trainer(&longer).assert().code(1);
    assert.stderr_contains("history.csv: not as the run left it");
    fs::write(&history, full).unwrap();
    // A kill that leaves temporary files.
    let left = ["out/.writing-abc", "out/runs/l1/seed-0/.writing-abc"].map(|name| place.path(name));
    for file in &left {
        fs::write(file, "half").unwrap();
    }
    place.trainer(&longer).assert().success();
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
    let assert = place.trainer(&["run", "small.toml", "--out", "out"]).assert().code(1);
    assert.stderr_contains("checkpoint.safetensors: not a checkpoint");
}

#[test]
fn a_disk_without_room_loses_nothing() {
    let place = Place::new();
    let whole = undisturbed(&place);
    // A file that grows past the limit fails to be written, as on a full disk. The kernel's signal is
    // ignored so that the program hears of it as an error.
    let trainer = cargo_bin!("trainer").display();
    let run = format!(
        "trap '' XFSZ; ulimit -f 64; exec {trainer} run small.toml --out full --set {EPOCHS}"
    );
    let assert = place.shell(&run).assert().code(1);
    assert.stderr_contains("cannot write").stderr_contains("make room");
    assert_whole(&place.path("full"));
    start(&place, "full").wait_with_output().unwrap().assert().success();
    assert!(place.outcome("full") == whole);
}

/// Runs the study on a small file system of its own, mounted at `small`, in a namespace of its own;
/// `None` where the system lets nobody mount.
fn on_small_disk(place: &Place, kilobytes: u32, script: &str) -> Option<Assert> {
    let _ = fs::create_dir(place.path("small"));
    let mount = format!("mount -t tmpfs -o size={kilobytes}k small small");
    let inside = |script: &str| {
        let script = format!("{mount} && {{ {script}; }}");
        place.here("unshare").args(["--map-root-user", "--mount", "sh", "-c", &script]).output()
    };
    if inside("true").is_ok_and(|output| output.status.success()) {
        return Some(inside(script).unwrap().assert());
    }
    // Past the test harness, which would keep a passing test's words to itself.
    let _ = writeln!(io::stderr(), "skipped a test on a full disk: nobody may mount one here");
    None
}

#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let whole = undisturbed(&place);
    let trainer = cargo_bin!("trainer").display();
    let run = format!("{trainer} run small.toml --out small/out --set {EPOCHS}");
    // Room for one run but not for two; then as much as it takes.
    let script = format!(
        "{run}; echo code $? >&2; cat small/out/results.csv >&2; \
         mount -o remount,size=8m small && {run} && cp -r small/out ."
    );
    let Some(mut assert) = on_small_disk(&place, 700, &script) else { return };
    assert = assert.success();
    for words in ["cannot write", "make room", "No space left", "code 1\n", "variant,acc_train"] {
        assert = assert.stderr_contains(words);
    }
    assert!(place.outcome("out") == whole);
}

#[test]
fn a_read_only_folder_is_an_error_before_the_first_epoch() {
    let place = Place::new();
    place.config("small.toml", LINES);
    place.results("small.toml", "out", &[]);
    let before = place.outcome("out");
    let program = place.path("trainer");
    fs::copy(cargo_bin!("trainer"), &program).unwrap();
    let read_only = fs::Permissions::from_mode(0o555);
    for folder in ["", "out", "out/runs", "out/runs/l1", "out/runs/l1/seed-0"] {
        fs::set_permissions(place.path(folder), read_only.clone()).unwrap();
    }
    for out in ["out", "new"] {
        let mut command = place.here(&program);
        command.args(["run", "small.toml", "--out", out, "--set", "fit.epochs=3"]);
        if fs::metadata(place.path("")).unwrap().uid() == 0 {
            // To root every folder is writable.
            command.uid(65534).gid(65534);
        }
        let message = stderr(command.assert().code(1).get_output());
        assert!(message.starts_with("error: cannot write "), "{message}");
        assert!(message.contains("Permission denied"), "{message}");
        assert!(!message.contains("l1 seed 0: "), "{message}");
    }
    assert!(place.outcome("out") == before);
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o755)).unwrap();
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
        place.trainer(&run).assert().code(1).stderr_contains(what);
        let _ = fs::remove_file(&model);
    }
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
    let assert = child.wait_with_output().unwrap().assert().code(1);
    assert.stderr_contains("was moved or deleted meanwhile");
    assert!(place.read("gone/report.html") == page);
    place.results("small.toml", "few", &few);
    assert!(place.outcome("gone") == place.outcome("few"));
}
