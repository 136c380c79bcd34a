//! failure.txt: the reason why a run failed.

use std::path::Path;

use super::{Error, files};

const FILE: &str = "failure.txt";

/// Writes the reason to the run's folder.
pub fn write(folder: &Path, reason: &str) -> Result<(), Error> {
    files::write(&folder.join(FILE), format!("{reason}\n").as_bytes())
}

/// Reads the reason; `None` if the run has not failed.
pub fn read(folder: &Path) -> Option<String> {
    let reason = files::read(&folder.join(FILE)).ok()??;
    Some(String::from_utf8_lossy(&reason).trim_end().to_owned())
}

/// Deletes the reason, if there is one.
pub fn remove(folder: &Path) -> Result<(), Error> {
    files::remove(&folder.join(FILE))
}
