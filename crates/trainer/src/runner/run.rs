//! Training of one run: restored or started, trained with callbacks, evaluated, finished.

use data::Split;
use training::{Columns, Fit, Images, InputFormat, State, evaluate, evaluate_and_predict, weights};

use super::{
    Error, RunContext,
    callback::RunCallback,
    progress::{StudyProgress, Task},
    restore::Start,
    signals,
    tensorboard::Events,
};
use crate::{
    splits::{TrainingData, WrongLabels},
    store::{
        Claim, FinishedRun, Job, Record, Siblings,
        checkpoint::{self, Header},
        files,
        predictions::{self, calibration},
        record::{self, Ending, Evaluated, FIRST_LAYER, MODEL},
        tables::{self, CHANGED_LABELS, HISTORY, METRICS},
    },
    study::Run,
};

impl RunContext {
    /// Trains a claimed run and writes its files.
    pub(super) fn train_run(
        &self,
        job: &Job<'_>,
        claim: &mut Claim<'_>,
        siblings: &Siblings<'_>,
        study: &StudyProgress<'_>,
    ) -> Result<FinishedRun, Error> {
        let data = self.splits.of(&job.run.data, job.run.seed)?;
        let columns = columns(job.run, &data);
        let record = match self.restore(job, claim, columns, || siblings.of(job), study.progress)? {
            Start::State(state, seconds) => {
                let bar = study.run(job.run, state.history.len());
                let (state, header) = self.fit(job, claim, &data, (*state, seconds), &bar)?;
                drop(bar);
                self.finish(job.run, claim, &data, &state, &header)?
            }
            Start::Copy { record, files } => {
                study.skip(job.run);
                for (file, bytes) in &files {
                    files::write(&claim.file(file), bytes)?;
                }
                record.write(&claim.folder)?;
                *record
            }
        };
        siblings.add(job, claim);
        Ok(FinishedRun { folder: claim.folder.clone(), record })
    }

    /// Trains from a state to the last epoch; `seconds` is the time that its training took. Returns the final state with its
    /// header.
    fn fit(
        &self,
        job: &Job<'_>,
        claim: &Claim<'_>,
        data: &TrainingData,
        (state, seconds): (State, f64),
        bar: &Task,
    ) -> Result<(State, Header), Error> {
        let (run, settings) = (job.run, &self.saved.study.settings);
        let fit = Fit {
            config: &run.fit_config(),
            seed: run.seed,
            train: images(run, &data.train),
            validation: data.validation.as_deref().map(|split| images(run, split)),
            wrong: data.wrong.as_ref().map(|wrong| images(run, &wrong.given)),
            device: &self.device,
        };
        let tensorboard = settings.tensorboard;
        let events =
            tensorboard.then(|| Events::begin(&claim.folder, state.history.len())).transpose()?;
        let every = settings.fit.checkpoint_every;
        let mut callback = RunCallback::new(job.id, claim, every, seconds, bar, events);
        let state = fit.run(state, &mut callback)?;
        let header = callback.header(&state);
        Ok((state, header))
    }

    /// Evaluates the final state, and writes the run's files.
    fn finish(
        &self,
        run: &Run,
        claim: &Claim<'_>,
        data: &TrainingData,
        state: &State,
        header: &Header,
    ) -> Result<Record, Error> {
        // If what follows is interrupted, the run resumes from here.
        checkpoint::write(&claim.file(checkpoint::STATE), header, state)?;
        files::remove(&claim.file(checkpoint::FILE))?;

        let (network, shape) = (state.trained(), self.splits.shape());
        let true_labels = data.wrong.as_ref().map(WrongLabels::true_labels);
        let loss = run.fit_config().loss;
        let evaluate =
            |split| evaluate(network, images(run, split), loss, &self.device, signals::check);
        let train = evaluate(&data.train)?;
        let validation = data.validation.as_deref().map(evaluate).transpose()?;
        let given = data.wrong.as_ref().map(|wrong| evaluate(&wrong.given)).transpose()?;
        let truth = true_labels.as_ref().map(evaluate).transpose()?;
        // The training accuracy, had the wrong labels been the true ones.
        let acc_train_true = given.zip(truth).map(|(given, truth)| {
            train.metrics.accuracy
                + wrong_share(data) * (truth.metrics.accuracy - given.metrics.accuracy)
        });
        let test_images = images(run, &self.splits.test);
        let (test, predictions) =
            evaluate_and_predict(network, test_images, loss, &self.device, signals::check)?;
        let stopping =
            run.variant.settings.early_stopping.map(|settings| settings.after(&state.history));
        let mut evaluations = [Some(train), validation, Some(test)].into_iter().flatten();
        let is_finite = evaluations.all(|images| images.metrics.loss.is_finite())
            && weights::are_finite(network)?;
        let labels = self.splits.test.labels();
        let classes = predictions.as_ref().map(|predictions| predictions.classes.as_slice());
        let input = InputFormat {
            typical: data.typical().cloned(),
            ..self.splits.input_format(run.data.pixels)
        };
        let mut files = vec![
            (MODEL, weights::to_bytes_with_input(network, &input)?),
            (HISTORY, tables::history_csv(&state.history).into_bytes()),
            (FIRST_LAYER, state.first_layer.to_bytes()?),
            (METRICS, tables::metrics_csv(&state.history, columns(run, data)).into_bytes()),
            (predictions::FILE, predictions::to_bytes(labels, classes)?),
        ];
        files.extend(data.wrong.as_ref().map(|wrong| {
            (CHANGED_LABELS, tables::changed_labels_csv(&wrong.changes).into_bytes())
        }));
        let held_out = data.validation.as_ref().map_or(0, |split| split.len());
        let record = Record {
            ended: Ending::of(&state.history, stopping, is_finite),
            epochs: state.history.len(),
            best_epoch: stopping.and_then(|stopping| stopping.best_epoch()),
            parameters: run.variant.network.parameters(shape.pixels(), shape.classes),
            fit_seconds: header.fit_seconds,
            train: Evaluated::new(&train, data.train.len()),
            validation: validation.map(|validation| Evaluated::new(&validation, held_out)),
            test: Evaluated::new(&test, self.splits.test.len()),
            calibration: predictions.map(|predictions| calibration(labels, &predictions)),
            acc_train_true,
            memorised: given.map(|given| given.metrics.accuracy),
            doubts: data.doubts.clone(),
            machine: self.machine.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            files: record::write_files(&claim.folder, &files)?,
        };
        record.write(&claim.folder)?;
        Ok(record)
    }
}

/// Returns the share of the training labels that are wrong.
fn wrong_share(data: &TrainingData) -> f64 {
    let wrong = data.wrong.as_ref().map_or(0, |wrong| wrong.changes.len());
    wrong as f64 / data.train.len() as f64
}

/// Returns the columns of the values that a run records by epoch.
fn columns(run: &Run, data: &TrainingData) -> Columns {
    Columns {
        depth: run.variant.network.hidden.len(),
        is_validated: data.validation.is_some(),
        has_wrong_labels: data.wrong.is_some(),
    }
}

/// Returns the images of a split as a run sees them.
fn images<'a>(run: &Run, split: &'a Split) -> Images<'a> {
    Images { split, pixels: run.data.pixels }
}
