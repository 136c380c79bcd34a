//! study.toml: a study written as a config.

use super::{KeyValues, Study, flat::flatten, saved_variants::YIELDING};

impl Study {
    /// Returns every setting of the study as a config's keys and values. Reading them gives the same study.
    pub fn key_values(&self) -> KeyValues {
        let mut settings = flatten(&self.settings);
        settings.extend(self.variant_settings.clone());
        if !self.yielding.is_empty() {
            settings.insert(YIELDING.to_owned(), self.yielding.clone().into());
        }
        // A swept key has its list instead of a value.
        settings.retain(|key, _| !self.is_swept(key));
        settings.extend(self.sweep.clone());
        settings
    }

    /// Formats every setting of the study as a config file.
    pub fn to_toml(&self) -> String {
        let lines = self.key_values().into_iter();
        lines.map(|(key, value)| format!("{key} = {value}\n")).collect()
    }
}
