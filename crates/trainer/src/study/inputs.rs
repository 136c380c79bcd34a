//! The settings that a run's result depends on.

use model::{LayerName, NetworkConfig};
use toml::Value;

use super::{
    DataSettings, FitSettings, HIDDEN, KeyValues, Run, Study,
    flat::{changed, flat},
    keys::is_input,
    layers,
    schema::{LayerSettings, NetworkSettings, Settings},
};

/// Changes whenever the same settings begin to give other results, to the last bit.
const NUMERICS: i64 = 3;

impl Study {
    /// The settings that a run's result depends on, its seed apart; the variant's own without its name. Checksums
    /// stand for the data set and for start weights; they are known later.
    pub fn run_settings(&self, run: &Run) -> KeyValues {
        let hidden = run.variant.network.hidden.iter().map(|block| block.units).collect();
        let mut settings = self.inputs(&run.data, &run.fit, NetworkSettings { hidden });
        settings.extend(layer_settings(&run.variant.network));
        settings
    }

    /// The settings that a finished run should have to stand beside this study's runs although it is none of
    /// them: its variant's, unless the study has none of that name. What is swept in either may be as it was
    /// `found`.
    pub fn settings_beside(
        &self,
        variant: &str,
        point: &KeyValues,
        found: &KeyValues,
    ) -> KeyValues {
        let known = self.first_run_of(variant);
        let mut settings = known.map_or_else(
            || {
                let Settings { data, fit, network, .. } = &self.settings;
                self.inputs(data, fit, network.clone())
            },
            |run| self.run_settings(run),
        );
        let depth = found.get(HIDDEN).and_then(Value::as_array).map_or(0, Vec::len);
        let is_swept = |key: &str| {
            let of_variant = format!("variant.{variant}.{key}");
            let other = layers::other_name(&of_variant, depth);
            [Some(key.to_owned()), Some(of_variant), other]
                .iter()
                .flatten()
                .any(|key| point.contains_key(key) || self.is_swept(key))
        };
        let of_layers = |key: &str| key.starts_with("hidden") || key.starts_with("output.");
        let any_layer = known.is_none() || is_swept(HIDDEN);
        let is_free = |key: &str| {
            is_swept(key) || (any_layer && of_layers(key)) || (known.is_none() && key == HIDDEN)
        };
        settings.retain(|key, _| !is_free(key));
        let free = found.iter().filter(|(key, _)| is_free(key));
        settings.extend(free.map(|(key, value)| (key.clone(), value.clone())));
        settings
    }

    /// The inputs of a run, its variant apart.
    fn inputs(
        &self,
        data: &DataSettings,
        fit: &FitSettings,
        network: NetworkSettings,
    ) -> KeyValues {
        let (backend, data, fit) = (self.settings.backend, data.clone(), fit.clone());
        let mut inputs = flat(&Settings { backend, network, data, fit, ..Settings::default() });
        inputs.retain(|key, _| is_input(key));
        inputs.insert("numerics".to_owned(), NUMERICS.into());
        inputs
    }
}

/// The settings of a network's layers that differ from plain ones.
fn layer_settings(network: &NetworkConfig) -> KeyValues {
    let hidden = network.hidden.iter().map(LayerSettings::from).zip(0..);
    let hidden = hidden.map(|(layer, index)| (LayerName::Hidden(index), layer));
    let layers = hidden.chain([(LayerName::Output, LayerSettings::from(&network.output))]);
    layers
        .flat_map(|(name, layer)| {
            changed(&layer).into_iter().map(move |(key, value)| (format!("{name}.{key}"), value))
        })
        .collect()
}
