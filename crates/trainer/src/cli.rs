//! The command line.

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    commands::{
        Error, backend, backends, completions, configs, man, predict, report, results, run, runs,
        settings, show, summary,
    },
    runner,
};

/// Formats the examples in a command's help.
macro_rules! examples {
    ($one:literal, $other:literal) => {
        concat!("Examples:\n  trainer ", $one, "\n  trainer ", $other)
    };
}

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
    #[command(after_help = examples!("run overfit --open", "run mnist --set fit.epochs=5 --set 'seeds=[0,1,2]'"))]
    Run(run::Arguments),
    /// Print the table of a study's finished runs
    #[command(after_help = examples!("results overfit", "results overfit --explain"))]
    Results(results::Arguments),
    /// List a study's runs with their numbers and states
    #[command(after_help = examples!("runs overfit", "runs overfit --json"))]
    Runs(runs::Arguments),
    /// Write report.html and results.csv again from the finished runs
    #[command(after_help = examples!("report overfit --open", "report results/mnist"))]
    Report(report::Arguments),
    /// Print the variants' layers, output shapes, parameters and penalties
    #[command(after_help = examples!("summary", "summary overfit dropout"))]
    Summary(summary::Arguments),
    /// Draw images of the data set with their labels
    #[command(after_help = examples!("show 0", "show 100 --split test --count 20 --png digits.png"))]
    Show(show::Arguments),
    /// Classify PNG or JPEG images with trained variants
    #[command(after_help = examples!("predict overfit digit.png", "predict results/mnist/runs/l2-seed-0-*/model.safetensors digit.png"))]
    Predict(predict::Arguments),
    /// List the settings of a config: key, default, meaning, range
    #[command(after_help = examples!("settings", "settings layer"))]
    Settings(settings::Arguments),
    /// List the configs that can be named
    #[command(after_help = examples!("configs", "run noise"))]
    Configs,
    /// List the backends: the devices each finds, or how to build it
    #[command(after_help = examples!("backends", "run mnist --set backend=ndarray"))]
    Backends,
    /// Print the name of the backend that a study trains on; takes the arguments of `run`
    #[command(after_help = examples!("backend", "backend gpu"))]
    Backend(backend::Arguments),
    /// Print a script that completes commands and options in a shell
    #[command(after_help = examples!("completions bash > ~/.local/share/bash-completion/completions/trainer", "completions fish > ~/.config/fish/completions/trainer.fish"))]
    Completions(completions::Arguments),
    /// Print the manual pages of the program and of its commands
    #[command(after_help = examples!("man > trainer.1", "man | man -l -"))]
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
