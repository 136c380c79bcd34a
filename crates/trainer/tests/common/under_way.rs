//! A study that takes long enough to be disturbed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::Place;

pub(crate) const VARIANTS: [&str; 2] = ["l1", "batch_norm_dropout"];
/// A study that takes a second or two, and keeps a checkpoint every other epoch.
pub(crate) const LINES: &str = "variants = [\"l1\", \"batch_norm_dropout\"]\nfit.checkpoint_every = 2\n\
                     data.validation_split = 0.1\njobs = 2";
pub(crate) const EPOCHS: &str = "fit.epochs=400";

pub(crate) fn undisturbed(place: &Place) -> BTreeMap<PathBuf, Vec<u8>> {
    place.config("small.toml", LINES);
    place.results("small.toml", "whole", &["--set", EPOCHS]);
    place.outcome("whole")
}

/// Starts the study in the background.
pub(crate) fn start(place: &Place, out: &str) -> Child {
    let arguments = ["run", "small.toml", "--quiet", "--out", out, "--set", EPOCHS];
    place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until both runs have begun and kept something.
pub(crate) fn wait_for_checkpoints(place: &Place, out: &str) {
    let kept = |variant: &&str| {
        place.path(&format!("{out}/runs/{variant}/seed-0/checkpoint.safetensors")).exists()
    };
    wait_until(|| VARIANTS.iter().all(kept));
}

pub(crate) fn wait_until(reached: impl Fn() -> bool) {
    let begun = Instant::now();
    while !reached() {
        // A study that never gets there fails the test instead of hanging it.
        assert!(begun.elapsed() < Duration::from_mins(1), "the study does not get there");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal, by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// Asserts that results.csv, if it is there, ends with a whole row.
pub(crate) fn assert_whole(out: &Path) {
    if let Ok(csv) = fs::read_to_string(out.join("results.csv")) {
        assert!(csv.ends_with('\n'), "{csv}");
        // A row that lacks cells is an error.
        let mut rows = csv::Reader::from_reader(csv.as_bytes());
        assert!(rows.records().all(|row| row.is_ok()), "{csv}");
    }
}
