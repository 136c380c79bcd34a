//! Full disks, read-only and moved folders, damaged files: no finished run is lost.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
};

use assert_cmd::{
    assert::{Assert, OutputAssertExt},
    cargo::cargo_bin,
};
use common::{
    TestDir,
    long_study::{
        CONFIG, EPOCHS, assert_csv_is_complete, spawn_study, uninterrupted, wait_for_checkpoints,
    },
    stderr,
};
use predicates::{prelude::PredicateBooleanExt, str::contains};

#[test]
fn temporary_files_of_a_kill_are_removed() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    dir.trainer(&["run", "small.toml", "--out", "out", "--set", EPOCHS, "--only", "1"])
        .assert()
        .success();
    let run = fs::read_dir(dir.path("whole/runs")).unwrap().flatten().map(|run| run.file_name());
    let run = run.into_iter().find(|name| name.to_string_lossy().starts_with("l1")).unwrap();
    let run = dir.path("out").join("runs").join(run);
    fs::create_dir(&run).unwrap();
    let temporary = [dir.path("out/.writing-abc"), run.join(".writing-abc")];
    for file in &temporary {
        fs::write(file, "half").unwrap();
    }
    dir.trainer(&["run", "small.toml", "--out", "out", "--set", EPOCHS]).assert().success();
    assert!(dir.artifacts("out") == expected);
    assert!(temporary.iter().all(|file| !file.exists()));
}

/// Trains again and asserts that `l1` was found damaged, moved away, and trained to the same results.
fn repair(dir: &TestDir, expected: &BTreeMap<PathBuf, Vec<u8>>, reason: &str) {
    let assert = dir.trainer(&["run", "small.toml", "--out", "out"]).assert().success();
    let message = stderr(assert.get_output());
    assert!(message.contains("warning: l1 seed 0 is damaged: "), "{message}");
    assert!(
        message.contains(reason) && message.contains("Moved to out/damaged/l1-seed-0-"),
        "{message}"
    );
    assert!(!message.contains("batch_norm_dropout seed 0 is damaged"), "{message}");
    assert!(dir.artifacts("out") == *expected);
}

#[test]
fn what_a_run_did_not_record_is_absent() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let rows = dir.train("small.toml", "out", &[]);
    let run = dir.path("out/runs/l1-seed-0");
    let text = fs::read_to_string(run.join("run.json")).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    record.as_object_mut().unwrap().remove("calibration").unwrap();
    record["files"].as_object_mut().unwrap().remove("metrics.csv").unwrap();
    fs::write(run.join("run.json"), record.to_string()).unwrap();
    fs::remove_file(run.join("metrics.csv")).unwrap();
    assert_eq!(dir.train("small.toml", "out", &[]), rows);
    assert!(!run.join("metrics.csv").exists());
    dir.trainer(&["report", "out"]).assert().success();
}

#[test]
fn a_damaged_run_is_kept_and_trained_again() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    dir.train("small.toml", "out", &[]);
    let expected = dir.artifacts("out");
    let run = dir.path("out/runs/l1-seed-0");
    let flip = |file: &str| {
        let mut bytes = fs::read(run.join(file)).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(run.join(file), bytes).unwrap();
    };
    for file in ["model.safetensors", "history.csv", "metrics.csv", "predictions.safetensors"] {
        flip(file);
        repair(&dir, &expected, "changed since the run finished");
    }
    fs::remove_file(run.join("model.safetensors")).unwrap();
    repair(&dir, &expected, "model.safetensors: missing");
    fs::write(run.join("run.json"), "{").unwrap();
    let assert = dir.trainer(&["results", "out"]).assert().success();
    assert.stderr(
        contains("run.json: not a record").and(contains("note: 1 of 2 runs have not finished")),
    );
    repair(&dir, &expected, "run.json: not a record");
    fs::remove_file(run.join("run.json")).unwrap();
    fs::create_dir(run.join("run.json")).unwrap();
    repair(&dir, &expected, "cannot read");
    flip("inputs.json");
    repair(&dir, &expected, "inputs.json: not the inputs of this run");
    fs::remove_file(run.join("inputs.json")).unwrap();
    repair(&dir, &expected, "inputs.json: missing");
    let name = run.file_name().unwrap().to_str().unwrap();
    for kept in ["", ".1", ".7"] {
        assert!(dir.path("out/damaged").join(format!("{name}{kept}")).is_dir());
    }

    // The state is used by runs of more epochs only.
    flip("state.safetensors");
    dir.trainer(&["run", "small.toml", "--out", "out"]).assert().stderr(contains("damaged").not());
}

/// The folder of a run holds another one, as after a wrong copy.
#[test]
fn a_run_in_the_folder_of_another_is_no_result() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    dir.train("small.toml", "out", &[]);
    let (l1, other) =
        (dir.path("out/runs/l1-seed-0"), dir.path("out/runs/batch_norm_dropout-seed-0"));
    for entry in fs::read_dir(&other).unwrap().flatten() {
        fs::copy(entry.path(), l1.join(entry.file_name())).unwrap();
    }
    let warning = "inputs.json: not the inputs of this run";
    for command in [
        &["results", "out", "--csv"][..],
        &["report", "out"],
        &["runs", "small.toml", "--out", "out"],
    ] {
        dir.trainer(command).assert().success().stderr(contains(warning));
    }
    assert_eq!(dir.csv("out/results.csv").len(), 1);
    // A process that trains other runs does not take it for finished either.
    dir.trainer(&["run", "small.toml", "--out", "out", "--only", "1"]).assert().success();
    assert_eq!(dir.csv("out/results.csv").len(), 1);
}

#[test]
fn an_intact_copy_replaces_a_damaged_run() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    dir.train("small.toml", "out", &[]);
    let run = dir.path("out/runs/l1-seed-0");
    let name = run.file_name().unwrap().to_str().unwrap();
    let copy = run.with_file_name(name.replace("l1-seed-0", "zz"));
    dir.shell(&format!("cp -r out/runs/{name} {}", copy.display())).assert().success();
    fs::write(run.join("run.json"), "{").unwrap();
    dir.trainer(&["results", "out"]).assert().success().stderr("");
    let assert = dir.trainer(&["run", "small.toml", "--out", "out"]).assert().success();
    assert.stderr(contains("2 runs on flex, 2 of them finished before"));
}

#[test]
fn what_is_no_regular_file_blocks_nothing() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let run = ["run", "small.toml", "--out", "out"];
    dir.train("small.toml", "out", &["--set", "variants=[\"l1\"]"]);
    dir.train("small.toml", "out", &[]);
    let l1 = dir.path("out/runs/l1-seed-0");
    let fifo = |path: &Path| {
        let _ = fs::remove_file(path);
        dir.shell(&format!("mkfifo {}", path.display())).assert().success();
    };
    fifo(&dir.path("out/study.toml"));
    dir.trainer(&["results", "out"]).assert().code(1).stderr(contains("run the study again"));
    dir.trainer(&run).assert().success();
    dir.trainer(&["results", "out"]).assert().success();

    fs::remove_file(l1.join("run.json")).unwrap();
    fifo(&l1.join("failure.txt"));
    dir.trainer(&["results", "out"])
        .assert()
        .success()
        .stderr(contains("1 of 2 runs have not finished"));
    dir.trainer(&run).assert().success();
    fs::remove_dir_all(&l1).unwrap();
    fs::write(&l1, "a file").unwrap();
    dir.trainer(&run).assert().success().stderr(contains("not a folder"));
    fifo(&dir.path("out/.locks/study"));
    dir.trainer(&run).assert().code(1).stderr(contains("not a regular file"));
}

#[test]
fn a_deleted_study_json_is_written_again() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let child = spawn_study(&dir, "out");
    wait_for_checkpoints(&dir, "out");
    fs::remove_file(dir.path("out/study.json")).unwrap();
    child.wait_with_output().unwrap().assert().success();
    dir.trainer(&["results", "out"]).assert().success();
    assert!(dir.path("out/report.html").exists());
}

#[test]
fn a_damaged_checkpoint_is_kept_and_its_run_trained_again() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    dir.train("small.toml", "out", &[]);
    let expected = dir.artifacts("out");
    let run = dir.path("out/runs/l1-seed-0");
    for file in ["run.json", "state.safetensors"] {
        fs::remove_file(run.join(file)).unwrap();
    }
    fs::write(run.join("checkpoint.safetensors"), [7; 100]).unwrap();
    repair(&dir, &expected, "checkpoint.safetensors: ");

    // That of another run is none of this one.
    let other = dir.path("out/runs/batch_norm_dropout-seed-0/state.safetensors");
    fs::remove_file(run.join("run.json")).unwrap();
    fs::copy(other, run.join("state.safetensors")).unwrap();
    repair(&dir, &expected, "it belongs to the run");
}

#[test]
fn a_run_interrupted_in_its_evaluation_resumes_from_its_state() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    dir.train("small.toml", "out", &[]);
    let expected = dir.artifacts("out");
    for file in ["run.json", "model.safetensors"] {
        fs::remove_file(dir.path("out/runs/l1-seed-0").join(file)).unwrap();
    }
    let assert = dir.trainer(&["run", "small.toml", "--out", "out"]).assert().success();
    // No epoch is trained.
    assert!(!stderr(assert.get_output()).contains("l1 seed 0: "));
    assert!(dir.artifacts("out") == expected);
}

#[test]
fn a_failed_write_loses_no_finished_run() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    // Writing past the file size limit fails, as on a full disk. With SIGXFSZ ignored it is an error, not a signal.
    let trainer = cargo_bin!("trainer").display();
    let run = format!(
        "trap '' XFSZ; ulimit -f 64; exec {trainer} run small.toml --out full --set {EPOCHS}"
    );
    let assert = dir.shell(&run).assert().code(1);
    assert.stderr(contains("cannot write")).stderr(contains("free disk space"));
    assert_csv_is_complete(&dir.path("full"));
    spawn_study(&dir, "full").wait_with_output().unwrap().assert().success();
    assert!(dir.artifacts("full") == expected);
}

/// Runs a script in a mount namespace with a tmpfs at `small`. Returns `None` where mounting is not permitted.
fn on_small_disk(dir: &TestDir, kilobytes: u32, script: &str) -> Option<Assert> {
    let _ = fs::create_dir(dir.path("small"));
    let mount = format!("mount -t tmpfs -o size={kilobytes}k small small");
    let inside = |script: &str| {
        let script = format!("{mount} && {{ {script}; }}");
        dir.program("unshare").args(["--map-root-user", "--mount", "sh", "-c", &script]).output()
    };
    if inside("true").is_ok_and(|output| output.status.success()) {
        return Some(inside(script).unwrap().assert());
    }
    // `eprintln!` would be captured by the test harness.
    let _ = writeln!(io::stderr(), "skipped a test on a full disk: mounting is not permitted");
    None
}

#[test]
fn a_full_disk_loses_no_finished_run() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    let trainer = cargo_bin!("trainer").display();
    let run = format!("{trainer} run small.toml --out small/out --set {EPOCHS}");
    // Space for one run but not for two; then enough.
    let script = format!(
        "{run}; echo code $? >&2; cat small/out/results.csv >&2; \
         mount -o remount,size=8m small && {run} && cp -r small/out ."
    );
    let Some(mut assert) = on_small_disk(&dir, 700, &script) else { return };
    assert = assert.success();
    for words in
        ["cannot write", "free disk space", "No space left", "code 1\n", "variant,acc_train"]
    {
        assert = assert.stderr(contains(words));
    }
    assert!(dir.artifacts("out") == expected);
}

#[test]
fn a_read_only_folder_fails_before_the_first_epoch() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    dir.train("small.toml", "out", &[]);
    let before = dir.artifacts("out");
    let program = dir.path("trainer");
    fs::copy(cargo_bin!("trainer"), &program).unwrap();
    let read_only = fs::Permissions::from_mode(0o555);
    for folder in ["", "out", "out/.locks", "out/runs", "out/runs/l1-seed-0"] {
        fs::set_permissions(dir.path(folder), read_only.clone()).unwrap();
    }
    for out in ["out", "new"] {
        let mut command = dir.program(&program);
        command.args(["run", "small.toml", "--out", out, "--set", "fit.epochs=3"]);
        if fs::metadata(dir.path("")).unwrap().uid() == 0 {
            // Root may write to read-only folders.
            command.uid(65534).gid(65534);
        }
        let message = stderr(command.assert().code(1).get_output());
        assert!(message.starts_with("error: cannot write "), "{message}");
        assert!(message.contains("Permission denied"), "{message}");
        assert!(!message.contains("l1 seed 0: "), "{message}");
    }
    assert!(dir.artifacts("out") == before);
    fs::set_permissions(dir.path(""), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn moving_the_output_folder_during_training_is_an_error() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let child = spawn_study(&dir, "gone");
    wait_for_checkpoints(&dir, "gone");
    fs::rename(dir.path("gone"), dir.path("elsewhere")).unwrap();
    // Another study gets a folder of the same name. The first must not write its files.
    let few = ["--set", "fit.epochs=2"];
    dir.train("small.toml", "gone", &few);
    let page = dir.read("gone/report.html");
    child.wait_with_output().unwrap().assert().code(1).stderr(contains("cannot write"));
    assert!(dir.read("gone/report.html") == page);
    dir.train("small.toml", "few", &few);
    assert!(dir.artifacts("gone") == dir.artifacts("few"));
}

#[test]
fn copied_runs_are_not_trained_again() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    dir.trainer(&["run", "small.toml", "--out", "a", "--only", "0"]).assert().success();
    dir.trainer(&["run", "small.toml", "--out", "b", "--only", "1"]).assert().success();
    dir.shell("mkdir c && cp -r a/runs c && cp -r b/runs c").assert().success();
    let assert = dir.trainer(&["run", "small.toml", "--out", "c"]).assert().success();
    assert.stderr(contains("2 runs on flex, 2 of them finished before"));
    dir.train("small.toml", "whole", &[]);
    assert!(dir.artifacts("c") == dir.artifacts("whole"));
}
