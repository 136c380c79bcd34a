//! `trainer backends`.

use crate::runner;

/// Returns the backends, a line each, with the devices that they find.
pub(crate) fn execute() -> String {
    runner::device_overview()
}
