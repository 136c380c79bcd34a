//! Full disks, read-only and moved folders, damaged files: no finished run is lost.
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
    TestDir,
    long_study::{
        CONFIG, EPOCHS, assert_csv_is_complete, spawn_study, uninterrupted, wait_for_checkpoints,
    },
    stderr,
};
use predicates::str::contains;

#[test]
fn a_run_killed_while_its_files_are_replaced_resumes() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    dir.train("small.toml", "out", &["--set", "fit.epochs=50"]);
    // A history shorter than the record says cannot be resumed.
    let history = dir.path("out/runs/l1/seed-0/history.csv");
    let full = fs::read_to_string(&history).unwrap();
    fs::write(&history, full.lines().take(9).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    let longer = ["run", "small.toml", "--out", "out", "--set", EPOCHS];
    let assert = dir.trainer(&longer).assert().code(1);
    assert.stderr(contains("history.csv: not as the run left it"));
    fs::write(&history, full).unwrap();
    // Temporary files, as a kill leaves them.
    let temporary =
        ["out/.writing-abc", "out/runs/l1/seed-0/.writing-abc"].map(|name| dir.path(name));
    for file in &temporary {
        fs::write(file, "half").unwrap();
    }
    dir.trainer(&longer).assert().success();
    assert!(dir.artifacts("out") == expected);
    assert!(temporary.iter().all(|file| !file.exists()));
}

#[test]
fn the_error_names_a_damaged_checkpoint() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let folder = dir.path("out/runs/l1/seed-0");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("checkpoint.safetensors"), [7; 100]).unwrap();
    let assert = dir.trainer(&["run", "small.toml", "--out", "out"]).assert().code(1);
    assert.stderr(contains("checkpoint.safetensors: not a checkpoint"));
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
    for folder in ["", "out", "out/runs", "out/runs/l1", "out/runs/l1/seed-0"] {
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
fn the_error_names_a_damaged_file_of_a_finished_run() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    dir.train("small.toml", "out", &[]);
    let model = dir.path("out/runs/l1/seed-0/model.safetensors");
    let mut bytes = fs::read(&model).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&model, bytes).unwrap();
    let run = ["run", "small.toml", "--out", "out"];
    for error in ["model.safetensors: not as the run left it", "model.safetensors: missing"] {
        dir.trainer(&run).assert().code(1).stderr(contains(error));
        let _ = fs::remove_file(&model);
    }
}

#[test]
fn moving_the_output_folder_during_training_is_an_error() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let child = spawn_study(&dir, "gone");
    wait_for_checkpoints(&dir, "gone");
    fs::rename(dir.path("gone"), dir.path("elsewhere")).unwrap();
    // Another study gets a folder of the same name. The first must not write into it.
    let few = ["--set", "fit.epochs=2"];
    dir.train("small.toml", "gone", &few);
    let page = dir.read("gone/report.html");
    let assert = child.wait_with_output().unwrap().assert().code(1);
    assert.stderr(contains("was moved or deleted meanwhile"));
    assert!(dir.read("gone/report.html") == page);
    dir.train("small.toml", "few", &few);
    assert!(dir.artifacts("gone") == dir.artifacts("few"));
}
