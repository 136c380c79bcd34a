//! The notebook's variants: named network configs.

use crate::{LayerConfig, NetworkConfig};

/// Number of units in each hidden layer of the notebook's network.
pub const NOTEBOOK_HIDDEN: [usize; 2] = [50, 250];
/// Factor of the notebook's penalties.
const PENALTY: f64 = 0.01;
/// The notebook's dropout rate.
const RATE: f64 = 0.2;

/// Returns the notebook's six variants in the notebook's order, each with its name, given the number of units in each
/// hidden layer. They differ only in the last hidden layer.
pub fn presets(hidden: &[usize]) -> [(&'static str, NetworkConfig); 6] {
    let preset = |name, change: fn(&mut LayerConfig)| {
        let mut network = NetworkConfig::plain(hidden);
        network.hidden.last_mut().map(|block| &mut block.layer).map(change);
        (name, network)
    };
    [
        preset("none", |_| {}),
        preset("l2", |last| last.kernel_regularizer.l2 = PENALTY),
        preset("l1", |last| last.kernel_regularizer.l1 = PENALTY),
        preset("dropout", |last| last.dropout = RATE),
        preset("batch_norm", |last| last.batch_norm = true),
        preset("batch_norm_dropout", |last| {
            last.batch_norm = true;
            last.dropout = RATE;
        }),
    ]
}
