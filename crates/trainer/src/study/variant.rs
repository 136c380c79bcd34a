//! A variant: a named way to regularise.

use model::NetworkConfig;
use training::EarlyStopping;

/// A named way to regularise a network and its training.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Name in configs, folders and tables.
    pub name: String,
    /// Settings of the network.
    pub network: NetworkConfig,
    /// Early stopping, if any.
    pub early_stopping: Option<EarlyStopping>,
}

impl Variant {
    /// Creates a variant that regularises nothing but its network.
    pub fn of_network(name: &str, network: NetworkConfig) -> Self {
        Self { name: name.to_owned(), network, early_stopping: None }
    }
}
