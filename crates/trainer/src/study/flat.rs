//! Settings as dotted keys and values.

use serde::Serialize;
use toml::{Table, Value};

use super::{KeyValues, schema::LayerSettings};

/// Lists the settings of a layer that differ from a plain layer's.
pub(super) fn changed(layer: &LayerSettings) -> KeyValues {
    let plain = flat(&LayerSettings::default());
    flat(layer).into_iter().filter(|(key, value)| plain.get(key) != Some(value)).collect()
}

/// Flattens settings to dotted keys and their values. What is not set is left out.
pub(super) fn flat(settings: &impl Serialize) -> KeyValues {
    fn add(flat: &mut KeyValues, key: String, value: Value) {
        match value {
            Value::Table(table) if !table.is_empty() => {
                for (name, value) in table {
                    add(flat, if key.is_empty() { name } else { format!("{key}.{name}") }, value);
                }
            }
            value => drop(flat.insert(key, value)),
        }
    }
    let mut flat = KeyValues::new();
    // Every setting has a form in TOML.
    add(&mut flat, String::new(), Value::try_from(settings).unwrap_or(Table::new().into()));
    flat.retain(|_, value| !value.is_table());
    flat
}
