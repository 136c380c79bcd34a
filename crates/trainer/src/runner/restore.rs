//! The beginning of a run's training: its own saved state, that of a run of fewer epochs, or its initial weights.

use std::path::Path;

use training::State;

use super::{Error, RunContext, progress::Progress, tensorboard};
use crate::store::{
    Claim, FinishedRun, Job,
    checkpoint::{self, Header},
    record::Ending,
};

/// Beginning of a run's training.
pub(super) enum Beginning {
    /// A state, with the seconds that its training took.
    State(Box<State>, f64),
    /// No training: the run ends as this one of fewer epochs did.
    Ended(Box<FinishedRun>),
}

impl RunContext {
    /// Restores a run's own state, or that of one of its siblings, each given with its id, or else initialises a new
    /// one. If the run's own state is damaged, the run is moved away.
    pub(super) fn restore(
        &self,
        job: &Job<'_>,
        claim: &mut Claim<'_>,
        siblings: impl Iterator<Item = (String, FinishedRun)>,
        progress: &Progress,
    ) -> Result<Beginning, Error> {
        // The state after the last epoch exists if the run was interrupted in its final evaluation.
        for file in [checkpoint::STATE, checkpoint::FILE] {
            match self.read_state(job, &claim.file(file), job.id) {
                Ok(Some(state)) => return Ok(state),
                Ok(None) => {}
                Err(damage) => {
                    claim.set_aside(&damage.to_string(), &|message| progress.warn(message))?;
                    break;
                }
            }
        }
        for (id, sibling) in siblings {
            if sibling.record.ended != Ending::Epochs {
                return Ok(Beginning::Ended(Box::new(sibling)));
            }
            let state = self.read_state(job, &sibling.folder.join(checkpoint::STATE), &id);
            if let Ok(Some(state)) = state {
                tensorboard::copy(&sibling.folder, &claim.folder)?;
                return Ok(state);
            }
        }
        Ok(Beginning::State(Box::new(State::new(self.network(job.run)?)), 0.0))
    }

    /// Reads the saved state of the run of this id; `None` if there is none.
    fn read_state(&self, job: &Job<'_>, path: &Path, id: &str) -> Result<Option<Beginning>, Error> {
        let Some((header, checkpoint)) = checkpoint::read(path, id)? else { return Ok(None) };
        let Header { steps, fit_seconds, .. } = header;
        let state = checkpoint.state(self.network(job.run)?, steps, &self.device)?;
        Ok(Some(Beginning::State(Box::new(state), fit_seconds)))
    }
}
