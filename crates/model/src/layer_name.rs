//! The names of a network's layers and tensors.

use std::{fmt, str::FromStr};

/// The name of a network's layer, displayed as in configs, weights files and tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerName {
    /// The network's input, displayed as `input`.
    Input,
    /// The hidden layer at an index counted from the input: index 0 is displayed as `hidden1`.
    Hidden(usize),
    /// The output layer, displayed as `output`.
    Output,
}

impl fmt::Display for LayerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input => formatter.write_str("input"),
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
        let parsed = hidden.unwrap_or(if name == "input" { Self::Input } else { Self::Output });
        if parsed.to_string() == name { Ok(parsed) } else { Err(()) }
    }
}

/// Name of a Dense layer's kernel, `[inputs, units]`.
pub const KERNEL: &str = "kernel";
/// Name of a Dense layer's bias, `[units]`.
pub const BIAS: &str = "bias";

impl LayerName {
    /// Returns the name in weights files of a tensor of the layer, such as `hidden2.batch_norm.gamma`.
    pub fn tensor(self, tensor: &str) -> String {
        format!("{self}.{tensor}")
    }
}

/// Returns whether a tensor is trained by its gradient.
pub fn is_trained(tensor: &str) -> bool {
    !tensor.contains("moving_")
}

/// Returns a tensor's name in weights files, given its path in the modules: `hidden.0.dense.kernel` becomes
/// `hidden1.kernel`.
pub fn tensor_name(path: &[String]) -> String {
    let (layer, rest) = match path {
        [hidden, index, rest @ ..] if hidden == "hidden" => {
            (LayerName::Hidden(index.parse().unwrap_or_default()).to_string(), rest)
        }
        [layer, rest @ ..] => (layer.clone(), rest),
        [] => (String::new(), path),
    };
    let rest = rest.iter().filter(|part| *part != "dense");
    rest.fold(layer, |name, part| format!("{name}.{part}"))
}
