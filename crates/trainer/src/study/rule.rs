//! The names of the optimizers.

use std::fmt;

/// Name of an optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Stochastic gradient descent, with or without momentum.
    Sgd,
    /// Adam.
    Adam,
}

impl Rule {
    /// All optimizers.
    pub const ALL: [Self; 2] = [Self::Sgd, Self::Adam];
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sgd => "sgd",
            Self::Adam => "adam",
        })
    }
}
