//! A network's layers and parameter counts, as in Keras's `model.summary()`, and its penalties.

use crate::{BlockConfig, LayerName, NetworkConfig, Regularizers};

/// A row of a network's summary: a Dense, batch normalisation or dropout layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    /// Name, such as `hidden2` or `hidden2.batch_norm`.
    pub name: String,
    /// Kind of layer, such as `Dense, ReLU`.
    pub kind: String,
    /// Number of outputs per image.
    pub units: usize,
    /// Number of parameters that are trained by their gradient.
    pub trainable: usize,
    /// Number of other parameters: the moving statistics.
    pub non_trainable: usize,
    /// Penalties, such as `kernel l2(0.01)`; empty without penalties.
    pub penalties: String,
}

impl NetworkConfig {
    /// Summarises the network's layers, in order from the input, for these numbers of inputs and classes.
    pub fn summary(&self, inputs: usize, classes: usize) -> Vec<SummaryRow> {
        let mut inputs = inputs;
        let mut rows = Vec::new();
        for (index, block) in self.hidden.iter().enumerate() {
            let name = LayerName::Hidden(index);
            rows.push(dense(name, "ReLU", &block.regularizers, [inputs, block.units]));
            rows.extend(batch_norm(name, block));
            rows.extend(dropout(name, block));
            inputs = block.units;
        }
        rows.push(dense(LayerName::Output, "softmax", &self.output, [inputs, classes]));
        rows
    }

    /// Counts all parameters, trainable or not: Keras's "Total params". A count above `usize::MAX` is returned as
    /// `usize::MAX`.
    pub fn parameters(&self, inputs: usize, classes: usize) -> usize {
        let count = |row: &SummaryRow| row.trainable.saturating_add(row.non_trainable);
        self.summary(inputs, classes).iter().map(count).fold(0, usize::saturating_add)
    }
}

fn dense(
    name: LayerName,
    activation: &str,
    regularizers: &Regularizers,
    [inputs, units]: [usize; 2],
) -> SummaryRow {
    let penalties: Vec<String> = [
        ("kernel", regularizers.kernel),
        ("bias", regularizers.bias),
        ("activity", regularizers.activity),
    ]
    .into_iter()
    .filter(|(_, regularizer)| !regularizer.is_none())
    .map(|(part, regularizer)| format!("{part} {regularizer}"))
    .collect();
    SummaryRow {
        name: name.to_string(),
        kind: format!("Dense, {activation}"),
        units,
        trainable: inputs.saturating_mul(units).saturating_add(units),
        non_trainable: 0,
        penalties: penalties.join(", "),
    }
}

fn batch_norm(name: LayerName, block: &BlockConfig) -> Option<SummaryRow> {
    block.batch_norm.then(|| SummaryRow {
        name: format!("{name}.batch_norm"),
        kind: "BatchNormalization".to_owned(),
        units: block.units,
        trainable: 2 * block.units,
        non_trainable: 2 * block.units,
        penalties: String::new(),
    })
}

fn dropout(name: LayerName, block: &BlockConfig) -> Option<SummaryRow> {
    (block.dropout > 0.0).then(|| SummaryRow {
        name: format!("{name}.dropout"),
        kind: format!("Dropout {}", block.dropout),
        units: block.units,
        trainable: 0,
        non_trainable: 0,
        penalties: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use crate::{NOTEBOOK_HIDDEN, NetworkConfig, Regularizer, presets};

    #[test]
    fn parameter_counts_are_those_of_keras() {
        let variants = presets(&NOTEBOOK_HIDDEN);
        let counts = variants.clone().map(|(_, network)| network.parameters(784, 10));
        assert_eq!(counts, [54510, 54510, 54510, 54510, 55510, 55510]);
        let [.., (_, both)] = variants;
        let rows = both.summary(784, 10);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(
            names,
            ["hidden1", "hidden2", "hidden2.batch_norm", "hidden2.dropout", "output"]
        );
        let counts: Vec<_> = rows.iter().map(|row| (row.trainable, row.non_trainable)).collect();
        assert_eq!(counts, [(39250, 0), (12750, 0), (500, 500), (0, 0), (2510, 0)]);
    }

    #[test]
    fn names_the_penalties() {
        let mut network = NetworkConfig::plain(&[3]);
        network.output.kernel = Regularizer { l1: 0.1, l2: 0.2 };
        network.output.activity = Regularizer { l1: 0.0, l2: 0.3 };
        let rows = network.summary(2, 2);
        assert_eq!(rows[0].penalties, "");
        assert_eq!(rows[1].penalties, "kernel l1_l2(0.1, 0.2), activity l2(0.3)");
    }
}
