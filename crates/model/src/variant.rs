//! A variant is a name and a network's config: data, not code.

use crate::{NetworkConfig, Regularizer};

/// One way to regularise the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// How configs, folders and tables call it.
    pub name: String,
    /// What it is made of.
    pub network: NetworkConfig,
}

/// The notebook's six, in its order. Only the second hidden layer changes.
#[must_use]
pub fn presets() -> [Variant; 6] {
    let penalty = 0.01;
    let rate = 0.2;
    let preset = |name: &str, change: &dyn Fn(&mut crate::LayerConfig)| {
        let mut network = NetworkConfig::plain();
        change(&mut network.hidden2);
        let name = name.to_owned();
        Variant { name, network }
    };
    [
        preset("none", &|_| {}),
        preset("l2", &|layer| {
            layer.kernel_regularizer = Regularizer { l1: 0.0, l2: penalty };
        }),
        preset("l1", &|layer| {
            layer.kernel_regularizer = Regularizer { l1: penalty, l2: 0.0 };
        }),
        preset("dropout", &|layer| layer.dropout = rate),
        preset("batch_norm", &|layer| layer.batch_norm = true),
        preset("batch_norm_dropout", &|layer| {
            layer.batch_norm = true;
            layer.dropout = rate;
        }),
    ]
}
