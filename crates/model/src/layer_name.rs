//! The names of a network's layers.

use std::fmt;

/// A layer of a network. Displayed as configs, weights files and tables name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerName {
    /// A hidden layer by its index from the input on: the first, of index 0, is `hidden1`.
    Hidden(usize),
    /// The output layer.
    Output,
}

impl fmt::Display for LayerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hidden(index) => write!(formatter, "hidden{}", index + 1),
            Self::Output => formatter.write_str("output"),
        }
    }
}
