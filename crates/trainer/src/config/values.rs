//! Parsers of TOML values, and the wording of their errors.

use std::{collections::HashSet, fmt::Display};

use toml::Value;

/// Result of a parser: the value, or the reason why it is invalid.
pub(crate) type Parsed<T> = Result<T, String>;

/// Parses a string.
pub(crate) fn text(value: &Value) -> Parsed<&str> {
    value.as_str().ok_or_else(|| expected("a string", value))
}

/// Parses a boolean.
pub(crate) fn boolean(value: &Value) -> Parsed<bool> {
    value.as_bool().ok_or_else(|| expected("true or false", value))
}

/// Parses a whole number of 0 or more.
pub(crate) fn whole<T: TryFrom<i64>>(value: &Value) -> Parsed<T> {
    let number = value.as_integer().filter(|number| *number >= 0);
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| expected("a whole number of 0 or more", value))
}

/// Parses a whole number of 1 or more.
pub(crate) fn count(value: &Value) -> Parsed<usize> {
    let number = whole(value).ok().filter(|number| *number > 0);
    number.ok_or_else(|| expected("a whole number of 1 or more", value))
}

/// Parses a finite number and returns its magnitude.
pub(crate) fn magnitude(value: &Value) -> Parsed<f64> {
    (number(value).filter(|number| number.is_finite()))
        .map(f64::abs)
        .ok_or_else(|| expected("a finite number", value))
}

/// Parses a finite number above 0.
pub(crate) fn positive(value: &Value) -> Parsed<f64> {
    (number(value).filter(|number| number.is_finite() && *number > 0.0))
        .ok_or_else(|| expected("a number above 0", value))
}

/// Parses a finite number of 0 or more.
pub(crate) fn not_negative(value: &Value) -> Parsed<f64> {
    (number(value).filter(|number| number.is_finite() && *number >= 0.0))
        .ok_or_else(|| expected("a number of 0 or more", value))
}

/// Parses a whole number from 0 to 255.
pub(crate) fn byte(value: &Value) -> Parsed<u8> {
    whole(value).map_err(|_| expected("a whole number from 0 to 255", value))
}

/// Parses a number from 0 to 1.
pub(crate) fn up_to_one(value: &Value) -> Parsed<f64> {
    (number(value).filter(|number| (0.0..=1.0).contains(number)))
        .ok_or_else(|| expected("a number from 0 to 1", value))
}

/// Parses a fraction: at least 0 and less than 1.
pub(crate) fn fraction(value: &Value) -> Parsed<f64> {
    (number(value).filter(|number| (0.0..1.0).contains(number)))
        .ok_or_else(|| expected("a number from 0 to under 1", value))
}

fn number(value: &Value) -> Option<f64> {
    let integer = value.as_integer().map(|number| number as f64);
    // Adding zero turns -0.0 into 0.0.
    value.as_float().or(integer).map(|number| number + 0.0)
}

/// Parses a string that is one of `choices`.
pub(crate) fn one_of<T: Copy + Display>(choices: &[T], value: &Value) -> Parsed<T> {
    let word = value.as_str().unwrap_or_default();
    (choices.iter().copied())
        .find(|choice| choice.to_string() == word)
        .ok_or_else(|| expected(&format!("one of {}", listed(choices)), value))
}

/// Parses a list that has at least one element and no duplicates.
pub(crate) fn list<T: ToString>(
    element: impl Fn(&Value) -> Parsed<T>,
    value: &Value,
) -> Parsed<Vec<T>> {
    let values = value.as_array().ok_or_else(|| expected("a list", value))?;
    if values.is_empty() {
        return Err("needs at least one element".to_owned());
    }
    let (mut elements, mut texts) = (Vec::new(), HashSet::new());
    for value in values {
        let element = element(value)?;
        if !texts.insert(element.to_string()) {
            return Err(format!("has {value} twice"));
        }
        elements.push(element);
    }
    Ok(elements)
}

/// Formats `must be EXPECTED, not FOUND`.
pub(crate) fn expected(expected: &str, found: &Value) -> String {
    format!("must be {expected}, not {found}")
}

/// Formats a list as `a, b and c`, each element in backquotes.
pub(crate) fn listed<T: Display>(choices: &[T]) -> String {
    let quoted: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    match quoted.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Formats the error for an unknown name of a `kind`, such as a config: suggests a similar name and lists all.
pub(crate) fn unknown(kind: &str, name: &str, known: &[impl AsRef<str> + Display]) -> String {
    let hint = did_you_mean(name, known.iter().map(AsRef::as_ref));
    let hint = if hint.is_empty() { "." } else { &hint };
    format!("there is no {kind} `{name}`{hint} There are {}", listed(known))
}

/// Formats a suggestion of the known word most similar to `word`; empty if none is similar.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map_or(String::new(), |(_, candidate)| format!("; did you mean `{candidate}`?"))
}
