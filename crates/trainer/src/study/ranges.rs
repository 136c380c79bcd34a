//! The ranges of settings, for serde's `deserialize_with`. A value out of its range is refused with the range.

use std::{fmt::Display, path::PathBuf};

use data::Source;
use model::NOTEBOOK_HIDDEN;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use toml::Value;
use training::Pixels;

use super::{Backend, Jobs};
use crate::config::values::{self, Parsed};

/// The most hidden layers.
const MOST_LAYERS: usize = 64;
/// The most units of a hidden layer.
const MOST_UNITS: usize = 65_536;

/// Defines functions for `deserialize_with`, each by a parser of the value.
macro_rules! ranges {
    ($($name:ident -> $kind:ty = $parse:expr;)*) => {$(
        pub(super) fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$kind, D::Error> {
            let value = Value::deserialize(deserializer)?;
            let parse: fn(&Value) -> Parsed<$kind> = $parse;
            parse(&value).map_err(D::Error::custom)
        }
    )*};
}

ranges! {
    backend -> Backend = |value| values::one_of(&Backend::ALL, value);
    boolean -> bool = values::boolean;
    count -> usize = values::count;
    hidden -> Vec<usize> = hidden_units;
    jobs -> Jobs = Jobs::parse;
    names -> Vec<String> = |value| values::list(|value| values::text(value).map(str::to_owned), value);
    not_negative -> f64 = values::not_negative;
    optional_count -> Option<usize> = |value| values::count(value).map(Some);
    path -> Option<PathBuf> = path_of;
    pixels -> Pixels = |value| values::one_of(&Pixels::ALL, value);
    positive -> f64 = values::positive;
    seeds -> Vec<u64> = |value| values::list(values::seed, value);
    share -> f64 = values::share;
    sources -> Vec<Source> =
        |value| values::list(|value| values::one_of(&Source::ALL, value), value);
}

/// Parses the units of the hidden layers, from the input on.
pub(super) fn hidden_units(value: &Value) -> Parsed<Vec<usize>> {
    let expected = || {
        let example = NOTEBOOK_HIDDEN.map(|units| units.to_string()).join(", ");
        values::expected(
            &format!(
                "a list of 1 to {MOST_LAYERS} whole numbers from 1 to {MOST_UNITS}, such as [{example}]"
            ),
            value,
        )
    };
    let units = value.as_array().filter(|units| (1..=MOST_LAYERS).contains(&units.len()));
    let count = |value: &Value| values::count(value).ok().filter(|units| *units <= MOST_UNITS);
    units.and_then(|units| units.iter().map(count).collect()).ok_or_else(expected)
}

fn path_of(value: &Value) -> Parsed<Option<PathBuf>> {
    // An empty path would mean the folder of whatever file it is written in.
    match values::text(value)? {
        "" => Err(values::expected("a path", value)),
        text => Ok(Some(text.into())),
    }
}

/// Serializes by `Display`.
pub(super) fn as_text<S: Serializer>(value: &impl Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// Serializes a list by its elements' `Display`.
pub(super) fn as_texts<S: Serializer>(values: &[impl Display], to: S) -> Result<S::Ok, S::Error> {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().serialize(to)
}
