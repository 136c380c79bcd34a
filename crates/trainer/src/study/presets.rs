//! The preset variants as entries of a config.

use model::presets;
use toml::Table;

use super::{KeyValues, flat::non_default, layers};
use crate::config::{Entries, Entry, Origin};

/// Adds the presets to a config's entries, as if the config extended one that defines them.
pub(super) fn add(entries: &mut Entries) {
    entries.raise_precedence(1);
    for (name, network) in presets(&[1]) {
        let table = format!("variant.{name}");
        let layer = network.hidden.first().map(|block| block.layer).unwrap_or_default();
        let mut settings = KeyValues::from([(table.clone(), Table::new().into())]);
        settings.extend(
            non_default(&layer)
                .into_iter()
                .map(|(key, value)| (format!("{table}.{}.{key}", layers::LAST_HIDDEN), value)),
        );
        for (key, value) in settings {
            if entries.get(&key).is_none() {
                let origin = Origin::BuiltIn { name: "presets".to_owned(), line: 1 };
                entries.insert(&key, Entry { value, origin, precedence: 0 });
            }
        }
    }
}
