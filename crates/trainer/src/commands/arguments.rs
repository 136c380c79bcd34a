//! Arguments that several commands take.

use std::{
    env,
    path::{Path, PathBuf},
};

use clap::Args;

use super::Error;
use crate::{
    config,
    runner::tell,
    store::{Manifest, SavedStudy, StudyFolder},
    study::Study,
};

/// The config without an argument.
pub(super) const DEFAULT_CONFIG: &str = "mnist";

/// The config of a study.
#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// A config: a path, or a name listed by `trainer configs`
    #[arg(default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// Set a config key, for example fit.epochs=5
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// The folder of a study that is trained.
#[derive(Debug, Args)]
pub(super) struct OutputArguments {
    /// The study's folder instead of results/<config>
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The arguments of `trainer run`.
#[derive(Debug, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) config: ConfigArguments,
    #[command(flatten)]
    pub(super) output: OutputArguments,
    /// Train only these runs, by their numbers in `trainer runs`: 7, 10-19 or 0-3,8
    #[arg(long, value_name = "NUMBERS")]
    pub(super) only: Option<String>,
    /// Open the report in the browser at the end
    #[arg(long, conflicts_with = "only")]
    pub(super) open: bool,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// A study that was trained.
#[derive(Debug, Args)]
pub(super) struct StudyArguments {
    /// A study's folder, or the name of a config for its folder results/<config>
    #[arg(default_value = DEFAULT_CONFIG)]
    study: PathBuf,
}

impl ConfigArguments {
    /// Reads the study.
    pub(super) fn study(&self) -> Result<Study, Error> {
        let config = config::find(&self.config)?;
        Ok(Study::read(&config.name.to_string_lossy(), &config.read(&self.set)?)?)
    }

    /// Reads the study, and finds its folder.
    pub(super) fn study_in(&self, output: OutputArguments) -> Result<(Study, StudyFolder), Error> {
        let folder = match output.out {
            Some(folder) => folder,
            None => config::find(&self.config)?.results(),
        };
        Ok((self.study()?, StudyFolder::new(folder)))
    }
}

impl StudyArguments {
    /// Reads the study from its folder.
    pub(super) fn read(&self) -> Result<(SavedStudy, StudyFolder), Error> {
        read_study(&self.study)
    }
}

/// Reads a study, given its folder or the name of a config.
pub(super) fn read_study(study: &Path) -> Result<(SavedStudy, StudyFolder), Error> {
    let folder = StudyFolder::new(folder_of(study)?);
    if let Some(saved) = SavedStudy::read(&folder)? {
        return Ok((saved, folder));
    }
    let runs = folder.runs()?;
    let folder = folder.path().to_owned();
    if runs.iter().next().is_some() {
        return Err(Error::NoStudy { folder });
    }
    if folder.exists() {
        return Err(Error::Argument(format!("{} is not a study's folder", folder.display())));
    }
    let untrained = match config::find(study) {
        Ok(_) => study.display().to_string(),
        Err(_) => format!("CONFIG --out {}", folder.display()),
    };
    Err(Error::NoResults { folder, untrained: Some(untrained) })
}

/// Returns the folder of a study. One with a study.json precedes the name of a config.
fn folder_of(study: &Path) -> Result<PathBuf, Error> {
    if Manifest::exists(&StudyFolder::new(study.to_owned())) {
        return Ok(study.to_owned());
    }
    match config::find(study) {
        Ok(config) if config.is_named || study.is_file() => Ok(config.results()),
        Err(error) if !study.is_dir() => Err(Error::Argument(format!(
            "{} is neither a study's folder nor a config: {error}",
            study.display()
        ))),
        _ => Ok(study.to_owned()),
    }
}

/// Returns the shortest argument that names a study's folder to a command.
pub(super) fn argument(folder: &StudyFolder, study: &str) -> String {
    let default = config::find(Path::new(study)).map(|config| config.results());
    let is_default = default.is_ok_and(|default| default == folder.path());
    let argument = if is_default { study.to_owned() } else { short_path(folder.path()) };
    let is_plain = argument.chars().all(|one| one.is_alphanumeric() || "-_./".contains(one));
    if is_plain { argument } else { format!("'{}'", argument.replace('\'', r"'\''")) }
}

/// Formats a path, relative to the current folder if it is inside.
pub(super) fn short_path(path: &Path) -> String {
    let current = env::current_dir().unwrap_or_default();
    path.strip_prefix(current).unwrap_or(path).display().to_string()
}

/// Opens a file with the desktop's program; without a desktop nothing happens.
pub(super) fn open_file(path: &Path) {
    // Without a display, xdg-open starts browsers in the terminal. Of macOS and Windows a desktop is part.
    let displays = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if (cfg!(any(windows, target_os = "macos")) || displays.iter().any(is_set))
        && let Err(error) = open::that_detached(path)
    {
        tell(format!("warning: cannot open {}: {error}", path.display()));
    }
}
