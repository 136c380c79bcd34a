//! Settings as values by dotted key.

use serde::Serialize;
use toml::{Table, Value};

use model::LayerConfig;

use super::{KeyValues, schema::variant::LayerTable};

/// Lists the settings of a layer that differ from their defaults.
pub(super) fn non_default(layer: &LayerConfig) -> KeyValues {
    let defaults = flatten(&LayerTable::default());
    flatten(&LayerTable(*layer))
        .into_iter()
        .filter(|(key, value)| defaults.get(key) != Some(value))
        .collect()
}

/// Flattens settings to dotted keys and values. Settings that are `None` are left out.
pub(super) fn flatten(settings: &impl Serialize) -> KeyValues {
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
    // All settings can be serialized as TOML.
    add(&mut flat, String::new(), Value::try_from(settings).unwrap_or(Table::new().into()));
    flat.retain(|_, value| !value.is_table());
    flat
}
