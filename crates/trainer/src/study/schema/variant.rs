//! The settings of a variant and its layers.

use std::{collections::BTreeMap, fmt};

use model::{Constraint, LayerConfig, LayerName, MinMaxNorm, Regularizer};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};
use training::{EarlyStopping, Monitor, WeightDecay};

use crate::study::{Variant, ranges};

/// Key of early stopping in a variant's table.
pub(in crate::study) const EARLY_STOPPING: &str = "early_stopping";
/// Key of weight decay in a variant's table.
pub(in crate::study) const WEIGHT_DECAY: &str = "weight_decay";
/// Key of label smoothing in a variant's table.
const LABEL_SMOOTHING: &str = "label_smoothing";
/// Key of the images' shift in a variant's table.
const SHIFT: &str = "shift";

/// Settings of one `[variant.NAME]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantSettings {
    /// Early stopping, if any.
    pub early_stopping: Option<EarlyStopping>,
    /// Decoupled weight decay, if any.
    pub weight_decay: Option<WeightDecay>,
    /// Label smoothing: at least 0 and less than 1.
    pub label_smoothing: f64,
    /// Largest number of pixels by which training images are moved.
    pub shift: u8,
    /// Settings of the layers; a layer without an entry has the defaults.
    pub layers: BTreeMap<LayerName, LayerConfig>,
}

/// Settings of a variant's early stopping: the keys of [`EarlyStopping`].
#[derive(Default, Serialize, Deserialize)]
#[serde(remote = "EarlyStopping", default)]
struct EarlyStoppingSettings {
    /// Monitored value.
    #[serde(serialize_with = "ranges::as_text", deserialize_with = "ranges::monitor")]
    monitor: Monitor,
    /// Smallest change that counts as an improvement. Its sign does not matter.
    #[serde(deserialize_with = "ranges::magnitude")]
    min_delta: f64,
    /// Number of monitored epochs without improvement that end training.
    #[serde(deserialize_with = "ranges::whole")]
    patience: usize,
    /// Number of first epochs that are not monitored.
    #[serde(deserialize_with = "ranges::whole")]
    start_from_epoch: usize,
    /// Whether the weights of the best epoch are restored.
    #[serde(deserialize_with = "ranges::boolean")]
    restore_best_weights: bool,
}

/// A table of early stopping in a config.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct EarlyStoppingTable(#[serde(with = "EarlyStoppingSettings")] EarlyStopping);

/// Settings of decoupled weight decay.
#[derive(Serialize, Deserialize)]
#[serde(remote = "WeightDecay", default)]
struct WeightDecaySettings {
    /// Rate: 0 or more. 0 disables weight decay.
    #[serde(deserialize_with = "ranges::not_negative")]
    rate: f64,
    /// Parts of the names of tensors that do not decay.
    #[serde(deserialize_with = "ranges::names_or_none")]
    exclude: Vec<String>,
}

/// A table of weight decay in a config.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct WeightDecayTable(#[serde(with = "WeightDecaySettings")] WeightDecay);

/// Settings of a variant's layer: the keys of [`LayerConfig`].
#[derive(Default, Serialize, Deserialize)]
#[serde(remote = "LayerConfig", default)]
struct LayerSettings {
    /// Penalty on the kernel.
    #[serde(with = "RegularizerSettings")]
    kernel_regularizer: Regularizer,
    /// Penalty on the bias.
    #[serde(with = "RegularizerSettings")]
    bias_regularizer: Regularizer,
    /// Penalty on the output of the activation function.
    #[serde(with = "RegularizerSettings")]
    activity_regularizer: Regularizer,
    /// Constraint on the kernel.
    #[serde(with = "ConstraintSettings")]
    kernel_constraint: Constraint,
    /// Constraint on the bias.
    #[serde(with = "ConstraintSettings")]
    bias_constraint: Constraint,
    /// Whether the layer has batch normalisation.
    #[serde(deserialize_with = "ranges::boolean")]
    batch_norm: bool,
    /// Whether the layer has layer normalisation.
    #[serde(deserialize_with = "ranges::boolean")]
    layer_norm: bool,
    /// Standard deviation of Gaussian noise: 0 to 1.
    #[serde(deserialize_with = "ranges::up_to_one")]
    gaussian_noise: f64,
    /// Rate of Gaussian dropout: at least 0 and less than 1.
    #[serde(deserialize_with = "ranges::fraction")]
    gaussian_dropout: f64,
    /// Dropout rate: at least 0 and less than 1.
    #[serde(deserialize_with = "ranges::fraction")]
    dropout: f64,
}

/// Keys of [`LayerConfig`] that the input takes.
pub(in crate::study) const INPUT_KEYS: [&str; 2] = ["gaussian_noise", "dropout"];

/// Keys of [`LayerConfig`] that the output layer takes.
pub(in crate::study) const OUTPUT_KEYS: [&str; 5] = [
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
];

/// A table of a layer in a config.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::study) struct LayerTable(
    #[serde(with = "LayerSettings")] pub(in crate::study) LayerConfig,
);

/// Settings of the penalty on a tensor: l1·Σ|w| + l2·Σw², or that of [`Regularizer::orthogonal`].
#[derive(Default, Serialize, Deserialize)]
#[serde(remote = "Regularizer", default)]
struct RegularizerSettings {
    /// Factor of Σ|w|: 0 or more.
    #[serde(deserialize_with = "ranges::not_negative")]
    l1: f64,
    /// Factor of Σw²: 0 or more.
    #[serde(deserialize_with = "ranges::not_negative")]
    l2: f64,
    /// Factor of the mean |cosine| between rows: 0 or more. Kernels only, not together with l1 and l2.
    #[serde(deserialize_with = "ranges::not_negative")]
    orthogonal: f64,
}

/// Settings of the constraint on a tensor: one of these.
#[derive(Default, Serialize, Deserialize)]
#[serde(remote = "Constraint", default)]
struct ConstraintSettings {
    /// Largest norm: more than 0. 0 removes the constraint.
    #[serde(deserialize_with = "ranges::optional_norm")]
    max_norm: Option<f64>,
    /// Whether norms are set to 1.
    #[serde(deserialize_with = "ranges::boolean")]
    unit_norm: bool,
    /// Whether negative weights are set to 0.
    #[serde(deserialize_with = "ranges::boolean")]
    non_neg: bool,
    /// Range of norms.
    #[serde(serialize_with = "min_max_norm", deserialize_with = "some_min_max_norm")]
    min_max_norm: Option<MinMaxNorm>,
}

/// Settings of a range of norms.
#[derive(Serialize, Deserialize)]
#[serde(remote = "MinMaxNorm", default)]
struct MinMaxNormSettings {
    /// Smallest norm: 0 or more.
    #[serde(deserialize_with = "ranges::not_negative")]
    min_value: f64,
    /// Largest norm: `min_value` or more.
    #[serde(deserialize_with = "ranges::not_negative")]
    max_value: f64,
    /// Share of the way into the range: 0 to 1.
    #[serde(deserialize_with = "ranges::up_to_one")]
    rate: f64,
}

/// A fraction: at least 0 and less than 1.
#[derive(Deserialize)]
#[serde(transparent)]
struct Fraction(#[serde(deserialize_with = "ranges::fraction")] f64);

/// A number of pixels.
#[derive(Deserialize)]
#[serde(transparent)]
struct Pixel(#[serde(deserialize_with = "ranges::byte")] u8);

impl Default for MinMaxNormSettings {
    fn default() -> Self {
        let MinMaxNorm { min_value, max_value, rate } = MinMaxNorm::default();
        Self { min_value, max_value, rate }
    }
}

impl Default for WeightDecaySettings {
    fn default() -> Self {
        let WeightDecay { rate, exclude } = WeightDecay::default();
        Self { rate, exclude }
    }
}

impl Serialize for VariantSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { early_stopping, weight_decay, label_smoothing, shift, layers } = self;
        let mut map = serializer.serialize_map(None)?;
        if let Some(early_stopping) = early_stopping {
            map.serialize_entry(EARLY_STOPPING, &EarlyStoppingTable(*early_stopping))?;
        }
        if let Some(weight_decay) = weight_decay {
            map.serialize_entry(WEIGHT_DECAY, &WeightDecayTable(weight_decay.clone()))?;
        }
        map.serialize_entry(LABEL_SMOOTHING, label_smoothing)?;
        map.serialize_entry(SHIFT, shift)?;
        for (name, layer) in layers {
            map.serialize_entry(&name.to_string(), &LayerTable(*layer))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for VariantSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = VariantSettings;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<VariantSettings, A::Error> {
                let mut variant = VariantSettings::default();
                while let Some(key) = map.next_key::<String>()? {
                    match (key.as_str(), key.parse()) {
                        (EARLY_STOPPING, _) => {
                            let EarlyStoppingTable(settings) = map.next_value()?;
                            variant.early_stopping = Some(settings);
                        }
                        (WEIGHT_DECAY, _) => {
                            let WeightDecayTable(settings) = map.next_value()?;
                            variant.weight_decay = Some(settings);
                        }
                        (LABEL_SMOOTHING, _) => {
                            variant.label_smoothing = map.next_value::<Fraction>()?.0;
                        }
                        (SHIFT, _) => variant.shift = map.next_value::<Pixel>()?.0,
                        (_, Ok(layer)) => {
                            let LayerTable(settings) = map.next_value()?;
                            variant.layers.insert(layer, settings);
                        }
                        // `serde_ignored` reports it as an unknown key.
                        (_, Err(())) => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(variant)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl VariantSettings {
    /// Returns the defaults, with every table that may be left out.
    pub(in crate::study) fn with_tables() -> Self {
        Self {
            early_stopping: Some(EarlyStopping::default()),
            weight_decay: Some(WeightDecay::default()),
            ..Self::default()
        }
    }
}

impl From<&Variant> for VariantSettings {
    fn from(variant: &Variant) -> Self {
        let Variant { network, early_stopping, weight_decay, shift, .. } = variant;
        let layer = |name| Some((name, *network.layer(name)?));
        Self {
            early_stopping: *early_stopping,
            weight_decay: weight_decay.clone(),
            label_smoothing: network.label_smoothing,
            shift: *shift,
            layers: network.layer_names().filter_map(layer).collect(),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn min_max_norm<S: Serializer>(range: &Option<MinMaxNorm>, to: S) -> Result<S::Ok, S::Error> {
    match range {
        Some(range) => MinMaxNormSettings::serialize(range, to),
        None => to.serialize_none(),
    }
}

fn some_min_max_norm<'de, D: Deserializer<'de>>(from: D) -> Result<Option<MinMaxNorm>, D::Error> {
    MinMaxNormSettings::deserialize(from).map(Some)
}
