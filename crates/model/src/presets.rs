//! The notebook's variants: named network configs.

use crate::{BlockConfig, NetworkConfig, Norm};

/// Number of units in each hidden layer of the notebook's network.
pub const NOTEBOOK_HIDDEN: [usize; 2] = [50, 250];
/// Factor of the notebook's penalties.
const PENALTY: f64 = 0.01;
/// The notebook's dropout rate.
const RATE: f64 = 0.2;

/// Returns the notebook's six variants in the notebook's order, each with its name, given the number of units in each
/// hidden layer. They differ only in the last hidden layer.
///
/// Runs keep no copy of these values: what a preset trains changes only with the version of the numerics.
pub fn presets(hidden: &[usize]) -> [(&'static str, NetworkConfig); 6] {
    let preset = |name, change: fn(&mut BlockConfig)| {
        let mut network = NetworkConfig::plain(hidden);
        network.hidden.last_mut().map(change);
        (name, network)
    };
    [
        preset("none", |_| {}),
        preset("l2", |last| last.dense.kernel_regularizer.l2 = PENALTY),
        preset("l1", |last| last.dense.kernel_regularizer.l1 = PENALTY),
        preset("dropout", |last| last.noise.dropout = RATE),
        preset("batch_norm", |last| last.norm = Some(Norm::Batch)),
        preset("batch_norm_dropout", |last| {
            last.norm = Some(Norm::Batch);
            last.noise.dropout = RATE;
        }),
    ]
}
