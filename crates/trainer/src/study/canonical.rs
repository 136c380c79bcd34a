//! Values in the form in which their settings have them.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Settings, flat::flat, layers::own_name, named_entries::nest};
use crate::config::{Entry, Origin, values::Parsed};

/// Brings a value into the form in which its setting has it, such as 1 into 1.0.
pub(super) fn canonical(key: &str, value: &Value) -> Parsed<Value> {
    let origin = Origin::Argument;
    let entry = Entry { value: value.clone(), origin, level: 0 };
    // Any depth will do.
    let name = own_name(key, 1);
    let named = BTreeMap::from([(name.clone(), (key, &entry))]);
    let settings: Result<Settings, _> =
        nest(&named).map_or_else(|_| Table::new().into(), Value::Table).try_into();
    let settings = settings.map_err(|error| error.message().to_owned())?;
    // An unknown key is told when the settings are read.
    Ok(flat(&settings).remove(&name).unwrap_or_else(|| value.clone()))
}
