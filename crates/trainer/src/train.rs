//! `trainer run`: from a study to its results.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use burn::tensor::Device;

use crate::{
    batches::Images,
    digits::{self, Splits},
    error::Error,
    evaluate::evaluate,
    files,
    fit::Fit,
    progress::Progress,
    record::Record,
    results, schedule,
    study::{Run, Study},
    weights,
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
    let runs = unfinished(study, output, &splits)?;
    // A folder that cannot be written fails here, before the first epoch.
    files::write(&output.join("study.toml"), study.to_toml().as_bytes())?;
    results::write_csv(study, output)?;
    progress.say(&opening(study, &splits, runs.len()));

    let bar = progress.study(runs.len());
    let finished = Mutex::new(0);
    let outcome = schedule::run_all(&runs, study.jobs.resolve(study.backend), |run| {
        let work = Work { study, run, splits: &splits, device: &device };
        work.train(output, progress)?;
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

/// The runs still to be trained; refuses a folder whose finished runs were made otherwise.
fn unfinished(study: &Study, output: &Path, splits: &Splits) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    for run in study.runs() {
        match Record::read(output, &run)? {
            Some(record) => {
                let settings = study.run_settings(&run);
                results::check_same(output, &run, &record, &settings, &splits.sha256)?;
            }
            None => runs.push(run),
        }
    }
    Ok(runs)
}

/// What is about to be trained, in a sentence.
fn opening(study: &Study, splits: &Splits, unfinished: usize) -> String {
    let runs = study.runs().len();
    let before = match runs - unfinished {
        0 => String::new(),
        finished => format!(", {finished} of them finished before"),
    };
    format!(
        "{}: {} ({} training and {} test images, {} pixels), {} epochs, {runs} runs on {}{before}",
        study.name,
        splits.name,
        splits.train.len(),
        splits.test.len(),
        study.data.pixels,
        study.fit.epochs,
        study.backend,
    )
}

/// One run and what it needs.
struct Work<'a> {
    study: &'a Study,
    run: &'a Run,
    splits: &'a Splits,
    device: &'a Device,
}

impl Work<'_> {
    /// Fits, evaluates, and writes the run's files.
    fn train(&self, output: &Path, progress: &Progress) -> Result<(), Error> {
        let Self { study, run, splits, device } = self;
        let pixels = study.data.pixels;
        let images = |split| Images { split, pixels };
        let config = &run.variant.network;

        let mut network = config.init(run.seed, device);
        if let Some(path) = &study.fit.weights {
            network = weights::read(path, network)?;
        }
        let fit = Fit {
            run,
            settings: &study.fit,
            train: images(&splits.train),
            validation: splits.validation.as_ref().map(images),
            device,
        };
        let bar = progress.run(run, study.fit.epochs);
        let mut history = Vec::new();
        let start = Instant::now();
        let network = fit.train(network, |epoch| {
            bar.epoch(epoch);
            history.push(*epoch);
        });
        let fit_seconds = start.elapsed().as_secs_f64();
        let train = evaluate(&network, config, images(&splits.train), device);
        let test = evaluate(&network, config, images(&splits.test), device);
        bar.finish();

        let record = Record {
            variant: run.variant.name.clone(),
            seed: run.seed,
            settings: study.run_settings(run),
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
        let folder = output.join(run.folder());
        let weights = weights::to_bytes(&network, &folder)?;
        record.write(&folder, &weights, &history)
    }
}
