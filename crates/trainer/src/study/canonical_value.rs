//! The canonical form of values.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{
    Settings, canonical_entries::nest, flat::flatten, keys::is_known, layers::canonical_key,
};
use crate::config::{Entry, Origin, values::Parsed};

/// Returns the canonical form of a setting's value: 1.0 instead of 1 where the setting is a float.
pub(super) fn canonical_value(key: &str, value: &Value) -> Parsed<Value> {
    let origin = Origin::Argument;
    let entry = Entry { value: value.clone(), origin, precedence: 0 };
    // Which layer the alias names does not matter here: all have the same types.
    let name = canonical_key(key, 1);
    let entries = BTreeMap::from([(name.clone(), (key, &entry))]);
    let settings: Result<Settings, _> =
        nest(&entries).map_or_else(|_| Table::new().into(), Value::Table).try_into();
    // `resolve` reports keys that are unknown or a table's.
    match settings {
        Ok(settings) => Ok(flatten(&settings).remove(&name).unwrap_or_else(|| value.clone())),
        Err(_) if !is_known(&name) => Ok(value.clone()),
        Err(error) => Err(error.message().to_owned()),
    }
}
