//! The flat form of a config: dotted keys, each with its value and origin.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use toml::{
    Value,
    de::{DeTable, DeValue},
};

use super::{ConfigError, SettingError, builtin::BuiltIn};

/// Maximum nesting depth of tables and lists. TOML sets no limit, and deep recursion would overflow the stack. The
/// longest valid key has five parts.
const MAX_DEPTH: usize = 16;

/// Location at which a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of a file.
    File {
        path: PathBuf,
        /// Line number, counted from 1.
        line: usize,
    },
    /// A line of a built-in config.
    BuiltIn {
        name: String,
        /// Line number, counted from 1.
        line: usize,
    },
    /// A `--set` argument.
    Argument {
        /// The argument: `KEY=VALUE`.
        argument: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::BuiltIn { name, line } => write!(formatter, "{name} (built in), line {line}"),
            // Shells take some characters for themselves, so the argument is shown as it arrived.
            Self::Argument { argument } if argument.contains(['[', ']', '{', '"', '\'', ' ']) => {
                write!(formatter, "--set '{argument}'")
            }
            Self::Argument { .. } => write!(formatter, "--set"),
        }
    }
}

impl Origin {
    /// Returns whether both are lines of one file.
    pub fn is_in_file_of(&self, other: &Self) -> bool {
        matches!((self, other), (Self::File { path, .. }, Self::File { path: other, .. }) if path == other)
    }

    /// Returns the folder to which paths written there are relative.
    pub fn folder(&self) -> &Path {
        match self {
            Self::File { path, .. } => path.parent().unwrap_or(Path::new("")),
            Self::BuiltIn { .. } | Self::Argument { .. } => Path::new(""),
        }
    }
}

/// Value of a key, with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The value. A table is always empty: others are folded into the keys.
    pub value: Value,
    /// Location at which it was written.
    pub origin: Origin,
}

impl Entry {
    /// Creates the error for this value being invalid.
    pub fn error(&self, key: &str, reason: String) -> SettingError {
        SettingError::at(&self.origin, key, reason)
    }
}

/// Entries by dotted key. Tables are folded into the keys: `[fit]` with `epochs = 5` is `fit.epochs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entries(BTreeMap<String, Entry>);

impl Entries {
    /// Parses the text of a file.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        Self::parse_lines(text, &|line| Origin::File { path: path.to_owned(), line })
    }

    pub(super) fn parse_built_in(config: &BuiltIn) -> Result<Self, ConfigError> {
        let BuiltIn { name, text } = *config;
        Self::parse_lines(text, &|line| Origin::BuiltIn { name: name.to_owned(), line })
    }

    /// Parses TOML, given the origin for each line number.
    fn parse_lines(text: &str, origin_at: &dyn Fn(usize) -> Origin) -> Result<Self, ConfigError> {
        let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
        Self::parse_toml(text, &|offset| origin_at(ends.partition_point(|&end| end < offset) + 1))
    }

    /// Parses a `--set` argument, `KEY=VALUE`. A value that is not TOML is taken as a string, or in brackets as a list of
    /// words: shells remove quotes.
    pub fn parse_argument(argument: &str) -> Result<Self, ConfigError> {
        let invalid = || ConfigError::Argument { argument: argument.to_owned() };
        let (key, value) = argument.split_once('=').ok_or_else(invalid)?;
        let origin_at = |_| Origin::Argument { argument: argument.to_owned() };
        match Self::parse_toml(&format!("{key} = {value}"), &origin_at) {
            // Lets `--set backend=wgpu` do without quotes inside quotes.
            Err(ConfigError::Syntax { .. }) => {
                let entries = Self::parse_toml(&format!("{key} = ''"), &origin_at);
                let mut entries = entries.map_err(|_| invalid())?;
                let value = value.trim();
                let list = value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
                for entry in entries.0.values_mut() {
                    entry.value = list.map_or_else(|| value.into(), words);
                }
                Ok(entries)
            }
            parsed => parsed,
        }
    }

    /// Parses TOML, given the origin for each byte offset.
    fn parse_toml(text: &str, origin_at: &dyn Fn(usize) -> Origin) -> Result<Self, ConfigError> {
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            origin: origin_at(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        let mut entries = Self::default();
        entries.fold("", table.get_ref(), MAX_DEPTH, origin_at)?;
        Ok(entries)
    }

    /// Adds the values of a table, with `prefix` before their keys.
    fn fold(
        &mut self,
        prefix: &str,
        table: &DeTable<'_>,
        max_depth: usize,
        origin_at: &dyn Fn(usize) -> Origin,
    ) -> Result<(), ConfigError> {
        // A swept key may be quoted as a whole. Its dots separate parts all the same.
        let is_sweep = prefix.starts_with("sweep.");
        for (name, value) in table {
            let origin = origin_at(name.span().start);
            let name = name.get_ref();
            let part = if is_sweep { name.to_string() } else { quoted(name) };
            let key = format!("{prefix}{part}");
            match value.get_ref() {
                DeValue::Table(table) if !table.is_empty() && max_depth > 0 => {
                    self.fold(&format!("{key}."), table, max_depth - 1, origin_at)?;
                }
                value => {
                    let value = to_value(value, max_depth)
                        .map_err(|reason| SettingError::at(&origin, &key, reason))?;
                    self.0.insert(key, Entry { value, origin });
                }
            }
        }
        Ok(())
    }

    /// Merges entries that override these. The value of a key also removes the key's sweep.
    pub fn extend(&mut self, overrides: Self) {
        for key in overrides.0.keys() {
            self.0.remove(&format!("sweep.{key}"));
        }
        self.0.extend(overrides.0);
    }

    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.0.get(key)
    }

    pub fn insert(&mut self, key: &str, entry: Entry) {
        self.0.insert(key.to_owned(), entry);
    }

    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        self.0.remove(key)
    }

    /// Iterates over all entries, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// Returns whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Parses the elements of a list. What is not TOML is a word.
fn words(list: &str) -> Value {
    let list = list.trim().trim_end_matches(',');
    let words = list.split(',').map(str::trim).map(|word| {
        let table = format!("x = {word}").parse::<toml::Table>();
        table.ok().and_then(|mut table| table.remove("x")).unwrap_or_else(|| word.into())
    });
    Value::Array(words.collect())
}

/// Quotes a part of a key where TOML requires it, so that a dot inside is no separator.
fn quoted(part: &str) -> String {
    let is_bare = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if !part.is_empty() && is_bare { part.to_owned() } else { format!("{part:?}") }
}

/// Converts a parsed value, without its positions in the text. Fails if it is nested deeper than `max_depth`.
fn to_value(value: &DeValue<'_>, max_depth: usize) -> Result<Value, String> {
    let inner_depth = || max_depth.checked_sub(1).ok_or("is nested too deeply");
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
            let depth = inner_depth()?;
            let values = array.iter().map(|value| to_value(value.get_ref(), depth));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let depth = inner_depth()?;
            let values = (table.iter()).map(|(name, value)| {
                Ok((name.get_ref().to_string(), to_value(value.get_ref(), depth)?))
            });
            Value::Table(values.collect::<Result<_, String>>()?)
        }
    })
}
