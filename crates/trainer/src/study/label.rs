//! Sweep points and values in short.

use std::collections::BTreeSet;

use toml::Value;

use super::KeyValues;

/// Formats a sweep point with short keys: `l2=0.01,learning_rate=0.1`.
pub fn label(point: &KeyValues) -> String {
    let keys: BTreeSet<&str> = point.keys().map(String::as_str).collect();
    let parts = keys.iter().map(|key| format!("{}={}", short(key, &keys), label_text(point, key)));
    parts.collect::<Vec<_>>().join(",")
}

/// Formats a value for a folder's name. A list becomes `50x250`.
fn label_text(point: &KeyValues, key: &str) -> String {
    let Some(values) = point.get(key).and_then(Value::as_array) else {
        return setting_text(point, key);
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.iter().map(text).collect::<Vec<_>>().join("x")
}

/// Returns the shortest end of a key, in whole parts, that is not the end of another of these keys.
pub fn short<'a>(key: &'a str, keys: &BTreeSet<&str>) -> &'a str {
    let mut ends = key.rmatch_indices('.').map(|(dot, _)| &key[dot + 1..]);
    let unique = ends.find(|end| {
        let mut others = keys.iter().filter(|other| **other != key);
        others.all(|other| !other.ends_with(&format!(".{end}")))
    });
    unique.unwrap_or(key)
}

/// Formats a setting; empty if `settings` lacks it.
pub fn setting_text(settings: &KeyValues, key: &str) -> String {
    match settings.get(key) {
        Some(Value::String(text)) => text.clone(),
        // Debug switches to an exponent where TOML would write many zeros.
        Some(Value::Float(number)) => format!("{number:?}"),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

/// Formats a number with its noun: `1 epoch`, `2 epochs`.
pub fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{super::HIDDEN, *};

    #[test]
    fn labels_distinguish_keys() {
        let point = |keys: &[&str]| -> KeyValues {
            keys.iter().map(|key| ((*key).to_owned(), 1e-6.into())).collect()
        };
        assert_eq!(label(&point(&["variant.a.hidden2.kernel_regularizer.l2"])), "l2=1e-6");
        let both =
            ["variant.a.hidden2.bias_regularizer.l2", "variant.a.hidden2.kernel_regularizer.l2"];
        assert_eq!(label(&point(&both)), "bias_regularizer.l2=1e-6,kernel_regularizer.l2=1e-6");
        let pixels = KeyValues::from([("data.pixels".to_owned(), "raw".into())]);
        assert_eq!(label(&pixels), "pixels=raw");
        let units = Value::Array(vec![Value::Integer(50), Value::Integer(250)]);
        assert_eq!(label(&KeyValues::from([(HIDDEN.to_owned(), units)])), "hidden=50x250");
    }
}
