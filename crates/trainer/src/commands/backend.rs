//! `trainer backend`: the backend of a study, for the recipes that build it.

use clap::Args;

use super::{Error, arguments::RunArguments, numbers};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    run: RunArguments,
}

impl Arguments {
    /// Returns the backend's name, in a line.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let study = self.run.config.study()?;
        if let Some(only) = self.run.only {
            numbers::parse(&only, &study).map_err(Error::Argument)?;
        }
        Ok(format!("{}\n", study.settings.backend))
    }
}
