//! The programs that are timed: this one and its peers, in processes of their own.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use serde::Deserialize;
use tempfile::TempDir;

use crate::{
    error::Error,
    figures::{Accuracy, Seconds},
};

/// A program that is timed on the study.
pub(crate) struct Contestant<'a> {
    /// Name of the program; for a peer that has run, with its version.
    pub(crate) name: String,
    /// Times of its runs, from the start of its processes to their end.
    pub(crate) seconds: Seconds,
    /// Accuracies of the last run.
    pub(crate) accuracy: Accuracy,
    kind: Kind<'a>,
    epochs: usize,
}

enum Kind<'a> {
    Trainer(&'a Trainer),
    /// The name of a peer, and the number of its concurrent processes.
    Peer(&'static str, usize),
}

/// The JSON that a peer's script prints.
#[derive(Deserialize)]
pub(crate) struct Printed {
    name: String,
    accuracy: Accuracy,
    /// Seconds of training, by variant.
    #[serde(default)]
    pub(crate) fit_seconds: BTreeMap<String, f64>,
}

impl<'a> Contestant<'a> {
    /// Creates a contestant that runs this program.
    pub(crate) fn trainer(trainer: &'a Trainer, epochs: usize) -> Self {
        Self::new("this program", Kind::Trainer(trainer), epochs)
    }

    /// Creates a contestant that runs a peer's script in `peers/`, in the Python environment of the peer's name. A
    /// single process uses all cores. Several processes share the variants and have one thread each.
    pub(crate) fn peer(name: &'static str, processes: usize, epochs: usize) -> Self {
        Self::new(name, Kind::Peer(name, processes), epochs)
    }

    fn new(name: &str, kind: Kind<'a>, epochs: usize) -> Self {
        let (seconds, accuracy) = (Seconds::default(), Accuracy::new());
        Self { name: name.to_owned(), seconds, accuracy, kind, epochs }
    }

    /// Runs the study once more.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        match self.kind {
            Kind::Trainer(trainer) => {
                let study = trainer.run("mnist", &[&format!("fit.epochs={}", self.epochs)])?;
                self.seconds.add(study.seconds);
                let accuracy = |row: Row| (row.variant, [row.acc_train, row.acc_test]);
                self.accuracy = study.rows.into_iter().map(accuracy).collect();
            }
            Kind::Peer(peer, processes) => {
                let start = Instant::now();
                let printed = peer_study(peer, "mnist", self.epochs, processes)?;
                self.seconds.add(start.elapsed().as_secs_f64());
                self.accuracy.clear();
                for output in printed {
                    self.name = output.name;
                    self.accuracy.extend(output.accuracy);
                }
                if processes > 1 {
                    self.name += &format!(", {processes} processes");
                }
            }
        }
        Ok(())
    }
}

/// Runs a peer's study in concurrent processes, and returns what each of them printed.
pub(crate) fn peer_study(
    peer: &'static str,
    study: &str,
    epochs: usize,
    processes: usize,
) -> Result<Vec<Printed>, Error> {
    let script = format!("{peer}_study.py");
    let (epochs, parts) = (epochs.to_string(), processes.to_string());
    thread::scope(|scope| {
        let run = |part: usize| {
            let (script, epochs, parts) = (&script, &epochs, &parts);
            scope.spawn(move || python(peer, script, &[study, epochs, &part.to_string(), parts]))
        };
        let threads: Vec<_> = (0..processes).map(run).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("the thread does not panic"))
            .collect()
    })
}

/// Measures the seconds of an epoch's matrix products alone.
pub(crate) fn matrix_products() -> Result<f64, Error> {
    python("pytorch", "matrix_products.py", &[])
}

/// Runs a script in `peers/`, in a Python environment that `just bench` has created, and parses the last line that it
/// prints.
fn python<T: for<'a> Deserialize<'a>>(
    environment: &str,
    script: &str,
    arguments: &[&str],
) -> Result<T, Error> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = bench.join("../../target/peers").join(environment).join("bin/python");
    let script = bench.join("peers").join(script);
    let stdout = finish(&python, Command::new(&python).arg(&script).args(arguments))?;
    let last = stdout.lines().last().unwrap_or("");
    serde_json::from_str(last).map_err(|source| Error::Unreadable { path: script, source })
}

/// This program's binary, in the folder of the benchmark's own binary.
pub(crate) struct Trainer {
    path: PathBuf,
}

/// Returns the folder of MNIST, the same for all contestants.
fn mnist() -> Result<PathBuf, Error> {
    let folder =
        env::var_os("MNIST_DIR").filter(|folder| !folder.is_empty()).ok_or(Error::NoData)?;
    Ok(std::path::absolute(folder)?)
}

/// A finished study.
pub(crate) struct Study {
    /// Seconds from the start of the process to its end.
    pub(crate) seconds: f64,
    /// The rows of its results.csv.
    pub(crate) rows: Vec<Row>,
}

/// A row of results.csv, with the columns that are used.
#[derive(Deserialize)]
pub(crate) struct Row {
    pub(crate) variant: String,
    pub(crate) fit_seconds: f64,
    dataset: String,
    acc_train: f64,
    acc_test: f64,
}

impl Study {
    /// Returns the seconds of the longest fit. With a core for each run, that is the time of all concurrent fits.
    pub(crate) fn longest_fit(&self) -> f64 {
        self.rows.iter().map(|row| row.fit_seconds).fold(0.0, f64::max)
    }
}

impl Trainer {
    pub(crate) fn new() -> Result<Self, Error> {
        mnist()?;
        Ok(Self { path: env::current_exe()?.with_file_name("trainer") })
    }

    /// Runs one of the repository's studies with these settings, in a new folder.
    pub(crate) fn run(&self, config: &str, settings: &[&str]) -> Result<Study, Error> {
        let folder = TempDir::new()?;
        let mut command = Command::new(&self.path);
        command.args(["run", config, "--quiet", "--out"]).arg(folder.path());
        command.args(settings.iter().flat_map(|setting| ["--set", setting]));
        let start = Instant::now();
        finish(&self.path, &mut command)?;
        let seconds = start.elapsed().as_secs_f64();
        let mut results = csv::Reader::from_path(folder.path().join("results.csv"))?;
        let rows: Vec<Row> = results.deserialize().collect::<Result<_, _>>()?;
        match rows.iter().find(|row| row.dataset != "mnist") {
            Some(row) => Err(Error::OtherData(row.dataset.clone())),
            None => Ok(Study { seconds, rows }),
        }
    }
}

/// Runs a command that has to succeed, and returns its stdout.
fn finish(path: &Path, command: &mut Command) -> Result<String, Error> {
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("MNIST_DIR", mnist()?);
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|source| Error::Start { path: path.to_owned(), source })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Failed { path: path.to_owned(), stderr });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
