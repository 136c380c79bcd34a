//! The command line.

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    commands::{
        Error, backend, backends, completions, configs, man, predict, report, results, run, runs,
        settings, show, summary,
    },
    runner,
};

/// Compares six ways to regularise a small network on MNIST.
#[derive(Debug, Parser)]
#[command(version = version())]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train every run of a study that is not finished; print the table
    Run(run::Arguments),
    /// Print the table of a study's finished runs
    Results(results::Arguments),
    /// List a study's runs with their numbers and states
    Runs(runs::Arguments),
    /// Write report.html and results.csv again from the finished runs
    Report(report::Arguments),
    /// Print the variants' layers, output shapes, parameters and penalties
    Summary(summary::Arguments),
    /// Draw images of the data set with their labels
    Show(show::Arguments),
    /// Classify PNG or JPEG images with trained variants
    Predict(predict::Arguments),
    /// List the settings of a config: key, default, meaning, range
    Settings(settings::Arguments),
    /// List the configs that can be named
    Configs,
    /// List the backends: the devices each finds, or how to build it
    Backends,
    /// Print the name of the backend that a study trains on; takes the arguments of `run`
    Backend(backend::Arguments),
    /// Print a script that completes commands and options in a shell
    Completions(completions::Arguments),
    /// Print the manual pages of the program and of its commands
    Man,
}

impl Arguments {
    /// Executes the command; returns its output for stdout.
    pub fn execute(self) -> Result<String, Error> {
        match self.command {
            Command::Run(command) => command.execute(),
            Command::Results(command) => command.execute(),
            Command::Runs(command) => command.execute(),
            Command::Report(command) => command.execute(),
            Command::Summary(command) => command.execute(),
            Command::Show(command) => command.execute(),
            Command::Predict(command) => command.execute(),
            Command::Settings(command) => Ok(command.execute()),
            Command::Configs => Ok(configs::execute()),
            Command::Backends => Ok(backends::execute()),
            Command::Backend(command) => command.execute(),
            Command::Completions(command) => Ok(command.execute(Self::command())),
            Command::Man => Ok(man::execute(Self::command())),
        }
    }
}

/// Returns the version, with the backends in this build.
fn version() -> &'static str {
    format!("{} ({})", env!("CARGO_PKG_VERSION"), runner::built_in_backends()).leak()
}
