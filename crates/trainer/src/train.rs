//! `trainer run`: from a study to its results.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use burn::tensor::Device;
use model::Network;

use crate::{
    batches::Images,
    digits::{self, Splits},
    error::Error,
    evaluate::evaluate,
    files,
    fit::Fit,
    memory,
    progress::Progress,
    record::Record,
    results, schedule,
    study::{Run, Settings, Study},
    weights::{self, StartWeights},
};

/// Trains every run of a study that has not finished yet, and keeps results.csv up to date.
///
/// # Errors
///
/// When the backend or the digits are not to be had, the folder belongs to another study, or a run
/// fails.
pub fn train(study: &Study, output: &Path, progress: &Progress) -> Result<(), Error> {
    let device = study.backend.open()?;
    let splits = digits::load(&study.data, progress)?;
    let start = study.fit.weights.as_deref().map(StartWeights::read).transpose()?;
    let plan = Plan { study, splits: &splits, device: &device, start: start.as_ref() };
    plan.check_start()?;
    let runs = plan.unfinished(output)?;
    // A folder that cannot be written fails here, before the first epoch.
    files::write(&output.join("study.toml"), study.to_toml().as_bytes())?;
    results::write_csv(study, output)?;
    progress.say(&opening(study, &splits, runs.len()));

    memory::keep_freed();
    let bar = progress.study(runs.len());
    let finished = Mutex::new(0);
    let outcome = schedule::run_all(&runs, study.jobs.resolve(study.backend), |run| {
        plan.train(run, output, progress)?;
        // Held while the file is written, so that an earlier state never follows a later one.
        let mut finished = finished.lock().unwrap_or_else(PoisonError::into_inner);
        results::write_csv(study, output)?;
        *finished += 1;
        bar.advance(*finished, "");
        Ok(())
    });
    bar.finish();
    outcome
}

/// What is about to be trained, in a sentence.
fn opening(study: &Study, splits: &Splits, unfinished: usize) -> String {
    let runs = study.runs().len();
    let before = match runs - unfinished {
        0 => String::new(),
        finished => format!(", {finished} of them finished before"),
    };
    format!(
        "{}: {} ({} training and {} test images, {} pixels), {}, {} on {}{before}",
        study.name,
        splits.name,
        splits.train.len(),
        splits.test.len(),
        study.data.pixels,
        counted(study.fit.epochs, "epoch"),
        counted(runs, "run"),
        study.backend,
    )
}

/// `1 epoch`, `2 epochs`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What all runs of a study share.
struct Plan<'a> {
    study: &'a Study,
    splits: &'a Splits,
    device: &'a Device,
    start: Option<&'a StartWeights>,
}

impl Plan<'_> {
    /// Refuses start weights that do not fit every variant.
    fn check_start(&self) -> Result<(), Error> {
        for variant in &self.study.variants {
            self.start_of(&Run { variant: variant.clone(), seed: 0 })?;
        }
        Ok(())
    }

    /// The network that a run starts from.
    fn start_of(&self, run: &Run) -> Result<Network, Error> {
        let network = run.variant.network.init(run.seed, self.device);
        match self.start {
            Some(start) => start.load(network),
            None => Ok(network),
        }
    }

    /// The runs still to be trained. Refuses a folder whose finished runs were made otherwise.
    fn unfinished(&self, output: &Path) -> Result<Vec<Run>, Error> {
        let finished = Record::read_all(output)?;
        for record in &finished {
            let settings = self.study.settings_beside(&record.variant, &record.settings);
            results::check_same(output, record, &self.with_start(settings), &self.splits.sha256)?;
        }
        let is_finished = |run: &Run| finished.iter().any(|record| record.is_of(run));
        Ok(self.study.runs().into_iter().filter(|run| !is_finished(run)).collect())
    }

    /// Settings with the start weights' checksum among them.
    fn with_start(&self, mut settings: Settings) -> Settings {
        if let Some(start) = self.start {
            settings.insert("fit.weights".to_owned(), start.sha256.clone().into());
        }
        settings
    }

    /// Fits, evaluates, and writes the run's files.
    fn train(&self, run: &Run, output: &Path, progress: &Progress) -> Result<(), Error> {
        let Self { study, splits, device, .. } = self;
        let pixels = study.data.pixels;
        let images = |split| Images { split, pixels };
        let config = &run.variant.network;
        let memory = study.backend.memory();

        let network = self.start_of(run)?;
        let fit = Fit {
            run,
            settings: &study.fit,
            train: images(&splits.train),
            validation: splits.validation.as_ref().map(images),
            device,
            memory,
        };
        let bar = progress.run(run, study.fit.epochs);
        let mut history = Vec::new();
        let start = Instant::now();
        let network = fit.train(network, |epoch| {
            bar.epoch(epoch);
            history.push(*epoch);
        });
        let fit_seconds = start.elapsed().as_secs_f64();
        let train = evaluate(&network, config, images(&splits.train), device, memory);
        let test = evaluate(&network, config, images(&splits.test), device, memory);
        bar.finish();

        let record = Record {
            variant: run.variant.name.clone(),
            seed: run.seed,
            settings: self.with_start(study.run_settings(config)),
            dataset: splits.name.clone(),
            dataset_sha256: splits.sha256.clone(),
            acc_train: train.accuracy,
            acc_test: test.accuracy,
            loss_train: train.loss,
            loss_test: test.loss,
            parameters: config.parameters(),
            epochs: history.len(),
            fit_seconds,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        record.write(&output.join(run.folder()), &weights::to_bytes(&network)?, &history)
    }
}
