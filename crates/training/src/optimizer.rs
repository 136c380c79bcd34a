//! Updates of a network's weights: weight decay, the optimizer's rule, constraints.
//!
//! Burn's `ModuleOptimizer` is not used: it restores its state on Burn's default device, which may be another one, and
//! keys it by ids that differ in each process.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, Param},
    optim::{
        GradientsParams, Optimizer as UpdateRule, RecordState, Sgd, SgdConfig, StateSink,
        StateSource, momentum::MomentumConfig,
    },
    tensor::{Device, Tensor, TensorData},
};
use model::{Constraint, Network};

use crate::{adam::Adam, weights};

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
    /// Adam (Kingma & Ba 2015).
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
    rule: Rule,
    constraints: BTreeMap<String, Constraint>,
}

/// A rule with the state of each tensor by name.
enum Rule {
    Sgd(Updates<Sgd>),
    Adam(Updates<Adam>),
}

impl Optimizer {
    /// Creates the optimizer of a network before the first step.
    pub fn new(config: OptimizerConfig, network: &Network) -> Self {
        let rule = match config.rule {
            RuleConfig::Sgd { momentum, nesterov } => {
                let momentum = MomentumConfig { momentum, dampening: 0.0, nesterov };
                let momentum = Some(momentum).filter(|config| config.momentum > 0.0);
                Rule::Sgd(Updates::new(SgdConfig::new().with_momentum(momentum).build()))
            }
            RuleConfig::Adam { beta_1, beta_2, epsilon } => {
                Rule::Adam(Updates::new(Adam { beta_1, beta_2, epsilon }))
            }
        };
        Self { config, rule, constraints: network.constraints() }
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
        match &self.rule {
            Rule::Sgd(updates) => updates.tensors(),
            Rule::Adam(updates) => updates.tensors(),
        }
    }

    /// Restores a state that [`tensors`](Self::tensors) read. `names` are the names of the network's tensors.
    pub(crate) fn restore<'a>(
        &mut self,
        tensors: BTreeMap<String, TensorData>,
        names: impl Iterator<Item = &'a str>,
        device: &Device,
    ) {
        match &mut self.rule {
            Rule::Sgd(updates) => updates.restore(tensors, names, device),
            Rule::Adam(updates) => updates.restore(tensors, names, device),
        }
    }

    /// Updates a tensor.
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
        let tensor = match &mut self.rule {
            Rule::Sgd(updates) => updates.step(name, learning_rate, tensor, gradient),
            Rule::Adam(updates) => updates.step(name, learning_rate, tensor, gradient),
        };
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

/// A rule of Burn's kind, with its state for each tensor by name. Rules compute element by element, so tensors of all
/// ranks are updated as vectors.
struct Updates<R: UpdateRule> {
    rule: R,
    states: BTreeMap<String, R::State<1>>,
}

impl<R: UpdateRule> Updates<R> {
    fn new(rule: R) -> Self {
        Self { rule, states: BTreeMap::new() }
    }

    fn step<const D: usize>(
        &mut self,
        name: &str,
        learning_rate: f64,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
    ) -> Tensor<D> {
        let shape = tensor.shape();
        let [tensor, gradient] = [tensor, gradient].map(|tensor| tensor.reshape([-1]));
        let state = self.states.remove(name);
        let (tensor, state) = self.rule.step(learning_rate, tensor, gradient, state);
        self.states.extend(state.map(|state| (name.to_owned(), state)));
        tensor.reshape(shape)
    }

    fn tensors(&self) -> BTreeMap<String, TensorData> {
        let mut sink = StateSink::default();
        for (name, state) in &self.states {
            state.state_flatten(name, &mut sink);
        }
        sink.tensors.into_iter().collect()
    }

    fn restore<'a>(
        &mut self,
        tensors: BTreeMap<String, TensorData>,
        names: impl Iterator<Item = &'a str>,
        device: &Device,
    ) {
        let mut source = StateSource::default();
        for (name, data) in tensors {
            source.insert_tensor(name, data);
        }
        let state = |name: &str| {
            let state = R::State::<1>::state_unflatten(name, &mut source, device)?;
            Some((name.to_owned(), state))
        };
        self.states = names.filter_map(state).collect();
    }
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
        let name = weights::name(&self.path);
        let (id, tensor, mapper) = parameter.consume();
        let updated = self.optimizer.update(&name, self.learning_rate, tensor.inner(), gradient);
        Param::from_mapped_value(id, Tensor::from_inner(updated).require_grad(), mapper)
    }
}
