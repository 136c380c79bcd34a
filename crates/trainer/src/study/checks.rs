//! Checks of a resolved config, and the places of their errors.

use data::Shape;

use super::{
    canonical_entries::canonical_entries,
    conflicts,
    limits::{self, BATCH_SIZE, Refusal},
    resolve::Resolved,
};
use crate::config::{ConfigError, Entries, Origin};

/// Returns an error if a network or a batch is too large, or if two settings contradict each other. The error names the
/// key to change.
pub(super) fn check(resolved: &Resolved, entries: &Entries) -> Result<(), ConfigError> {
    let Resolved { settings, variants } = resolved;
    let has_batch_size = entries.get(BATCH_SIZE).is_some();
    let check = || {
        // The shape of a data set in a folder is known once it is read.
        if settings.data.dir.is_none() {
            limits::check(settings, variants, Shape::MNIST, has_batch_size)?;
        }
        conflicts::check(settings, variants)
    };
    check().map_err(|(key, reason): Refusal| {
        let canonical = match canonical_entries(entries, settings.network.hidden.len()) {
            Ok(canonical) => canonical,
            Err(error) => return error,
        };
        // A default has no entry: its error is that of another key in its table.
        let table = key.rsplit_once('.').map_or("", |(table, _)| table);
        let is_beside =
            |other: &str| other.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'));
        let beside =
            || canonical.iter().find(|(other, _)| is_beside(other)).map(|(_, (_, entry))| entry);
        match (canonical.get(&key), beside()) {
            (Some((written, entry)), _) => entry.error(written, reason),
            (None, Some(entry)) => entry.error(&key, reason),
            (None, None) => ConfigError::Value { origin: Origin::Argument, key, reason },
        }
    })
}
