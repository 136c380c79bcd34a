//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    Error, backends, configs, predict, report, results, run, runs, settings, show, summary,
};

/// Compares six ways to regularise a small network on MNIST.
#[derive(Debug, Parser)]
#[command(version)]
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
    /// List the backends of this build and the devices each finds
    Backends,
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
        }
    }
}
