//! Updates of a network's weights: weight decay, the optimizer's rule, constraints.
//!
//! Burn's `ModuleOptimizer` is not used: it restores its state on Burn's default device, which may be another one, and
//! keys it by ids that differ in each process. Nor is Burn's Adam: it adds epsilon to the root of the corrected mean.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, Param},
    optim::GradientsParams,
    tensor::{Device, Tensor, TensorData},
};
use model::{Constraint, Network, tensor_name};
use safetensors::{Dtype, tensor::TensorView};

use crate::weights::{self, Views};

/// The settings of the updates.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimizerConfig {
    /// The rule.
    pub rule: RuleConfig,
    /// Learning rate, above 0.
    pub learning_rate: f64,
    /// Decoupled weight decay, if any.
    pub weight_decay: Option<WeightDecay>,
}

/// The settings of an optimizer's rule, with Keras's names and meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RuleConfig {
    /// Stochastic gradient descent.
    Sgd {
        /// Share of the last update that is added to an update, 0 or more and below 1.
        momentum: f64,
        /// Takes the gradient as if the momentum had been applied already (Sutskever et al. 2013).
        nesterov: bool,
    },
    /// Adam (Kingma & Ba 2015), as Keras computes it: epsilon is added to the root of the uncorrected mean of squares
    /// (section 2, last paragraph).
    Adam {
        /// Decay of the mean of the gradients, 0 or more and below 1.
        beta_1: f64,
        /// Decay of the mean of their squares, 0 or more and below 1.
        beta_2: f64,
        /// Added to the root of the mean of squares, above 0.
        epsilon: f64,
    },
}

/// Decoupled weight decay (Loshchilov & Hutter 2019), as in Keras's optimizers: before each update a weight w loses
/// w · rate · learning rate.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightDecay {
    /// Rate, 0 or more.
    pub rate: f64,
    /// Excludes the tensors whose name, such as `hidden2.batch_norm.gamma`, contains one of these.
    pub exclude: Vec<String>,
}

impl Default for OptimizerConfig {
    /// Returns the default of Keras's `SGD`.
    fn default() -> Self {
        Self { rule: RuleConfig::default(), learning_rate: 0.01, weight_decay: None }
    }
}

impl Default for RuleConfig {
    /// Returns SGD without momentum.
    fn default() -> Self {
        Self::Sgd { momentum: 0.0, nesterov: false }
    }
}

impl Default for WeightDecay {
    /// Returns the default of Keras's `AdamW`.
    fn default() -> Self {
        Self { rate: 0.004, exclude: Vec::new() }
    }
}

/// An optimizer with its state.
pub struct Optimizer {
    config: OptimizerConfig,
    constraints: BTreeMap<String, Constraint>,
    /// Moments of each tensor by its name, in the order of [`RuleConfig::moments`].
    states: BTreeMap<String, Vec<Tensor<1>>>,
}

impl Optimizer {
    /// Creates the optimizer of a network before the first step.
    pub fn new(config: OptimizerConfig, network: &Network) -> Self {
        Self { config, constraints: network.constraints(), states: BTreeMap::new() }
    }

    /// Updates a network's weights for step `step`, from 1.
    pub(crate) fn step(
        &mut self,
        step: u64,
        network: Network,
        gradients: GradientsParams,
    ) -> Network {
        let learning_rate = self.config.rule.learning_rate(self.config.learning_rate, step);
        network.map(&mut Update { optimizer: self, gradients, learning_rate, path: Vec::new() })
    }

    /// Reads the state from the device, by names that begin with the tensor's.
    pub(crate) fn tensors(&self) -> BTreeMap<String, TensorData> {
        let tensors = self.states.iter().flat_map(|(name, moments)| {
            let names = self.config.rule.moments().iter().map(|moment| format!("{name}.{moment}"));
            names.zip(moments.iter().map(Tensor::to_data)).collect::<Vec<_>>()
        });
        tensors.collect()
    }

    /// Restores a state that [`tensors`](Self::tensors) read, given the tensors that are trained. Returns the name of one that
    /// is missing or does not fit.
    pub(crate) fn restore<'a>(
        &mut self,
        mut moments: Views<'_>,
        trained: impl Iterator<Item = (&'a String, &'a TensorView<'a>)>,
        device: &Device,
    ) -> Result<(), String> {
        for (name, weight) in trained {
            let len: usize = weight.shape().iter().product();
            for moment in self.config.rule.moments() {
                let key = format!("{name}.{moment}");
                let view = moments.remove(&key).filter(|view| *view.shape() == [len]);
                let view = view.filter(|view| view.dtype() == Dtype::F32).ok_or(key)?;
                let state = self.states.entry(name.clone()).or_default();
                state.push(Tensor::from_data(weights::data(&view), device));
            }
        }
        moments.into_keys().next().map_or(Ok(()), Err)
    }

    /// Updates a tensor: weight decay, the rule, the constraint.
    fn update<const D: usize>(
        &mut self,
        name: &str,
        learning_rate: f64,
        mut tensor: Tensor<D>,
        gradient: Tensor<D>,
    ) -> Tensor<D> {
        if let Some(decay) = &self.config.weight_decay
            && !decay.exclude.iter().any(|part| name.contains(part.as_str()))
        {
            let share = decay.rate * self.config.learning_rate;
            tensor = tensor.clone() - tensor * share;
        }
        let shape = tensor.shape();
        // The rules compute element by element, so tensors of all ranks are updated as vectors.
        let moments = self.states.remove(name).unwrap_or_default();
        let (change, moments) =
            self.config.rule.change(gradient.reshape([-1]), moments, learning_rate);
        if !moments.is_empty() {
            self.states.insert(name.to_owned(), moments);
        }
        let tensor = (tensor.reshape([-1]) - change).reshape(shape);
        match self.constraints.get(name) {
            Some(constraint) => constraint.apply(tensor),
            None => tensor,
        }
    }
}

impl RuleConfig {
    /// Returns the names of the tensors that the rule keeps of each trained tensor.
    pub(crate) fn moments(self) -> &'static [&'static str] {
        match self {
            Self::Sgd { momentum: 0.0, .. } => &[],
            Self::Sgd { .. } => &["momentum.velocity"],
            Self::Adam { .. } => &["first", "second"],
        }
    }

    /// Computes the decrease of a tensor in a step, and its new moments, from its moments so far: none before the first step.
    /// The learning rate has to include Adam's correction.
    fn change(
        self,
        gradient: Tensor<1>,
        moments: Vec<Tensor<1>>,
        learning_rate: f64,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let mut moments = moments.into_iter();
        match self {
            Self::Sgd { momentum: 0.0, .. } => (gradient * learning_rate, Vec::new()),
            Self::Sgd { momentum, nesterov } => {
                let velocity = match moments.next() {
                    Some(velocity) => gradient.clone() + velocity * momentum,
                    None => gradient.clone(),
                };
                let sum = if nesterov {
                    velocity.clone() * momentum + gradient
                } else {
                    velocity.clone()
                };
                (sum * learning_rate, vec![velocity])
            }
            Self::Adam { beta_1, beta_2, epsilon } => {
                let first = moments.next().unwrap_or_else(|| gradient.zeros_like());
                let second = moments.next().unwrap_or_else(|| gradient.zeros_like());
                let square = gradient.clone().square();
                let first = first.clone() + (gradient - first) * (1.0 - beta_1);
                let second = second.clone() + (square - second) * (1.0 - beta_2);
                let change = first.clone() * learning_rate / (second.clone().sqrt() + epsilon);
                (change, vec![first, second])
            }
        }
    }

    /// Returns the learning rate of step `step`, from 1, with Adam's correction for means that started at 0 (Kingma & Ba
    /// 2015, section 2).
    fn learning_rate(self, learning_rate: f64, step: u64) -> f64 {
        match self {
            Self::Sgd { .. } => learning_rate,
            Self::Adam { beta_1, beta_2, .. } => {
                learning_rate * (1.0 - power(beta_2, step)).sqrt() / (1.0 - power(beta_1, step))
            }
        }
    }
}

/// Computes base^exponent by squaring: the libraries of different machines differ in the last bit.
fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left % 2 == 1 {
            result *= square;
        }
        square *= square;
        left /= 2;
    }
    result
}

/// Updates each tensor that has a gradient.
struct Update<'a> {
    optimizer: &'a mut Optimizer,
    gradients: GradientsParams,
    learning_rate: f64,
    path: Vec<String>,
}

impl ModuleMapper for Update<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(parameter.id) else { return parameter };
        let name = tensor_name(&self.path);
        let (id, tensor, mapper) = parameter.consume();
        let updated = self.optimizer.update(&name, self.learning_rate, tensor.inner(), gradient);
        Param::from_mapped_value(id, Tensor::from_inner(updated).require_grad(), mapper)
    }
}
