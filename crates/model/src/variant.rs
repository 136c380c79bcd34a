//! A variant is a name and a network's config: data, not code.

use crate::{BlockConfig, NetworkConfig, Regularizer};

/// Units of the hidden layers of the notebook's network.
pub const NOTEBOOK_HIDDEN: [usize; 2] = [50, 250];
/// The factor of the notebook's penalties.
const PENALTY: f64 = 0.01;
/// The notebook's rate of dropout.
const RATE: f64 = 0.2;

/// One way to regularise a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The name in configs, folders and tables.
    pub name: String,
    /// The settings of its network.
    pub network: NetworkConfig,
}

/// The notebook's six variants, in its order, of a network of so many units in its hidden layers. Only the last
/// hidden layer changes.
#[must_use]
pub fn presets(hidden: &[usize]) -> [Variant; 6] {
    let preset = |name: &str, change: fn(&mut BlockConfig)| {
        let mut network = NetworkConfig::plain(hidden);
        network.hidden.last_mut().map(change);
        Variant { name: name.to_owned(), network }
    };
    [
        preset("none", |_| {}),
        preset("l2", |last| last.regularizers.kernel = Regularizer { l1: 0.0, l2: PENALTY }),
        preset("l1", |last| last.regularizers.kernel = Regularizer { l1: PENALTY, l2: 0.0 }),
        preset("dropout", |last| last.dropout = RATE),
        preset("batch_norm", |last| last.batch_norm = true),
        preset("batch_norm_dropout", |last| {
            last.batch_norm = true;
            last.dropout = RATE;
        }),
    ]
}
