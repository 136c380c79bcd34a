//! The keys of settings.

use std::{collections::BTreeSet, sync::LazyLock};

use model::{Constraint, LayerConfig, MinMaxNorm};
use serde::Serialize;

use super::{
    layers,
    schema::{Settings, VariantSettings, variant::LayerTable},
};

/// Key of the numbers of units of the hidden layers.
pub const HIDDEN: &str = "network.hidden";

/// Key of the number of epochs.
pub(super) const EPOCHS: &str = "fit.epochs";

/// Key of the start weights: their file in a config, its checksum in a run's inputs.
pub const WEIGHTS: &str = "fit.weights";

/// Prefix of the keys of lists in a config.
pub(super) const SWEEP: &str = "sweep.";

/// Keys in tables that are not inputs of runs: no result depends on them. `data.dir`, `data.sources` and `fit.weights`
/// name files, whose checksums are inputs instead.
const NOT_INPUTS: [&str; 5] =
    ["data.dir", "data.sources", "fit.checkpoint_every", "fit.weights", "output.tensorboard"];

/// Keys of inputs that cannot be swept: a study is validated on the same images at the same epochs.
const NOT_SWEPT: [&str; 2] = ["data.validation", "fit.validate_every"];

/// Returns the key of a swept key's list in a config.
pub(super) fn sweep_key(key: &str) -> String {
    format!("{SWEEP}{key}")
}

/// Returns whether a setting outside variants is an input.
pub(super) fn is_input(key: &str) -> bool {
    key == "backend" || NOT_SWEPT.contains(&key) || is_sweepable(key)
}

/// Returns whether a setting outside variants may be swept.
pub(super) fn is_sweepable(key: &str) -> bool {
    key.contains('.') && !NOT_INPUTS.contains(&key) && !NOT_SWEPT.contains(&key)
}

/// Keys of all settings outside variants.
pub(super) static COMMON_KEYS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| keys_of(&Settings::default()));

/// Keys of a variant's settings outside its layers.
static VARIANT_KEYS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| keys_of(&VariantSettings::with_tables()));

/// Keys of a layer's settings.
pub(super) static LAYER_KEYS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let min_max_norm = Some(MinMaxNorm::default());
    let kernel_constraint = Constraint { min_max_norm, ..Constraint::default() };
    let bias_constraint = kernel_constraint;
    keys_of(&LayerTable(LayerConfig {
        kernel_constraint,
        bias_constraint,
        ..LayerConfig::default()
    }))
});

/// Lists the keys of settings. Goes through JSON, which keeps those that are `None` as null.
fn keys_of(settings: &impl Serialize) -> BTreeSet<String> {
    fn add(keys: &mut BTreeSet<String>, key: &str, value: &serde_json::Value) {
        match value {
            serde_json::Value::Object(object) => {
                for (name, value) in object {
                    let dot = if key.is_empty() { "" } else { "." };
                    add(keys, &format!("{key}{dot}{name}"), value);
                }
            }
            _ => drop(keys.insert(key.to_owned())),
        }
    }
    let mut keys = BTreeSet::new();
    add(&mut keys, "", &serde_json::to_value(settings).unwrap_or_default());
    keys
}

/// Returns whether a key is a setting's, of whatever variant and layer.
pub(super) fn is_known(key: &str) -> bool {
    let mut parts = key.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("variant"), Some(_), Some(rest)) => {
            let of_layer = rest.split_once('.').is_some_and(|(_, rest)| LAYER_KEYS.contains(rest));
            of_layer || VARIANT_KEYS.contains(rest)
        }
        _ => COMMON_KEYS.contains(key),
    }
}

/// Lists the keys that are valid in a config with these variants.
pub(super) fn known_keys<'a>(
    variants: impl Iterator<Item = &'a str>,
    depth: usize,
) -> BTreeSet<String> {
    let mut keys = COMMON_KEYS.clone();
    for variant in variants.collect::<BTreeSet<_>>() {
        keys.extend(VARIANT_KEYS.iter().map(|key| format!("variant.{variant}.{key}")));
        for layer in layers::all_names(depth) {
            keys.extend(LAYER_KEYS.iter().map(|key| format!("variant.{variant}.{layer}.{key}")));
        }
    }
    keys
}
