//! Parsers of TOML values, and the wording of their errors.

use std::{collections::HashSet, fmt::Display};

use toml::Value;

/// Result of a parser: the value, or the reason why it is invalid.
pub(crate) type Parsed<T> = Result<T, String>;

/// Parses a string.
pub(crate) fn text(value: &Value) -> Parsed<&str> {
    value.as_str().ok_or_else(|| expected("a string", value))
}

/// Parses a list of `least` elements or more, without duplicates.
pub(crate) fn list<T: ToString>(
    least: usize,
    element: impl Fn(&Value) -> Parsed<T>,
    value: &Value,
) -> Parsed<Vec<T>> {
    let values = value.as_array().ok_or_else(|| expected("a list", value))?;
    if values.len() < least {
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
        .map(|candidate| (strsim::normalized_damerau_levenshtein(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map_or(String::new(), |(_, candidate)| format!("; did you mean `{candidate}`?"))
}
