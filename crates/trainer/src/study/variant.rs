//! A variant: a named way to regularise.

use model::NetworkConfig;
use training::{EarlyStopping, WeightDecay};

/// A named way to regularise a network and its training.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Name in configs, folders and tables.
    pub name: String,
    /// Settings of the network and its loss.
    pub network: NetworkConfig,
    /// Early stopping, if any.
    pub early_stopping: Option<EarlyStopping>,
    /// Decoupled weight decay, if any.
    pub weight_decay: Option<WeightDecay>,
    /// Largest number of pixels by which training images are moved, each way; 0 for none.
    pub shift: u8,
}

impl Variant {
    /// Creates a variant that regularises nothing but its network.
    pub fn of_network(name: &str, network: NetworkConfig) -> Self {
        let name = name.to_owned();
        Self { name, network, early_stopping: None, weight_decay: None, shift: 0 }
    }
}
