//! Arguments that several commands take.

use std::path::PathBuf;

use clap::Args;

use super::Error;
use crate::{config, study::Study};

/// The config of a study.
#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// A config: a path, or a name listed by `trainer configs`
    #[arg(default_value = "mnist")]
    config: String,
    /// Set a config key, for example fit.epochs=5
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// The folder of a study.
#[derive(Debug, Args)]
pub(super) struct OutputArguments {
    /// The study's folder instead of results/<config>
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl ConfigArguments {
    /// Reads the study.
    pub(super) fn study(&self) -> Result<Study, Error> {
        let config = config::find(&self.config)?;
        Ok(Study::read(&config.name, &config.read(&self.set)?)?)
    }

    /// Reads the study, and finds its folder.
    pub(super) fn study_in(&self, output: OutputArguments) -> Result<(Study, PathBuf), Error> {
        let folder = match output.out {
            Some(folder) => folder,
            None => config::find(&self.config)?.results(),
        };
        Ok((self.study()?, folder))
    }
}
