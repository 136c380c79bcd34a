//! What `model.summary()` tells in Keras, and the penalties, which it does not.

use crate::{LayerConfig, NetworkConfig, network::LayerName};

/// One line of a network's summary: a Dense layer, a batch normalisation or a dropout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it stands, such as `hidden2` or `hidden2.batch_norm`.
    pub name: String,
    /// What it is, such as `Dense, ReLU`.
    pub kind: String,
    /// Outputs per image.
    pub units: usize,
    /// Parameters that training changes by gradient.
    pub trainable: usize,
    /// Parameters that training changes otherwise: the moving statistics.
    pub non_trainable: usize,
    /// Its penalties in words, empty without any.
    pub penalties: String,
}

impl NetworkConfig {
    /// The network's layers from the input on.
    #[must_use]
    pub fn summary(&self) -> Vec<Row> {
        let mut inputs = self.inputs;
        let mut rows = Vec::new();
        for name in LayerName::ALL {
            let layer = self.layer(name);
            rows.push(dense(name, layer, inputs));
            if name != LayerName::Output {
                rows.extend(batch_norm(name, layer));
                rows.extend(dropout(name, layer));
            }
            inputs = layer.units;
        }
        rows
    }

    /// All parameters, trainable or not; Keras's "Total params".
    #[must_use]
    pub fn parameters(&self) -> usize {
        let count = |row: &Row| row.trainable + row.non_trainable;
        self.summary().iter().map(count).sum()
    }
}

fn dense(name: LayerName, layer: &LayerConfig, inputs: usize) -> Row {
    let activation = match name {
        LayerName::Output => "softmax",
        LayerName::Hidden1 | LayerName::Hidden2 => "ReLU",
    };
    let penalties: Vec<String> = [
        ("kernel", layer.kernel_regularizer),
        ("bias", layer.bias_regularizer),
        ("activity", layer.activity_regularizer),
    ]
    .into_iter()
    .filter(|(_, regularizer)| !regularizer.is_none())
    .map(|(part, regularizer)| format!("{part} {regularizer}"))
    .collect();
    Row {
        name: name.to_string(),
        kind: format!("Dense, {activation}"),
        units: layer.units,
        trainable: inputs * layer.units + layer.units,
        non_trainable: 0,
        penalties: penalties.join(", "),
    }
}

fn batch_norm(name: LayerName, layer: &LayerConfig) -> Option<Row> {
    layer.batch_norm.then(|| Row {
        name: format!("{name}.batch_norm"),
        kind: "BatchNormalization".to_owned(),
        units: layer.units,
        trainable: 2 * layer.units,
        non_trainable: 2 * layer.units,
        penalties: String::new(),
    })
}

fn dropout(name: LayerName, layer: &LayerConfig) -> Option<Row> {
    (layer.dropout > 0.0).then(|| Row {
        name: format!("{name}.dropout"),
        kind: format!("Dropout {}", layer.dropout),
        units: layer.units,
        trainable: 0,
        non_trainable: 0,
        penalties: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use crate::{NetworkConfig, Regularizer, presets};

    #[test]
    fn counts_what_keras_counts() {
        let counts = presets().map(|variant| variant.network.parameters());
        assert_eq!(counts, [54510, 54510, 54510, 54510, 55510, 55510]);
        let [.., both] = presets();
        let rows = both.network.summary();
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
        let mut network = NetworkConfig::plain();
        network.output.kernel_regularizer = Regularizer { l1: 0.1, l2: 0.2 };
        network.output.activity_regularizer = Regularizer { l1: 0.0, l2: 0.3 };
        let rows = network.summary();
        assert_eq!(rows[1].penalties, "");
        assert_eq!(rows[2].penalties, "kernel l1_l2(0.1, 0.2), activity l2(0.3)");
    }
}
