//! The presets as entries of a config.

use model::presets;
use toml::Table;

use super::{KeyValues, flat::changed, layers, schema::LayerSettings};
use crate::config::{Entries, Entry, Origin};

/// Adds the presets below a config's entries, as if it extended a config of them.
pub(super) fn add(entries: &mut Entries) {
    entries.raise(1);
    for preset in presets(&[1]) {
        let table = format!("variant.{}", preset.name);
        let layer = preset.network.hidden.first().map(LayerSettings::from).unwrap_or_default();
        let mut settings = KeyValues::from([(table.clone(), Table::new().into())]);
        settings.extend(
            changed(&layer)
                .into_iter()
                .map(|(key, value)| (format!("{table}.{}.{key}", layers::LAST_HIDDEN), value)),
        );
        for (key, value) in settings {
            if entries.get(&key).is_none() {
                let origin = Origin::BuiltIn { name: "presets".to_owned(), line: 1 };
                entries.insert(&key, Entry { value, origin, level: 0 });
            }
        }
    }
}
