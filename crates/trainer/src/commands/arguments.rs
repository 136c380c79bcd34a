//! Arguments that several commands take.

use std::path::PathBuf;

use clap::Args;

use super::Error;
use crate::{
    config,
    store::{Manifest, SavedStudy, StudyFolder},
    study::Study,
};

/// The config of a study.
#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// A config: a path, or a name listed by `trainer configs`
    #[arg(default_value = "mnist")]
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
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// A study that was trained.
#[derive(Debug, Args)]
pub(super) struct StudyArguments {
    /// A study's folder, or the name of a config for its folder results/<config>
    #[arg(default_value = "mnist")]
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
        let folder = StudyFolder::new(self.folder()?);
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
        Err(Error::NoResults { folder, has_begun: false })
    }

    /// Returns the folder. One with a study.json precedes the name of a config.
    fn folder(&self) -> Result<PathBuf, Error> {
        let path = &self.study;
        if Manifest::exists(&StudyFolder::new(path.clone())) {
            return Ok(path.clone());
        }
        match config::find(path) {
            Ok(config) if config.is_named || path.is_file() => Ok(config.results()),
            Err(error) if !path.is_dir() => Err(Error::Argument(format!(
                "{} is neither a study's folder nor a config: {error}",
                path.display()
            ))),
            _ => Ok(path.clone()),
        }
    }
}
