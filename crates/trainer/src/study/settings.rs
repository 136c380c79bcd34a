//! The settings as plain fields, which the table of settings sets one by one. Their defaults stand there too:
//! [`Settings::new`].
#![expect(missing_docs, reason = "the table has a line of help for each")]

use std::{collections::BTreeMap, path::PathBuf};

use data::{Size, Source};
use model::{
    BlockConfig, Constraint, DenseConfig, LayerName, MinMaxNorm, NetworkConfig, NoiseConfig, Norm,
    Regularizer,
};
use training::{EarlyStopping, Pixels, RuleConfig, WeightDecay};

use super::{Backend, Jobs, OptimizerName, Sample};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    pub backend: Backend,
    pub variants: Vec<String>,
    pub seeds: Vec<u64>,
    pub jobs: Jobs,
    pub hidden: Vec<usize>,
    pub data: DataSettings,
    pub fit: FitSettings,
    pub tensorboard: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataSettings {
    pub sources: Vec<Source>,
    pub pixels: Pixels,
    pub dir: Option<PathBuf>,
    pub transposed: bool,
    pub size: Option<Size>,
    pub test_split: f64,
    pub validation_split: f64,
    pub limit: Option<usize>,
    pub sample: Sample,
    pub label_noise: f64,
    pub validation: Option<usize>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct FitSettings {
    pub epochs: usize,
    pub batch_size: usize,
    pub learning_rate: f64,
    pub optimizer: OptimizerName,
    pub momentum: f64,
    pub nesterov: bool,
    pub beta_1: f64,
    pub beta_2: f64,
    pub epsilon: f64,
    pub shuffle: bool,
    pub validate_every: usize,
    pub weights: Option<PathBuf>,
    pub checkpoint_every: Option<usize>,
}

/// Settings of one `[variant.NAME]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantSettings {
    pub label: Option<String>,
    pub early_stopping: Option<EarlyStopping>,
    pub weight_decay: Option<WeightDecay>,
    pub label_smoothing: f64,
    pub shift: u8,
    /// Settings of the layers; a layer without an entry has the defaults.
    pub layers: BTreeMap<LayerName, LayerSettings>,
}

/// Settings of a layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LayerSettings {
    pub kernel_regularizer: Regularizer,
    pub bias_regularizer: Regularizer,
    pub activity_regularizer: Regularizer,
    pub kernel_constraint: ConstraintSettings,
    pub bias_constraint: ConstraintSettings,
    pub batch_norm: bool,
    pub layer_norm: bool,
    pub noise: NoiseConfig,
}

/// Settings of a constraint: at most one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConstraintSettings {
    pub max_norm: f64,
    pub unit_norm: bool,
    pub non_neg: bool,
    pub min_max_norm: Option<MinMaxNorm>,
}

impl DataSettings {
    /// Returns whether some training images are held out for validation.
    pub fn is_validated(&self) -> bool {
        self.validation.is_some() || self.validation_split > 0.0
    }
}

impl FitSettings {
    /// Returns the optimizer's rule.
    pub fn rule(&self) -> RuleConfig {
        let Self { momentum, nesterov, beta_1, beta_2, epsilon, .. } = *self;
        match self.optimizer {
            OptimizerName::Sgd => RuleConfig::Sgd { momentum, nesterov },
            OptimizerName::Adam => RuleConfig::Adam { beta_1, beta_2, epsilon },
        }
    }
}

impl VariantSettings {
    /// Converts to the model's settings, for hidden layers of these numbers of units.
    pub(super) fn network(&self, hidden: &[usize]) -> NetworkConfig {
        let layer = |name| self.layers.get(&name).cloned().unwrap_or_default();
        let blocks = hidden.iter().enumerate().map(|(index, &units)| {
            let layer = layer(LayerName::Hidden(index));
            let norm = layer.batch_norm.then_some(Norm::Batch);
            let norm = norm.or(layer.layer_norm.then_some(Norm::Layer));
            BlockConfig { units, dense: layer.dense_config(), norm, noise: layer.noise }
        });
        NetworkConfig {
            input: layer(LayerName::Input).noise,
            hidden: blocks.collect(),
            output: layer(LayerName::Output).dense_config(),
        }
    }
}

impl LayerSettings {
    fn dense_config(&self) -> DenseConfig {
        DenseConfig {
            kernel_regularizer: self.kernel_regularizer,
            bias_regularizer: self.bias_regularizer,
            activity_regularizer: self.activity_regularizer,
            kernel_constraint: self.kernel_constraint.constraint(),
            bias_constraint: self.bias_constraint.constraint(),
        }
    }
}

impl ConstraintSettings {
    fn constraint(&self) -> Option<Constraint> {
        let max_norm = (self.max_norm > 0.0).then_some(Constraint::MaxNorm(self.max_norm));
        max_norm
            .or(self.unit_norm.then_some(Constraint::UnitNorm))
            .or(self.non_neg.then_some(Constraint::NonNeg))
            .or(self.min_max_norm.map(Constraint::MinMaxNorm))
    }
}

/// Settings of a preset's layer, as far as presets set any.
impl From<&BlockConfig> for LayerSettings {
    fn from(BlockConfig { dense, norm, noise, .. }: &BlockConfig) -> Self {
        Self {
            kernel_regularizer: dense.kernel_regularizer,
            batch_norm: *norm == Some(Norm::Batch),
            noise: *noise,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use model::presets;

    use super::*;

    #[test]
    fn presets_lose_nothing_as_settings() {
        for (name, network) in presets(&[7]) {
            let layers = BTreeMap::from([(LayerName::Hidden(0), (&network.hidden[0]).into())]);
            let settings = VariantSettings { layers, ..VariantSettings::default() };
            assert_eq!(settings.network(&[7]), network, "{name}");
        }
    }
}
