//! Runs the program in a temporary folder with a small data set.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod any_order;
pub(crate) mod long_study;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use assert_cmd::cargo::cargo_bin;
use data::Source;
use strum::VariantArray;
use tempfile::TempDir;

/// A row of a CSV file, by column name.
pub(crate) type Row = BTreeMap<String, String>;

/// A temporary folder with a small data set in `digits`.
pub(crate) struct TestDir {
    folder: TempDir,
}

impl TestDir {
    /// Creates the folder, with 300 training and 100 test images.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        write_data_set(&folder.path().join("digits"), 300, 100);
        Self { folder }
    }

    /// Returns the folder's path.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a path in the folder. A run's folder is named without the run's id: `out/runs/l2-seed-0`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let Some((out, run)) = name.split_once("/runs/") else { return path };
        let (run, file) = run.split_once('/').unwrap_or((run, ""));
        let runs = self.folder.path().join(out).join("runs");
        let is_run = |folder: &PathBuf| {
            let name = folder.file_name().unwrap().to_str().unwrap();
            name.strip_prefix(run).is_some_and(|id| id.len() == 13 && id.starts_with('-'))
        };
        let found: Vec<PathBuf> = folders(&runs).into_iter().filter(is_run).collect();
        assert!(found.len() <= 1, "several runs: {found:?}");
        let Some(folder) = found.into_iter().next() else { return path };
        if file.is_empty() { folder } else { folder.join(file) }
    }

    /// Returns a [`path`](Self::path) relative to the folder, in which the program runs.
    pub(crate) fn relative(&self, name: &str) -> String {
        let path = self.path(name);
        path.strip_prefix(self.folder.path()).unwrap().to_str().unwrap().to_owned()
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a config that trains on the small data set for two epochs, followed by these lines.
    pub(crate) fn write_config(&self, name: &str, lines: &str) -> PathBuf {
        let digits = "data.dir = \"digits\"\nfit.batch_size = 64\nfit.epochs = 2\n";
        self.write(name, &format!("{digits}{lines}\n"))
    }

    /// Returns a command that runs the program.
    pub(crate) fn trainer(&self, arguments: &[&str]) -> assert_cmd::Command {
        self.command(arguments).into()
    }

    /// Returns a command that runs the program and can be spawned.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(cargo_bin!("trainer"));
        command.args(arguments);
        command
    }

    /// Runs the program and returns its output, whatever the exit code.
    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.trainer(arguments).output().unwrap()
    }

    /// Runs the program, asserts that it succeeds and returns its stdout.
    pub(crate) fn stdout(&self, arguments: &[&str]) -> String {
        let assert = self.trainer(arguments).assert().success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }

    /// Returns a command that runs a line of shell.
    pub(crate) fn shell(&self, line: &str) -> assert_cmd::Command {
        let mut command = self.program("sh");
        command.args(["-c", line]);
        command.into()
    }

    /// Returns a command that runs in the folder and does not find the machine's data sets.
    pub(crate) fn program(&self, name: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(name);
        command.current_dir(self.folder.path());
        for variable in Source::VARIANTS.iter().filter_map(|source| source.variable()) {
            command.env_remove(variable);
        }
        command.env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        command.env("KERAS_HOME", self.folder.path().join("keras"));
        command
    }

    /// Reads a text file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Reads a CSV file.
    pub(crate) fn csv(&self, name: &str) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        reader.deserialize().collect::<Result<_, _>>().unwrap()
    }

    /// Trains a study, asserts that it succeeds and returns the rows of results.csv without `fit_seconds`.
    pub(crate) fn train(&self, config: &str, out: &str, arguments: &[&str]) -> Vec<Row> {
        let mut all = vec!["run", config, "--out", out];
        all.extend(arguments);
        self.trainer(&all).assert().success();
        self.results(out)
    }

    /// Reads results.csv without `fit_seconds`.
    fn results(&self, out: &str) -> Vec<Row> {
        let mut rows = self.csv(&format!("{out}/results.csv"));
        for row in &mut rows {
            row.remove("fit_seconds").unwrap();
        }
        rows
    }

    /// Reads the results and files of a study's runs, by file, without times. Two studies that trained alike have equal ones.
    pub(crate) fn artifacts(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let rows = serde_json::to_vec(&self.results(out)).unwrap();
        let mut artifacts = BTreeMap::from([("results.csv".into(), rows)]);
        let runs = self.path(&format!("{out}/runs"));
        for run in folders(&runs) {
            for name in [
                "inputs.json",
                "model.safetensors",
                "history.csv",
                "metrics.csv",
                "predictions.safetensors",
                "run.json",
            ] {
                let file = run.join(name);
                let mut bytes = fs::read(&file).unwrap();
                if name == "run.json" {
                    let mut record: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                    record.as_object_mut().unwrap().remove("fit_seconds").unwrap();
                    bytes = record.to_string().into_bytes();
                }
                artifacts.insert(file.strip_prefix(&runs).unwrap().to_owned(), bytes);
            }
        }
        artifacts
    }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// Returns the cells of these columns.
pub(crate) fn cells<'a, const N: usize>(row: &'a Row, columns: [&str; N]) -> [&'a str; N] {
    columns.map(|column| row[column].as_str())
}

/// Returns stderr as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Writes the four IDX files of a data set. An image of class c is a bar at rows 4 + 2c and 5 + 2c, with noise.
pub(crate) fn write_data_set(folder: &Path, train: usize, test: usize) {
    fs::create_dir_all(folder).unwrap();
    for (name, len) in [("train", train), ("t10k", test)] {
        let labels: Vec<u8> = (0..len).map(|index| u8::try_from(index * 7 % 10).unwrap()).collect();
        let images = labels.iter().enumerate().flat_map(|(index, &label)| image(index, label));
        let count = u32::try_from(len).unwrap().to_be_bytes();
        let header = [&[0, 0, 8, 3][..], &count, &[0, 0, 0, 28, 0, 0, 0, 28]].concat();
        let images: Vec<u8> = header.into_iter().chain(images).collect();
        fs::write(folder.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
        let labels = [&[0, 0, 8, 1][..], &count, &labels].concat();
        fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
    }
}

fn image(index: usize, label: u8) -> Vec<u8> {
    let bar = 4 + 2 * usize::from(label);
    let pixel = |position: usize| {
        let noise = (index * 31 + position * 17) % 61;
        let ink = if position / 28 / 2 * 2 == bar { 190 } else { 0 };
        u8::try_from(ink + noise).unwrap()
    };
    (0..784).map(pixel).collect()
}
