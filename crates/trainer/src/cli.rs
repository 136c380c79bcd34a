//! The commands and their arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use console::Term;
use trainer::{
    collect, config, device, digits,
    error::Error,
    files, listing, predict,
    progress::{Progress, tell},
    record, report, results, show,
    study::Study,
    summary,
    train::{self, Choice},
};

/// Compares six ways to regularise a small network on MNIST.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train every run of a study that has not finished yet; prints the table
    Run {
        #[command(flatten)]
        config: ConfigArguments,
        #[command(flatten)]
        output: OutputArguments,
        /// Begin anew; what the folder holds is set aside under another name
        #[arg(long)]
        fresh: bool,
        /// Train only these runs, by their numbers in `trainer runs`: 7, 10-19 or 0-3,8
        #[arg(long, value_name = "NUMBERS", conflicts_with = "fresh")]
        only: Option<String>,
        /// Show no progress
        #[arg(long, short)]
        quiet: bool,
    },
    /// Print the table of a study's finished runs
    Results {
        #[command(flatten)]
        config: ConfigArguments,
        #[command(flatten)]
        output: OutputArguments,
        /// Runs and summaries, for programs
        #[arg(long, conflicts_with = "csv")]
        json: bool,
        /// The rows of results.csv
        #[arg(long)]
        csv: bool,
    },
    /// List a study's runs with their numbers and how far they are
    Runs {
        #[command(flatten)]
        config: ConfigArguments,
        #[command(flatten)]
        output: OutputArguments,
        /// For programs
        #[arg(long, conflicts_with = "batches")]
        json: bool,
        /// Instead, the study as one config with every setting in it
        #[arg(long, conflicts_with_all = ["batches", "json"])]
        toml: bool,
        /// Only the unfinished runs' numbers, in at most so many lines for `trainer run --only`
        #[arg(long, value_name = "MOST")]
        batches: Option<usize>,
        /// How long each of those lines should take at least
        #[arg(long, value_name = "MINUTES", default_value_t = 0.0, requires = "batches")]
        batch_minutes: f64,
    },
    /// Bring output folders of one study together that were trained apart
    Collect {
        /// Where to
        out: PathBuf,
        /// Where from
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
    },
    /// Write report.html and results.csv again from what there is
    Report {
        #[command(flatten)]
        config: ConfigArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Print the variants' layers, output shapes, parameters and penalties
    Summary {
        #[command(flatten)]
        config: ConfigArguments,
        /// Only this variant
        variant: Option<String>,
    },
    /// Draw a digit, or several, with their labels
    Show {
        /// Which one, from 0
        index: usize,
        #[command(flatten)]
        config: ConfigArguments,
        /// Where it stands
        #[arg(long, value_enum, default_value_t = Half::Train)]
        split: Half,
        /// How many, from there on
        #[arg(long, default_value_t = 1)]
        count: usize,
        /// Write a PNG, each digit 28 by 28 pixels, instead
        #[arg(long, value_name = "FILE")]
        png: Option<PathBuf>,
    },
    /// Classify PNG or JPEG images with trained variants
    Predict {
        /// One or more model.safetensors, and one or more images
        #[arg(required = true, value_name = "MODEL|IMAGE")]
        files: Vec<PathBuf>,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// List the backends of this build and the devices each sees
    Backends,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// A config: a path, or the name of a file in configs/
    #[arg(default_value = "mnist")]
    config: String,
    /// Set a config key, for example fit.epochs=5
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArguments {
    /// The study's folder instead of results/<config>
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Half {
    Train,
    Test,
}

impl Command {
    /// Does what was asked for; gives what goes to stdout.
    pub(crate) fn execute(self) -> Result<String, Error> {
        match self {
            Self::Run { config, output, fresh, only, quiet } => {
                let (study, folder) = config.study(output)?;
                let only = only.map(|only| listing::chosen(&only, &study)).transpose()?;
                let choice = Choice { fresh, only };
                train::train(&study, &folder, &choice, &Progress::new(quiet))?;
                match choice.only {
                    None => {
                        Ok(results::table(&results::read(&study, &folder)?, study.first_variant()))
                    }
                    Some(_) => Ok(String::new()),
                }
            }
            Self::Results { config, output, json, csv } => {
                let (study, folder) = config.study(output)?;
                let records = results::read(&study, &folder)?;
                if records.is_empty() {
                    let begun = record::run_folders(&folder)?.len();
                    return Err(Error::NoResults { folder, begun });
                }
                let notes = results::unfinished(&study, &records, &folder);
                for note in notes {
                    tell(format!("note: {note}"));
                }
                match (json, csv) {
                    (true, _) => results::json(&records, study.first_variant()),
                    (_, true) => results::csv_text(&records),
                    _ => Ok(results::table(&records, study.first_variant())),
                }
            }
            Self::Collect { out, folders } => {
                let new = collect::collect(&out, &folders)?;
                let (runs, are) = if new == 1 { ("run", "is") } else { ("runs", "are") };
                Ok(format!("{new} new {runs} {are} in {}\n", out.display()))
            }
            Self::Runs { config, output, json, toml, batches, batch_minutes } => {
                let (study, folder) = config.study(output)?;
                match batches {
                    Some(most) => {
                        // Those who train them may have no network, and would fetch the digits all at once.
                        digits::load(&study, &Progress::new(false))?;
                        listing::batches(&study, &folder, most, batch_minutes)
                    }
                    None if toml => Ok(study.to_toml()),
                    None if json => listing::json(&study, &folder),
                    None => listing::text(&study, &folder),
                }
            }
            Self::Report { config, output } => {
                let (study, folder) = config.study(output)?;
                if record::run_folders(&folder)?.is_empty() {
                    return Err(Error::NoResults { folder, begun: 0 });
                }
                let progress = Progress::new(false);
                let splits = digits::load(&study, &progress);
                let splits = splits.inspect_err(|error| {
                    progress.warn(&format!("the report has no digits in it: {error}"));
                });
                report::write(&study, &folder, splits.ok().as_ref())?;
                Ok(format!("{}\n", folder.join(report::FILE).display()))
            }
            Self::Summary { config, variant } => {
                let (study, _) = config.study(OutputArguments { out: None })?;
                summary::text(&study, variant.as_deref())
            }
            Self::Show { index, config, split, count, png } => {
                let (study, _) = config.study(OutputArguments { out: None })?;
                let digits = digits::load(&study, &Progress::new(false))?;
                let split = match split {
                    Half::Train => &digits.of(&study.settings.data).train,
                    Half::Test => &digits.test,
                };
                let Some(file) = png else {
                    return show::text(split, index, count, terminal_width());
                };
                files::write(&file, &show::png(split, index, count)?)?;
                show::labels(split, index, count)
            }
            Self::Predict { files, json } => {
                let predictions = predict::predict(&files)?;
                if json { predict::json(&predictions) } else { Ok(predict::text(&predictions)) }
            }
            Self::Backends => Ok(device::overview()),
        }
    }
}

/// Of the terminal on stdout, or 80.
fn terminal_width() -> usize {
    usize::from(Term::stdout().size().1)
}

impl ConfigArguments {
    /// The study that the arguments name, and its folder.
    fn study(&self, output: OutputArguments) -> Result<(Study, PathBuf), Error> {
        let file = config::find(&self.config)?;
        let study = Study::read(&file.name, &file.read(&self.set)?)?;
        let folder = output.out.unwrap_or_else(|| file.results());
        Ok((study, folder))
    }
}
