//! The settings as plain fields, which the table of settings sets one by one. Their defaults stand there too:
//! [`Settings::new`].
#![expect(missing_docs, reason = "the table has a line of help for each")]

use std::{collections::BTreeMap, path::PathBuf};

use data::Source;
use model::{
    BlockConfig, Constraint, LayerConfig, LayerName, MinMaxNorm, NetworkConfig, Regularizer,
};
use training::{EarlyStopping, Pixels, RuleConfig, WeightDecay};

use super::{Backend, Jobs, Rule, Sample};

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
    pub optimizer: Rule,
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
    pub gaussian_noise: f64,
    pub gaussian_dropout: f64,
    pub dropout: f64,
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
            Rule::Sgd => RuleConfig::Sgd { momentum, nesterov },
            Rule::Adam => RuleConfig::Adam { beta_1, beta_2, epsilon },
        }
    }
}

impl VariantSettings {
    /// Converts to the model's settings, for hidden layers of these numbers of units.
    pub(super) fn network(&self, hidden: &[usize]) -> NetworkConfig {
        let layer = |name| self.layers.get(&name).cloned().unwrap_or_default().into();
        let block = |(index, &units)| BlockConfig { units, layer: layer(LayerName::Hidden(index)) };
        NetworkConfig {
            input: layer(LayerName::Input),
            hidden: hidden.iter().enumerate().map(block).collect(),
            output: layer(LayerName::Output),
            label_smoothing: self.label_smoothing,
        }
    }
}

impl From<LayerSettings> for LayerConfig {
    fn from(settings: LayerSettings) -> Self {
        let constraint = |ConstraintSettings { max_norm, unit_norm, non_neg, min_max_norm }| {
            let max_norm = Some(max_norm).filter(|norm| *norm > 0.0);
            Constraint { max_norm, unit_norm, non_neg, min_max_norm }
        };
        Self {
            kernel_regularizer: settings.kernel_regularizer,
            bias_regularizer: settings.bias_regularizer,
            activity_regularizer: settings.activity_regularizer,
            kernel_constraint: constraint(settings.kernel_constraint),
            bias_constraint: constraint(settings.bias_constraint),
            batch_norm: settings.batch_norm,
            layer_norm: settings.layer_norm,
            gaussian_noise: settings.gaussian_noise,
            gaussian_dropout: settings.gaussian_dropout,
            dropout: settings.dropout,
        }
    }
}

impl From<LayerConfig> for LayerSettings {
    fn from(layer: LayerConfig) -> Self {
        let constraint = |Constraint { max_norm, unit_norm, non_neg, min_max_norm }| {
            let max_norm = max_norm.unwrap_or(0.0);
            ConstraintSettings { max_norm, unit_norm, non_neg, min_max_norm }
        };
        Self {
            kernel_regularizer: layer.kernel_regularizer,
            bias_regularizer: layer.bias_regularizer,
            activity_regularizer: layer.activity_regularizer,
            kernel_constraint: constraint(layer.kernel_constraint),
            bias_constraint: constraint(layer.bias_constraint),
            batch_norm: layer.batch_norm,
            layer_norm: layer.layer_norm,
            gaussian_noise: layer.gaussian_noise,
            gaussian_dropout: layer.gaussian_dropout,
            dropout: layer.dropout,
        }
    }
}
