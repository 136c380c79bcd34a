//! A study as a config again: study.toml.

use super::{KeyValues, Study, flat::flat, variant_keys::YIELDING};

impl Study {
    /// Every setting of the study. Written as `key = value` lines they are a config for the same study.
    pub fn key_values(&self) -> KeyValues {
        let mut settings = flat(&self.settings);
        settings.extend(self.variant_settings.clone());
        if !self.yielding.is_empty() {
            settings.insert(YIELDING.to_owned(), self.yielding.clone().into());
        }
        // What is swept has its lists instead.
        settings.retain(|key, _| !self.is_swept(key));
        settings.extend(self.sweep.clone());
        settings
    }

    /// The study as a config file, every setting in it.
    pub fn to_toml(&self) -> String {
        let lines = self.key_values().into_iter();
        lines.map(|(key, value)| format!("{key} = {value}\n")).collect()
    }
}
