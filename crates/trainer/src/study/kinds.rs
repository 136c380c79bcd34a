//! Kinds of settings: the range of their values, and the conversion from and to TOML.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

use data::{MAX_SIDE, Size};
use model::NOTEBOOK_HIDDEN;
use strum::VariantArray;
use toml::Value;

use super::Jobs;
use crate::config::values::{self, Parsed};

/// Maximum number of hidden layers.
const MAX_LAYERS: usize = 64;
/// Maximum number of units of a hidden layer.
const MAX_UNITS: usize = 65_536;

/// Maximum number of characters of a text.
const MAX_TEXT: usize = 40;
/// Characters that are invisible, or change the line or its direction.
const INVISIBLE: [char; 15] = [
    '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}',
    '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{feff}',
];

/// Parser of a value. A path is relative to the folder.
type Parse<T> = Box<dyn Fn(&Value, &Path) -> Parsed<T> + Send + Sync>;
/// Formatter of a value; `None` for an optional setting that is not set, which a config cannot express.
type Format<T> = Box<dyn Fn(&T) -> Option<Value> + Send + Sync>;

/// Kind of the values of a setting of type `T`.
pub(super) struct Kind<T> {
    /// Range, such as `a whole number of 1 or more`.
    pub(super) range: String,
    pub(super) parse: Parse<T>,
    pub(super) format: Format<T>,
}

fn kind<T>(
    range: &str,
    parse: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
    format: impl Fn(&T) -> Option<Value> + Send + Sync + 'static,
) -> Kind<T> {
    let range = range.to_owned();
    let expected = range.clone();
    let parse = move |value: &Value, _: &Path| {
        parse(value).ok_or_else(|| values::expected(&expected, value))
    };
    Kind { range, parse: Box::new(parse), format: Box::new(format) }
}

pub(super) fn boolean() -> Kind<bool> {
    kind("true or false", Value::as_bool, |value| Some((*value).into()))
}

pub(super) fn whole<T: TryFrom<i64> + TryInto<i64> + Copy>(least: i64) -> Kind<T> {
    integer(&format!("a whole number of {least} or more"), least)
}

pub(super) fn byte() -> Kind<u8> {
    integer("a whole number from 0 to 255", 0)
}

fn integer<T: TryFrom<i64> + TryInto<i64> + Copy>(range: &str, least: i64) -> Kind<T> {
    kind(
        range,
        move |value| T::try_from(value.as_integer().filter(|number| *number >= least)?).ok(),
        |number| (*number).try_into().ok().map(Value::Integer),
    )
}

pub(super) fn positive() -> Kind<f64> {
    number("a number above 0", |number| number.is_finite() && number > 0.0)
}

pub(super) fn not_negative() -> Kind<f64> {
    number("a number of 0 or more", |number| number.is_finite() && number >= 0.0)
}

pub(super) fn up_to_one() -> Kind<f64> {
    number("a number from 0 to 1", |number| (0.0..=1.0).contains(&number))
}

pub(super) fn fraction() -> Kind<f64> {
    number("a number from 0 to under 1", |number| (0.0..1.0).contains(&number))
}

/// A number whose sign does not matter.
pub(super) fn magnitude() -> Kind<f64> {
    let Kind { range, parse, format } = number("a finite number", f64::is_finite);
    Kind { range, parse: Box::new(move |value, at| parse(value, at).map(f64::abs)), format }
}

fn number(range: &str, is_valid: fn(f64) -> bool) -> Kind<f64> {
    kind(
        range,
        move |value| {
            let integer = value.as_integer().map(|number| number as f64);
            // Adding zero turns -0.0 into 0.0.
            let number = value.as_float().or(integer).map(|number| number + 0.0);
            number.filter(|number| is_valid(*number))
        },
        |number| Some((*number).into()),
    )
}

pub(super) fn word<T: VariantArray + Copy + Display>() -> Kind<T> {
    kind(
        &format!("one of {}", values::listed(T::VARIANTS)),
        |value| T::VARIANTS.iter().copied().find(|word| value.as_str() == Some(&word.to_string())),
        |word| Some(word.to_string().into()),
    )
}

pub(super) fn name() -> Kind<String> {
    kind(
        "a name",
        |value| value.as_str().filter(|name| !name.is_empty()).map(str::to_owned),
        |name| Some(name.as_str().into()),
    )
}

/// A text that fits a column of a table.
pub(super) fn text() -> Kind<String> {
    kind(
        &format!("a text of 1 to {MAX_TEXT} characters in one line"),
        |value| {
            let text = value.as_str()?.trim();
            let is_hidden = |one: char| one.is_control() || INVISIBLE.contains(&one);
            let is_valid =
                (1..=MAX_TEXT).contains(&text.chars().count()) && !text.contains(is_hidden);
            is_valid.then(|| text.to_owned())
        },
        |text| Some(text.as_str().into()),
    )
}

/// A list of `least` elements or more, without duplicates.
pub(super) fn list<T: ToString + 'static>(least: usize, element: Kind<T>) -> Kind<Vec<T>> {
    let Kind { range, parse, format } = element;
    Kind {
        range: format!("a list, each element {range}"),
        parse: Box::new(move |value, folder| {
            values::list(least, |value| parse(value, folder), value)
        }),
        format: Box::new(move |elements| {
            Some(Value::Array(elements.iter().filter_map(&format).collect()))
        }),
    }
}

/// An optional value.
pub(super) fn optional<T: 'static>(kind: Kind<T>) -> Kind<Option<T>> {
    let Kind { range, parse, format } = kind;
    let parse = Box::new(move |value: &Value, folder: &Path| parse(value, folder).map(Some));
    Kind { range, parse, format: Box::new(move |value| format(value.as_ref()?)) }
}

/// An optional path. It is formatted as an absolute one, which does not depend on a config's folder.
pub(super) fn path() -> Kind<Option<PathBuf>> {
    optional(Kind {
        range: "a path".to_owned(),
        parse: Box::new(|value, folder| match value.as_str() {
            // Joined to the folder, an empty path would be the folder.
            None | Some("") => Err(values::expected("a path", value)),
            Some(path) => Ok(folder.join(path)),
        }),
        format: Box::new(|path: &PathBuf| {
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            Some(absolute.to_string_lossy().into_owned().into())
        }),
    })
}

pub(super) fn hidden() -> Kind<Vec<usize>> {
    let Kind { parse, format, .. } = whole::<usize>(1);
    kind(
        &format!(
            "a list of 1 to {MAX_LAYERS} whole numbers from 1 to {MAX_UNITS}, such as {NOTEBOOK_HIDDEN:?}"
        ),
        move |value| {
            let layers = value.as_array().filter(|layers| (1..=MAX_LAYERS).contains(&layers.len()));
            let units = layers?.iter().map(|units| parse(units, Path::new("")).ok());
            units.map(|units| units.filter(|units| *units <= MAX_UNITS)).collect()
        },
        move |units: &Vec<usize>| {
            units.iter().map(&format).collect::<Option<_>>().map(Value::Array)
        },
    )
}

/// An optional size of images.
pub(super) fn size() -> Kind<Option<Size>> {
    let side = |value: &Value| {
        usize::try_from(value.as_integer()?).ok().filter(|side| (1..=MAX_SIDE).contains(side))
    };
    optional(kind(
        &format!("[height, width], each a whole number from 1 to {MAX_SIDE}"),
        move |value| match value.as_array()?.as_slice() {
            [height, width] => Some(Size { height: side(height)?, width: side(width)? }),
            _ => None,
        },
        |size| {
            let sides = [size.height, size.width].map(|side| i64::try_from(side).ok());
            let sides: Option<Vec<i64>> = sides.into_iter().collect();
            sides.map(Value::from)
        },
    ))
}

pub(super) fn jobs() -> Kind<Jobs> {
    let Kind { parse, format, .. } = whole(1);
    kind(
        "\"auto\" or a whole number of 1 or more",
        move |value| match value.as_str() {
            Some("auto") => Some(Jobs::Auto),
            _ => parse(value, Path::new("")).ok().map(Jobs::Count),
        },
        move |jobs| match jobs {
            Jobs::Auto => Some("auto".into()),
            Jobs::Count(count) => format(count),
        },
    )
}
