//! A row of the table of settings.

use std::{path::Path, sync::Arc};

use toml::Value;

use super::kinds::Kind;
use crate::config::values::Parsed;

/// Whether a setting is an input of runs, and whether it can be swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Input of runs that can be swept.
    Swept,
    /// Input of runs.
    Input,
    /// No input: no result depends on it.
    NoInput,
}

/// Function from a value to its canonical form: 1.0 instead of 1 where the setting is a float.
type Canonical = Box<dyn Fn(&Value) -> Parsed<Value> + Send + Sync>;

/// Row of the table, without the field.
pub(crate) struct Row {
    /// Key in the struct's table, such as `kernel_regularizer.l2`.
    pub(crate) key: String,
    /// Range, such as `a whole number of 1 or more`.
    pub(crate) range: String,
    /// Help in a line.
    pub(crate) help: &'static str,
    /// Default; `None` for not set.
    pub(crate) default: Option<Value>,
    pub(super) role: Role,
    /// Whether it is an input even at its default. An empty optional table sets it to its default.
    pub(super) is_kept: bool,
    /// Whether study.toml omits it at its default, because another optimizer refuses it.
    pub(super) is_quiet: bool,
    pub(super) canonical: Canonical,
}

/// Parser of a value that sets it in a struct. A path is relative to the folder.
type Set<S> = Box<dyn Fn(&mut S, &Value, &Path) -> Parsed<()> + Send + Sync>;
/// Getter of a value; `None` if it is not set.
type Get<S> = Box<dyn Fn(&S) -> Option<Value> + Send + Sync>;

/// Setting in a field of a struct.
pub(crate) struct Setting<S> {
    pub(crate) row: Row,
    pub(super) set: Set<S>,
    pub(super) get: Get<S>,
}

/// Struct of settings.
pub(super) trait Rows: Default + Sized + 'static {
    /// Returns the settings by their keys in the struct's table.
    fn rows() -> Vec<Setting<Self>>;
}

/// Creates the row of a field of `Self`: the field, which names the key, its kind, its help, and its default unless
/// that is the struct's.
macro_rules! row {
    ($key:expr, $($field:ident).+, $kind:expr, $help:literal, $default:expr) => {
        Setting::<Self>::new(
            $key,
            $help,
            $kind,
            &$default,
            |all| &all.$($field).+,
            |all| &mut all.$($field).+,
        )
    };
    ($field:ident, $kind:expr, $help:literal, $default:expr) => {
        row!(stringify!($field), $field, $kind, $help, $default)
    };
    ($field:ident, $kind:expr, $help:literal) => {
        row!($field, $kind, $help, Self::default().$field)
    };
}

/// Returns the rows of a table in a field of `Self`. A question mark stands for an optional table.
macro_rules! rows {
    ($field:ident) => {
        Setting::<Self>::nested(stringify!($field), |all| Some(&all.$field), |all| &mut all.$field)
    };
    ($field:ident?) => {
        Setting::<Self>::nested(
            stringify!($field),
            |all| all.$field.as_ref(),
            |all| all.$field.get_or_insert_default(),
        )
    };
}
pub(super) use {row, rows};

impl<S: 'static> Setting<S> {
    pub(super) fn new<T: 'static>(
        key: &str,
        help: &'static str,
        kind: Kind<T>,
        default: &T,
        field: fn(&S) -> &T,
        field_mut: fn(&mut S) -> &mut T,
    ) -> Self {
        let kind = Arc::new(kind);
        let [parser, formatter] = [Arc::clone(&kind), Arc::clone(&kind)];
        let row = Row {
            key: key.to_owned(),
            range: kind.range.clone(),
            help,
            default: (kind.format)(default),
            role: Role::Swept,
            is_kept: false,
            is_quiet: false,
            canonical: Box::new(move |value| {
                let parsed = (kind.parse)(value, Path::new(""))?;
                Ok((kind.format)(&parsed).unwrap_or_else(|| value.clone()))
            }),
        };
        let set: Set<S> = Box::new(move |all, value, folder| {
            *field_mut(all) = (parser.parse)(value, folder)?;
            Ok(())
        });
        Self { row, set, get: Box::new(move |all| (formatter.format)(field(all))) }
    }

    /// Returns the settings of a table in a field.
    pub(super) fn nested<T: Rows>(
        name: &str,
        field: fn(&S) -> Option<&T>,
        field_mut: fn(&mut S) -> &mut T,
    ) -> Vec<Self> {
        let settings = T::rows().into_iter().map(|Setting { row, set, get }| Self {
            row: Row { key: format!("{name}.{}", row.key), ..row },
            set: Box::new(move |all, value, folder| set(field_mut(all), value, folder)),
            get: Box::new(move |all| get(field(all)?)),
        });
        settings.collect()
    }

    pub(super) fn not_swept(mut self) -> Self {
        self.row.role = Role::Input;
        self
    }

    pub(super) fn no_input(mut self) -> Self {
        self.row.role = Role::NoInput;
        self
    }

    pub(super) fn kept(mut self) -> Self {
        self.row.is_kept = true;
        self
    }

    pub(super) fn quiet(mut self) -> Self {
        self.row.is_quiet = true;
        self
    }

    /// Returns the value as an input of a run; `None` if it has no effect.
    pub(super) fn input(&self, all: &S) -> Option<Value> {
        let Row { role, is_kept, ref default, .. } = self.row;
        let value = (self.get)(all).filter(|_| role != Role::NoInput);
        value.filter(|value| is_kept || default.as_ref() != Some(value))
    }
}

impl Row {
    /// Returns whether the setting can be swept.
    pub(crate) fn can_be_swept(&self) -> bool {
        self.role == Role::Swept
    }
}
