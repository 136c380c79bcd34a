//! The beginning of a run's training: its own saved state, that of a run of fewer epochs, or its initial weights.

use std::path::Path;

use training::{Columns, State};

use super::{Error, RunContext, progress::Progress, tensorboard};
use crate::store::{
    self, Claim, FinishedRun, Job, Record,
    checkpoint::{self, Header},
    record::Ending,
};

/// Start of a run's training.
pub(super) enum Start {
    /// A state, with the seconds that its training took.
    State(Box<State>, f64),
    /// No training: the record and files of a run of fewer epochs, as more would change nothing.
    Copy { record: Box<Record>, files: Vec<(String, Vec<u8>)> },
}

impl RunContext {
    /// Restores a run's own state, or that of one of its siblings, each given with its id, or else initialises a new
    /// one. If the run's own state is damaged, the run is moved away.
    pub(super) fn restore<S: Iterator<Item = (String, FinishedRun)>>(
        &self,
        job: &Job<'_>,
        claim: &mut Claim<'_>,
        columns: Columns,
        siblings: impl FnOnce() -> S,
        progress: &Progress,
    ) -> Result<Start, Error> {
        // The state after the last epoch exists if the run was interrupted in its final evaluation.
        for file in [checkpoint::STATE, checkpoint::FILE] {
            match self.read_state(job, &claim.file(file), job.id, columns) {
                Ok(Some(state)) => return Ok(state),
                Ok(None) => {}
                Err(damage) => {
                    claim.set_aside(&damage.to_string(), &|message| progress.warn(message))?;
                    break;
                }
            }
        }
        for (id, sibling) in siblings() {
            // Another process may move a sibling away, so the next one is taken after any error.
            let state = match ended(job, &sibling) {
                Ok(None) => {
                    self.read_state(job, &sibling.folder.join(checkpoint::STATE), &id, columns)
                }
                ended => ended.map_err(Error::from),
            };
            if let Ok(Some(state)) = state {
                if self.saved.study.settings.tensorboard {
                    tensorboard::copy(&sibling.folder, &claim.folder)?;
                }
                return Ok(state);
            }
        }
        let state = State::new(self.network(job.run)?, &job.run.fit_config().optimizer);
        Ok(Start::State(Box::new(state), 0.0))
    }

    /// Reads the saved state of the run of this id; `None` if there is none.
    fn read_state(
        &self,
        job: &Job<'_>,
        path: &Path,
        id: &str,
        columns: Columns,
    ) -> Result<Option<Start>, Error> {
        let Some((header, checkpoint)) = checkpoint::read(path, id)? else { return Ok(None) };
        let Header { steps, fit_seconds, .. } = header;
        let (network, optimizer) = (self.network(job.run)?, job.run.fit_config().optimizer);
        let state = checkpoint.state(network, &optimizer, steps, columns, &self.device)?;
        Ok(Some(Start::State(Box::new(state), fit_seconds)))
    }
}

/// Returns the files of a job's sibling if more epochs would change nothing, because early stopping or a loss that is not
/// finite ended its training.
fn ended(
    job: &Job<'_>,
    FinishedRun { folder, record }: &FinishedRun,
) -> Result<Option<Start>, store::Error> {
    let has_ended = if job.run.variant.settings.early_stopping.is_some() {
        record.ended == Ending::EarlyStopping
    } else {
        let history = record.read_history(folder)?;
        let losses = history.columns.get("loss");
        losses.and_then(|losses| *losses.last()?).is_some_and(|loss| !loss.is_finite())
    };
    if !has_ended {
        return Ok(None);
    }
    let names = record.files.keys();
    let files = names.map(|file| Ok((file.clone(), record.read_file(folder, file)?)));
    let files = files.collect::<Result<_, store::Error>>()?;
    Ok(Some(Start::Copy { record: Box::new(record.clone()), files }))
}
