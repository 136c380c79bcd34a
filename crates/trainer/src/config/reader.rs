//! Reading keys one after the other; what is left over was not known.

use std::{cell::RefCell, collections::BTreeSet};

use toml::Value;

use super::{
    ConfigError, Entries, Entry,
    values::{self, Parsed},
};

/// Hands out the values of known keys and remembers which were known.
pub(crate) struct Reader<'a> {
    entries: &'a Entries,
    known: RefCell<BTreeSet<String>>,
}

impl<'a> Reader<'a> {
    /// A reader that knows no key yet.
    pub(crate) fn new(entries: &'a Entries) -> Self {
        let known = RefCell::default();
        Self { entries, known }
    }

    /// Reads a key; `None` where it was not written.
    pub(crate) fn read<T>(
        &self,
        key: &str,
        parse: impl Fn(&'a Value) -> Parsed<T>,
    ) -> Result<Option<T>, ConfigError> {
        self.read_entry(key, |entry| parse(&entry.value))
    }

    /// Reads a key whose meaning depends on where it was written, as a path's does.
    pub(crate) fn read_entry<T>(
        &self,
        key: &str,
        parse: impl Fn(&'a Entry) -> Parsed<T>,
    ) -> Result<Option<T>, ConfigError> {
        self.known.borrow_mut().insert(key.to_owned());
        let Some(entry) = self.entries.get(key) else {
            return Ok(None);
        };
        parse(entry).map(Some).map_err(|reason| ConfigError::Value {
            origin: entry.origin.clone(),
            key: key.to_owned(),
            reason,
        })
    }

    /// Reads one setting that has several names: of those at the highest level there may be one.
    pub(crate) fn read_named<T>(
        &self,
        names: &[String],
        parse: impl Fn(&'a Value) -> Parsed<T>,
    ) -> Result<Option<T>, ConfigError> {
        let mut latest: Option<(&Entry, &String, T)> = None;
        for name in names {
            let Some(value) = self.read(name, &parse)? else { continue };
            let Some(entry) = self.entries.get(name) else { continue };
            match &latest {
                Some((other, key, _)) if other.level == entry.level => {
                    return Err(ConfigError::Value {
                        origin: entry.origin.clone(),
                        key: name.clone(),
                        reason: format!(
                            "is the same setting as `{key}`, written at {}: keep one of the two",
                            other.origin
                        ),
                    });
                }
                Some((other, ..)) if other.level > entry.level => {}
                _ => latest = Some((entry, name, value)),
            }
        }
        Ok(latest.map(|(.., value)| value))
    }

    /// Refuses the first key that nothing has read.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        let known = self.known.into_inner();
        for (key, Entry { value, origin, .. }) in self.entries.iter() {
            let table = format!("{key}.");
            let below = known.range(table.clone()..).next().filter(|next| next.starts_with(&table));
            match below {
                _ if known.contains(key) => {}
                // A table whose lines are all commented out.
                Some(_) if value.is_table() => {}
                Some(below) => {
                    return Err(ConfigError::Value {
                        origin: origin.clone(),
                        key: key.to_owned(),
                        reason: format!("is a table, not {value}: write for example `{below} = …`"),
                    });
                }
                None => {
                    return Err(ConfigError::UnknownKey {
                        origin: origin.clone(),
                        key: key.to_owned(),
                        hint: values::did_you_mean(key, known.iter().map(String::as_str)),
                    });
                }
            }
        }
        Ok(())
    }
}
