//! The types and ranges of settings, as functions for serde's `deserialize_with` and `serialize_with`.

use std::{fmt::Display, path::PathBuf};

use data::Source;
use model::NOTEBOOK_HIDDEN;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use toml::Value;
use training::{Monitor, Pixels};

use super::{Backend, Jobs, Rule, Sample};
use crate::config::values::{self, Parsed};

/// Maximum number of hidden layers.
const MAX_LAYERS: usize = 64;
/// Maximum number of units of a hidden layer.
const MAX_UNITS: usize = 65_536;

/// Defines functions for `deserialize_with`: each has a name, a type and a parser.
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
    byte -> u8 = values::byte;
    count -> usize = values::count;
    fraction -> f64 = values::fraction;
    hidden -> Vec<usize> = parse_hidden;
    jobs -> Jobs = Jobs::parse;
    magnitude -> f64 = values::magnitude;
    monitor -> Monitor = |value| values::one_of(&Monitor::ALL, value);
    names -> Vec<String> = parse_names;
    names_or_none -> Vec<String> = |value| match value.as_array().map(Vec::as_slice) {
        Some([]) => Ok(Vec::new()),
        Some(names) if names.iter().any(|name| name.as_str() == Some("")) => {
            Err("has an empty name".to_owned())
        }
        _ => parse_names(value),
    };
    not_negative -> f64 = values::not_negative;
    optional_boolean -> Option<bool> = |value| values::boolean(value).map(Some);
    optional_count -> Option<usize> = |value| values::count(value).map(Some);
    optional_fraction -> Option<f64> = |value| values::fraction(value).map(Some);
    optional_positive -> Option<f64> = |value| values::positive(value).map(Some);
    optional_norm -> Option<f64> =
        |value| values::not_negative(value).map(|norm| Some(norm).filter(|norm| *norm > 0.0));
    path -> Option<PathBuf> = parse_path;
    pixels -> Pixels = |value| values::one_of(&Pixels::ALL, value);
    positive -> f64 = values::positive;
    rule -> Rule = |value| values::one_of(&Rule::ALL, value);
    sample -> Sample = |value| values::one_of(&Sample::ALL, value);
    seeds -> Vec<u64> = |value| values::list(values::whole, value);
    sources -> Vec<Source> =
        |value| values::list(|value| values::one_of(&Source::ALL, value), value);
    up_to_one -> f64 = values::up_to_one;
    whole -> usize = values::whole;
}

/// Parses the numbers of units of the hidden layers.
pub(super) fn parse_hidden(value: &Value) -> Parsed<Vec<usize>> {
    let expected = || {
        let example = NOTEBOOK_HIDDEN.map(|units| units.to_string()).join(", ");
        values::expected(
            &format!(
                "a list of 1 to {MAX_LAYERS} whole numbers from 1 to {MAX_UNITS}, such as [{example}]"
            ),
            value,
        )
    };
    let units = value.as_array().filter(|units| (1..=MAX_LAYERS).contains(&units.len()));
    let count = |value: &Value| values::count(value).ok().filter(|units| *units <= MAX_UNITS);
    units.and_then(|units| units.iter().map(count).collect()).ok_or_else(expected)
}

fn parse_names(value: &Value) -> Parsed<Vec<String>> {
    values::list(|value| values::text(value).map(str::to_owned), value)
}

fn parse_path(value: &Value) -> Parsed<Option<PathBuf>> {
    // Joined to the config's folder, an empty path would be that folder.
    match values::text(value)? {
        "" => Err(values::expected("a path", value)),
        text => Ok(Some(text.into())),
    }
}

/// Serializes a value as its `Display` text.
pub(super) fn as_text<S: Serializer>(value: &impl Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// Serializes a list as the `Display` texts of its elements.
pub(super) fn as_texts<S: Serializer>(values: &[impl Display], to: S) -> Result<S::Ok, S::Error> {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().serialize(to)
}
