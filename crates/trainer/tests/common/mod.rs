//! A small data set and the program itself, for the tests that use it from the outside.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod under_way;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use assert_cmd::{assert::Assert, cargo::cargo_bin};
use tempfile::TempDir;
use trainer::study::Backend;

/// A row of a CSV file, by column name.
pub(crate) type Row = BTreeMap<String, String>;

/// A folder of a test's own, with a small data set in `digits`.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// A new folder with 300 training and 100 test images.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        write_digits(&folder.path().join("digits"), 300, 100);
        Self { folder }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a config for the small data set, with these lines before its tables.
    pub(crate) fn config(&self, name: &str, lines: &str) -> PathBuf {
        let digits = "data.dir = \"digits\"\nfit.batch_size = 64\nfit.epochs = 2\n";
        self.write(name, &format!("{digits}{lines}\n"))
    }

    /// The program with these arguments, as assert_cmd runs it.
    pub(crate) fn trainer(&self, arguments: &[&str]) -> assert_cmd::Command {
        self.command(arguments).into()
    }

    /// The program with these arguments, to be spawned.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.here(cargo_bin!("trainer"));
        command.args(arguments);
        command
    }

    /// Runs the program; returns its output, whatever its exit code.
    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.trainer(arguments).output().unwrap()
    }

    /// Runs the program, which must succeed; returns its stdout.
    pub(crate) fn stdout(&self, arguments: &[&str]) -> String {
        let assert = self.trainer(arguments).assert().success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }

    /// A shell command in the folder.
    pub(crate) fn shell(&self, line: &str) -> assert_cmd::Command {
        let mut command = self.here("sh");
        command.args(["-c", line]);
        command.into()
    }

    /// A command in the folder that does not see the data sets of this machine.
    pub(crate) fn here(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        command.env_remove("MNIST_DIR").env("XDG_CACHE_HOME", self.folder.path().join("cache"));
        command
    }

    /// A file's text.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Reads a CSV file.
    pub(crate) fn csv(&self, name: &str) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        reader.deserialize().collect::<Result<_, _>>().unwrap()
    }

    /// Runs a study that must succeed; returns the rows of results.csv without `fit_seconds`.
    pub(crate) fn results(&self, config: &str, out: &str, arguments: &[&str]) -> Vec<Row> {
        let mut all = vec!["run", config, "--out", out];
        all.extend(arguments);
        self.trainer(&all).assert().success();
        self.rows(out)
    }

    fn rows(&self, out: &str) -> Vec<Row> {
        let mut rows = self.csv(&format!("{out}/results.csv"));
        for row in &mut rows {
            row.remove("fit_seconds").unwrap();
        }
        rows
    }

    /// All that a study's runs left, by file, but for times.
    pub(crate) fn outcome(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let rows = serde_json::to_vec(&self.rows(out)).unwrap();
        let mut outcome = BTreeMap::from([("results.csv".into(), rows)]);
        let runs = self.path(&format!("{out}/runs"));
        for run in folders(&runs).iter().flat_map(|variant| folders(variant)) {
            for name in ["model.safetensors", "history.csv"] {
                let file = run.join(name);
                let bytes = fs::read(&file).unwrap();
                outcome.insert(file.strip_prefix(&runs).unwrap().to_owned(), bytes);
            }
        }
        outcome
    }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// Whether the wgpu backend can be tested here. CI has to be able to; elsewhere a test that is
/// skipped says so.
pub(crate) fn has_wgpu() -> bool {
    if !Backend::Wgpu.devices().is_empty() {
        return true;
    }
    let reason = "wgpu finds no device; Debian's mesa-vulkan-drivers has a software one";
    assert!(std::env::var_os("CI").is_none(), "{reason}");
    // Past the test harness, which would keep a passing test's words to itself.
    let _ = writeln!(std::io::stderr(), "skipped a test of the wgpu backend: {reason}");
    false
}

/// Cells of a row.
pub(crate) fn cells<'a, const N: usize>(row: &'a Row, columns: [&str; N]) -> [&'a str; N] {
    columns.map(|column| row[column].as_str())
}

/// The stderr of a program as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// An assertion on a part of stderr. assert_cmd compares all of it.
pub(crate) trait StderrContains: Sized {
    fn stderr_contains(self, text: &str) -> Self;
}

impl StderrContains for Assert {
    #[track_caller]
    fn stderr_contains(self, text: &str) -> Self {
        assert!(stderr(self.get_output()).contains(text), "stderr lacks `{text}`\n{self}");
        self
    }
}

/// Writes the four IDX files of a data set that can be learnt: a digit is a bar at its own place, in
/// noise.
pub(crate) fn write_digits(folder: &Path, train: usize, test: usize) {
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
    let pixel = |place: usize| {
        let noise = (index * 31 + place * 17) % 61;
        let ink = if place / 28 / 2 * 2 == bar { 190 } else { 0 };
        u8::try_from(ink + noise).unwrap()
    };
    (0..784).map(pixel).collect()
}
