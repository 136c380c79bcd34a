//! The inputs of a run: the settings on which its result depends.

use model::{LayerName, NetworkConfig};
use toml::Value;

use super::{
    DataSettings, FitSettings, HIDDEN, KeyValues, Run, Study,
    flat::{flatten, non_default},
    keys::is_input,
    layers,
    schema::{LayerSettings, NetworkSettings, Settings},
};

/// Version of the arithmetic. Increase it when the same inputs give other results, even in the last bit.
const NUMERICS_VERSION: i64 = 3;

impl Study {
    /// Returns the inputs of a run except its seed and the checksums of the data set and of start weights. Keys of its
    /// variant begin with the layer, such as `hidden1.dropout`.
    pub fn run_settings(&self, run: &Run) -> KeyValues {
        let hidden = run.variant.network.hidden.iter().map(|block| block.units).collect();
        let mut settings = self.inputs(&run.data, &run.fit, NetworkSettings { hidden });
        settings.extend(layer_settings(&run.variant.network));
        settings
    }

    /// Returns the inputs that a finished run outside this study must have to share a results folder with its runs.
    /// They are those of the variant's runs, or, for a variant that the study lacks, the study's own. Settings that may
    /// differ have their value in `found`, the run's inputs: those swept in either study, and an unknown variant's.
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
            let variant_key = format!("variant.{variant}.{key}");
            let alias = layers::alias_of(&variant_key, depth);
            [Some(key.to_owned()), Some(variant_key), alias]
                .iter()
                .flatten()
                .any(|key| point.contains_key(key) || self.is_swept(key))
        };
        let is_of_layer = |key: &str| key.starts_with("hidden") || key.starts_with("output.");
        let any_layer = known.is_none() || is_swept(HIDDEN);
        let is_free = |key: &str| {
            is_swept(key) || (any_layer && is_of_layer(key)) || (known.is_none() && key == HIDDEN)
        };
        settings.retain(|key, _| !is_free(key));
        let free = found.iter().filter(|(key, _)| is_free(key));
        settings.extend(free.map(|(key, value)| (key.clone(), value.clone())));
        settings
    }

    /// Returns the inputs of a run without those of its variant's layers.
    fn inputs(
        &self,
        data: &DataSettings,
        fit: &FitSettings,
        network: NetworkSettings,
    ) -> KeyValues {
        let (backend, data, fit) = (self.settings.backend, data.clone(), fit.clone());
        let mut inputs = flatten(&Settings { backend, network, data, fit, ..Settings::default() });
        inputs.retain(|key, _| is_input(key));
        inputs.insert("numerics".to_owned(), NUMERICS_VERSION.into());
        inputs
    }
}

/// Lists the settings of a network's layers that differ from their defaults.
fn layer_settings(network: &NetworkConfig) -> KeyValues {
    let hidden = network.hidden.iter().map(LayerSettings::from).zip(0..);
    let hidden = hidden.map(|(layer, index)| (LayerName::Hidden(index), layer));
    let layers = hidden.chain([(LayerName::Output, LayerSettings::from(&network.output))]);
    layers
        .flat_map(|(name, layer)| {
            non_default(&layer)
                .into_iter()
                .map(move |(key, value)| (format!("{name}.{key}"), value))
        })
        .collect()
}
