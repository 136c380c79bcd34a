//! Callbacks of a fit.

use crate::State;

/// Functions that a fit calls with its state after each step and epoch. An error ends the fit.
pub trait Callback {
    /// The error that ends a fit.
    type Error;

    /// Called after every training step.
    fn on_step_end(&mut self, state: &State) -> Result<(), Self::Error>;

    /// Called after every batch of an evaluation. Within a fit the epoch's steps are done, but the epoch is not in the
    /// history yet; a fit from this state evaluates again.
    fn on_test_batch_end(&mut self, state: &State) -> Result<(), Self::Error>;

    /// Called after every epoch, which is then the last of the history.
    fn on_epoch_end(&mut self, state: &State) -> Result<(), Self::Error>;
}

/// Does nothing.
impl Callback for () {
    type Error = std::convert::Infallible;

    fn on_step_end(&mut self, _: &State) -> Result<(), Self::Error> {
        Ok(())
    }

    fn on_test_batch_end(&mut self, _: &State) -> Result<(), Self::Error> {
        Ok(())
    }

    fn on_epoch_end(&mut self, _: &State) -> Result<(), Self::Error> {
        Ok(())
    }
}
