//! A network's layers and parameter counts, as in Keras's `model.summary()`, and its penalties.

use crate::{
    BIAS, BlockConfig, DenseConfig, KERNEL, LayerName, NetworkConfig, NoiseConfig, Norm, is_trained,
};

/// A row of a network's summary: a layer as Keras counts them.
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
    /// Penalties and constraints, such as `kernel l2(0.01)`; empty without any.
    pub penalties: String,
}

impl NetworkConfig {
    /// Summarises the network's layers, in order from the input, for these numbers of inputs and classes.
    pub fn summary(&self, inputs: usize, classes: usize) -> Vec<SummaryRow> {
        let mut rows: Vec<SummaryRow> = noise(LayerName::Input, self.input, inputs).collect();
        let mut inputs = inputs;
        for (index, block) in self.hidden.iter().enumerate() {
            let (name, &BlockConfig { units, norm, .. }) = (LayerName::Hidden(index), block);
            rows.push(dense(name, "ReLU", &block.dense, [inputs, units]));
            rows.extend(norm.map(|norm| normalisation(name, norm, units)));
            rows.extend(noise(name, block.noise, units));
            inputs = units;
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
    layer: &DenseConfig,
    [inputs, units]: [usize; 2],
) -> SummaryRow {
    let penalties = [
        (KERNEL, layer.kernel_regularizer),
        (BIAS, layer.bias_regularizer),
        ("activity", layer.activity_regularizer),
    ];
    let penalties = penalties
        .into_iter()
        .filter(|(_, regularizer)| !regularizer.is_none())
        .map(|(part, regularizer)| format!("{part} {regularizer}"));
    let constraints = [(KERNEL, layer.kernel_constraint), (BIAS, layer.bias_constraint)];
    let constraints = constraints
        .into_iter()
        .filter_map(|(part, constraint)| Some(format!("{part} {}", constraint?)));
    SummaryRow {
        kind: format!("Dense, {activation}"),
        trainable: inputs.saturating_mul(units).saturating_add(units),
        penalties: penalties.chain(constraints).collect::<Vec<_>>().join(", "),
        ..SummaryRow::of(name.to_string(), units)
    }
}

fn normalisation(name: LayerName, norm: Norm, units: usize) -> SummaryRow {
    let trained = norm.tensors().iter().filter(|tensor| is_trained(tensor)).count();
    SummaryRow {
        kind: norm.title().to_owned(),
        trainable: trained * units,
        non_trainable: (norm.tensors().len() - trained) * units,
        ..SummaryRow::of(format!("{name}.{}", norm.name()), units)
    }
}

fn noise(name: LayerName, noise: NoiseConfig, units: usize) -> impl Iterator<Item = SummaryRow> {
    let layers = [
        ("gaussian_noise", "GaussianNoise", noise.gaussian_noise),
        ("gaussian_dropout", "GaussianDropout", noise.gaussian_dropout),
        ("dropout", "Dropout", noise.dropout),
    ];
    layers.into_iter().filter(|(_, _, value)| *value > 0.0).map(move |(key, kind, value)| {
        SummaryRow {
            kind: format!("{kind} {value}"),
            ..SummaryRow::of(format!("{name}.{key}"), units)
        }
    })
}

impl SummaryRow {
    /// Returns a row without parameters.
    fn of(name: String, units: usize) -> Self {
        let (kind, penalties) = Default::default();
        Self { name, kind, units, trainable: 0, non_trainable: 0, penalties }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Constraint, NOTEBOOK_HIDDEN, NetworkConfig, Regularizer, presets};

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
        network.output.kernel_regularizer = Regularizer { l1: 0.1, l2: 0.2, orthogonal: 0.0 };
        network.output.activity_regularizer.l2 = 0.3;
        network.output.bias_constraint = Some(Constraint::MaxNorm(2.0));
        let rows = network.summary(2, 2);
        assert_eq!(rows[0].penalties, "");
        assert_eq!(rows[1].penalties, "kernel l1_l2(0.1, 0.2), activity l2(0.3), bias max_norm(2)");
    }
}
