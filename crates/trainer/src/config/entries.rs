//! The flat form of a config: dotted keys, their values, and where each was written.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use toml::{
    Value,
    de::{DeTable, DeValue},
};

use super::{ConfigError, builtin::BuiltIn};

/// Tables and lists in one another, at most. The longest key has five parts; TOML goes down by thousands,
/// and each of them takes its share of the stack.
const DEEPEST: usize = 16;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file, at a line counted from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// In a config that is part of the program.
    BuiltIn {
        /// The config's name.
        name: String,
        /// The line, counted from 1.
        line: usize,
    },
    /// On the command line.
    Argument,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::BuiltIn { name, line } => write!(formatter, "{name} (built in), line {line}"),
            Self::Argument => write!(formatter, "--set"),
        }
    }
}

impl Origin {
    /// The folder that relative paths written there start from.
    pub fn folder(&self) -> &Path {
        match self {
            Self::File { path, .. } => path.parent().unwrap_or(Path::new("")),
            Self::BuiltIn { .. } | Self::Argument => Path::new(""),
        }
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The value. A table only where it is empty.
    pub value: Value,
    /// Where it was written.
    pub origin: Origin,
    /// The rank of the file or of the arguments that it was written in: of two names of one setting the higher
    /// one wins.
    pub level: usize,
}

impl Entry {
    /// Refuses the value, for a reason.
    pub fn refuse(&self, key: &str, reason: String) -> ConfigError {
        ConfigError::Value { origin: self.origin.clone(), key: key.to_owned(), reason }
    }
}

/// Dotted keys and their values. Tables are folded into the keys: `[fit]` with `epochs = 5` is
/// `fit.epochs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entries(BTreeMap<String, Entry>);

impl Entries {
    /// Reads a file's text.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        Self::parse_lines(text, &|line| Origin::File { path: path.to_owned(), line })
    }

    /// Reads a built-in config.
    pub(super) fn parse_built_in(config: &BuiltIn) -> Result<Self, ConfigError> {
        let origin = |line| Origin::BuiltIn { name: config.name.to_owned(), line };
        Self::parse_lines(config.text, &origin)
    }

    fn parse_lines(text: &str, origin: &dyn Fn(usize) -> Origin) -> Result<Self, ConfigError> {
        let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
        Self::parse_with(text, &|offset| origin(ends.partition_point(|&end| end < offset) + 1))
    }

    /// Reads a `--set` argument: `KEY=VALUE`, the value in TOML or a bare word.
    pub fn parse_argument(argument: &str) -> Result<Self, ConfigError> {
        let refused = || ConfigError::Argument { argument: argument.to_owned() };
        let (key, value) = argument.split_once('=').ok_or_else(refused)?;
        let origin = |_| Origin::Argument;
        match Self::parse_with(&format!("{key} = {value}"), &origin) {
            // So that `--set backend=wgpu` needs no quotes inside quotes.
            Err(ConfigError::Syntax { .. }) => {
                let entries = Self::parse_with(&format!("{key} = ''"), &origin);
                let mut entries = entries.map_err(|_| refused())?;
                for entry in entries.0.values_mut() {
                    entry.value = Value::String(value.trim().to_owned());
                }
                Ok(entries)
            }
            parsed => parsed,
        }
    }

    fn parse_with(text: &str, origin: &dyn Fn(usize) -> Origin) -> Result<Self, ConfigError> {
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            origin: origin(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        let mut entries = Self::default();
        entries.fold("", table.get_ref(), DEEPEST, origin)?;
        Ok(entries)
    }

    fn fold(
        &mut self,
        prefix: &str,
        table: &DeTable<'_>,
        levels: usize,
        origin: &dyn Fn(usize) -> Origin,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            // What is swept is a key itself, with or without quotes around it.
            let bare = prefix.starts_with("sweep.");
            let name_here = name.get_ref();
            let key = if bare {
                format!("{prefix}{name_here}")
            } else {
                format!("{prefix}{}", quoted(name_here))
            };
            let origin_here = origin(name.span().start);
            match value.get_ref() {
                DeValue::Table(table) if !table.is_empty() && levels > 0 => {
                    self.fold(&format!("{key}."), table, levels - 1, origin)?;
                }
                value => {
                    let value = plain(value, levels).map_err(|reason| ConfigError::Value {
                        origin: origin_here.clone(),
                        key: key.clone(),
                        reason,
                    })?;
                    let origin = origin_here;
                    self.0.insert(key, Entry { value, origin, level: 0 });
                }
            }
        }
        Ok(())
    }

    /// Lets another list's values stand over these, a level higher. One value for a key ends its sweep.
    pub fn extend(&mut self, over: Self) {
        let above = self.0.values().map(|entry| entry.level + 1).max().unwrap_or(0);
        let over = over
            .0
            .into_iter()
            .map(|(key, entry)| (key, Entry { level: entry.level.saturating_add(above), ..entry }));
        self.add(Self(over.collect()));
    }

    /// Lets another list's values stand over these at the level that they have.
    pub fn add(&mut self, over: Self) {
        for key in over.0.keys() {
            self.0.remove(&format!("sweep.{key}"));
        }
        self.0.extend(over.0);
    }

    /// Puts every entry so many levels higher.
    pub fn raise(&mut self, levels: usize) {
        for entry in self.0.values_mut() {
            entry.level = entry.level.saturating_add(levels);
        }
    }

    /// What was written for a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.0.get(key)
    }

    /// Writes one key.
    pub fn insert(&mut self, key: &str, entry: Entry) {
        self.0.insert(key.to_owned(), entry);
    }

    /// Takes one key out.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        self.0.remove(key)
    }

    /// All keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A key's part as TOML writes it, so that a dot inside one is not taken for a step.
fn quoted(part: &str) -> String {
    let bare = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if !part.is_empty() && part.chars().all(bare) { part.to_owned() } else { format!("{part:?}") }
}

/// The value without its places in the text, where no more than so many levels are in it.
fn plain(value: &DeValue<'_>, levels: usize) -> Result<Value, String> {
    let below = || levels.checked_sub(1).ok_or("is nested too deeply");
    Ok(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Value::Integer)
            .map_err(|_| format!("{number} is too large a number"))?,
        DeValue::Float(number) => (number.as_str().parse())
            .map(Value::Float)
            .map_err(|_| format!("{number} is not a number"))?,
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        DeValue::Datetime(datetime) => Value::Datetime(*datetime),
        DeValue::Array(array) => {
            let below = below()?;
            let values = array.iter().map(|value| plain(value.get_ref(), below));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let below = below()?;
            let values = (table.iter()).map(|(name, value)| {
                Ok((name.get_ref().to_string(), plain(value.get_ref(), below)?))
            });
            Value::Table(values.collect::<Result<_, String>>()?)
        }
    })
}
