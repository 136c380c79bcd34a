//! A study that trains long enough to be interrupted.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::TestDir;

pub(crate) const VARIANTS: [&str; 2] = ["l1", "batch_norm_dropout"];
/// Trains for a second or two and saves a checkpoint every other epoch.
pub(crate) const CONFIG: &str = "variants = [\"l1\", \"batch_norm_dropout\"]\nfit.checkpoint_every = 2\n\
                     data.validation_split = 0.1\njobs = 2";
pub(crate) const EPOCHS: &str = "fit.epochs=400";

/// Two runs with early stopping: one ends after 301 epochs with the weights of the 51st, the other one trains to its end
/// and restores its best weights.
pub(crate) const EARLY_STOPPING: &str = "variants = [\"stopped\", \"best\"]\nfit.checkpoint_every = 2\n\
    data.validation_split = 0.1\njobs = 2\nfit.validate_every = 3\n\
    variant.stopped.hidden2.batch_norm = true\n\
    variant.stopped.early_stopping = { monitor = \"loss\", min_delta = 1e9, start_from_epoch = 50, patience = 250, restore_best_weights = true }\n\
    variant.best.early_stopping = { monitor = \"val_accuracy\", patience = 400, restore_best_weights = true }";

/// Trains the study without interruption and returns its artifacts.
pub(crate) fn uninterrupted(dir: &TestDir) -> BTreeMap<PathBuf, Vec<u8>> {
    uninterrupted_of(dir, CONFIG)
}

/// Trains a study of this config, with 400 epochs, without interruption and returns its artifacts.
pub(crate) fn uninterrupted_of(dir: &TestDir, config: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    dir.write_config("small.toml", config);
    dir.train("small.toml", "whole", &["--set", EPOCHS]);
    dir.artifacts("whole")
}

/// Starts the study in the background.
pub(crate) fn spawn_study(dir: &TestDir, out: &str) -> Child {
    let arguments = ["run", "small.toml", "--quiet", "--out", out, "--set", EPOCHS];
    dir.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until both runs have saved a checkpoint.
pub(crate) fn wait_for_checkpoints(dir: &TestDir, out: &str) {
    let is_saved = |variant: &&str| {
        dir.path(&format!("{out}/runs/{variant}-seed-0/checkpoint.safetensors")).exists()
    };
    wait_until(|| VARIANTS.iter().all(is_saved));
}

/// Waits until a condition holds, for at most a minute.
pub(crate) fn wait_until(reached: impl Fn() -> bool) {
    let begun = Instant::now();
    while !reached() {
        // Generous for a loaded machine. Without a limit a failure would hang the test.
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "the study did not get there in a minute"
        );
        thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal, given by name.
pub(crate) fn send_signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// Asserts that results.csv, if it exists, is complete.
pub(crate) fn assert_csv_is_complete(out: &Path) {
    if let Ok(csv) = fs::read_to_string(out.join("results.csv")) {
        assert!(csv.ends_with('\n'), "{csv}");
        // The reader refuses a row with fewer cells than the header.
        let mut rows = csv::Reader::from_reader(csv.as_bytes());
        assert!(rows.records().all(|row| row.is_ok()), "{csv}");
    }
}
