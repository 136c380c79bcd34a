//! The names of a network's layers.

use std::{fmt, str::FromStr};

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

impl FromStr for LayerName {
    type Err = ();

    /// Parses a name as it is displayed.
    fn from_str(name: &str) -> Result<Self, ()> {
        let number = name.strip_prefix("hidden").and_then(|number| number.parse::<usize>().ok());
        let hidden = number.and_then(|number| number.checked_sub(1)).map(Self::Hidden);
        // Not `hidden01`.
        let parsed = hidden.unwrap_or(Self::Output);
        if parsed.to_string() == name { Ok(parsed) } else { Err(()) }
    }
}
