//! The programs that are timed: each a process of its own.

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

/// A program that runs a study, as often as asked.
pub(crate) struct Contestant<'a> {
    /// Its name, and its version once it has run.
    pub(crate) name: String,
    /// From the start of its processes to their end.
    pub(crate) seconds: Seconds,
    /// The accuracies of the last time.
    pub(crate) accuracy: Accuracy,
    kind: Kind<'a>,
    epochs: usize,
}

enum Kind<'a> {
    Trainer(&'a Trainer),
    /// A script in `peers/`, in so many processes side by side.
    Peer(&'static str, usize),
}

/// A peer's output.
#[derive(Deserialize)]
pub(crate) struct Printed {
    name: String,
    accuracy: Accuracy,
    /// Seconds of fitting, by variant.
    #[serde(default)]
    pub(crate) fit_seconds: BTreeMap<String, f64>,
}

impl<'a> Contestant<'a> {
    /// This program.
    pub(crate) fn trainer(trainer: &'a Trainer, epochs: usize) -> Self {
        Self::new("this program", Kind::Trainer(trainer), epochs)
    }

    /// A script in `peers/`, in the Python environment of its name. Several processes share the variants, each on
    /// one thread; one takes all cores.
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
                for part in printed {
                    self.name = part.name;
                    self.accuracy.extend(part.accuracy);
                }
                if processes > 1 {
                    self.name += &format!(", {processes} processes");
                }
            }
        }
        Ok(())
    }
}

/// Runs a peer's study in so many processes side by side.
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
        let running: Vec<_> = (0..processes).map(run).collect();
        running.into_iter().map(|part| part.join().expect("no part panics")).collect()
    })
}

/// Seconds of an epoch's matrix products alone.
pub(crate) fn floor() -> Result<f64, Error> {
    python("pytorch", "floor.py", &[])
}

/// What a script in `peers/` prints last, run in an environment that `just bench` made.
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

/// This program's binary, beside this one.
pub(crate) struct Trainer {
    path: PathBuf,
}

/// The folder that all take MNIST from.
fn mnist() -> Result<PathBuf, Error> {
    let folder =
        env::var_os("MNIST_DIR").filter(|folder| !folder.is_empty()).ok_or(Error::NoData)?;
    Ok(std::path::absolute(folder)?)
}

/// A study that has run.
pub(crate) struct Study {
    /// From the start of the process to its end.
    pub(crate) seconds: f64,
    /// Its results.csv.
    pub(crate) rows: Vec<Row>,
}

/// The columns used of a row of results.csv.
#[derive(Deserialize)]
pub(crate) struct Row {
    pub(crate) variant: String,
    pub(crate) fit_seconds: f64,
    dataset: String,
    acc_train: f64,
    acc_test: f64,
}

impl Study {
    /// The time that its longest fit took, which with one core a run is that of all side by side.
    pub(crate) fn longest_fit(&self) -> f64 {
        self.rows.iter().map(|row| row.fit_seconds).fold(0.0, f64::max)
    }
}

impl Trainer {
    pub(crate) fn new() -> Result<Self, Error> {
        mnist()?;
        Ok(Self { path: env::current_exe()?.with_file_name("trainer") })
    }

    /// Runs a study of the repository with some settings, in a new folder.
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

/// Waits for a command that must succeed, and gives what it printed.
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
