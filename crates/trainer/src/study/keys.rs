//! The keys of settings.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    layers,
    schema::{LayerSettings, Settings},
};

/// The key of the hidden layers' units.
pub const HIDDEN: &str = "network.hidden";
/// The key of the number of epochs, the one setting that a finished run may have another value of: it can be
/// resumed.
pub const EPOCHS: &str = "fit.epochs";
/// The key of the start weights: a file in a config, its checksum in a run's settings.
pub const WEIGHTS: &str = "fit.weights";
/// The table of swept settings, each by its key.
pub(super) const SWEEP: &str = "sweep.";

/// Keys in tables on which no result depends: they say where inputs come from, or how a run is carried out.
/// Checksums stand for `data.dir`, `data.sources` and `fit.weights` where inputs are compared.
pub const NOT_INPUTS: [&str; 5] =
    ["data.dir", "data.sources", "fit.checkpoint_every", "fit.weights", "output.tensorboard"];

/// Returns the key of the list of a swept setting.
pub(super) fn sweep_key(key: &str) -> String {
    format!("{SWEEP}{key}")
}

/// Returns whether a result depends on a setting.
pub(super) fn is_input(key: &str) -> bool {
    key == "backend" || is_sweepable(key)
}

/// Returns whether a setting outside variants may be swept.
pub(super) fn is_sweepable(key: &str) -> bool {
    key.contains('.') && !NOT_INPUTS.contains(&key)
}

/// Lists the keys outside variants, set or not.
pub(super) fn common_keys() -> BTreeSet<String> {
    keys_of(&Settings::default())
}

/// Lists the keys of settings, set or not, which as JSON are null.
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

/// Lists all keys of a config with these variants, whose networks have `depth` hidden layers.
pub(super) fn all_keys<'a>(
    variants: impl Iterator<Item = &'a str>,
    depth: usize,
) -> BTreeSet<String> {
    let mut keys = common_keys();
    let of_layer = keys_of(&LayerSettings::default());
    for variant in variants.collect::<BTreeSet<_>>() {
        for layer in layers::all_names(depth) {
            keys.extend(of_layer.iter().map(|key| format!("variant.{variant}.{layer}.{key}")));
        }
    }
    keys
}
