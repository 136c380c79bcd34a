//! Adam as Keras computes it.

use burn::{
    optim::{LearningRate, Optimizer, RecordState, StateSink, StateSource},
    tensor::{Device, Tensor},
};

/// Keras's `Adam` (Kingma & Ba 2015, section 2, last paragraph). Its epsilon is added to the root of the uncorrected mean
/// of squares; Burn and PyTorch add theirs to that of the corrected one. The learning rate has to include the correction.
#[derive(Debug, Clone)]
pub(crate) struct Adam {
    pub(crate) beta_1: f64,
    pub(crate) beta_2: f64,
    pub(crate) epsilon: f64,
}

/// Exponential means of a tensor's gradients.
#[derive(Debug, Clone)]
pub(crate) struct Moments<const D: usize> {
    /// Mean of the gradients.
    first: Tensor<D>,
    /// Mean of their squares.
    second: Tensor<D>,
}

impl Optimizer for Adam {
    type State<const D: usize> = Moments<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Moments<D>>,
    ) -> (Tensor<D>, Option<Moments<D>>) {
        let Moments { first, second } = state.unwrap_or_else(|| {
            let zeros = gradient.zeros_like();
            Moments { first: zeros.clone(), second: zeros }
        });
        let square = gradient.clone().square();
        let first = first.clone() + (gradient - first) * (1.0 - self.beta_1);
        let second = second.clone() + (square - second) * (1.0 - self.beta_2);
        let update = first.clone() * learning_rate / (second.clone().sqrt() + self.epsilon);
        (tensor - update, Some(Moments { first, second }))
    }

    fn to_device<const D: usize>(state: Moments<D>, device: &Device) -> Moments<D> {
        let Moments { first, second } = state;
        Moments { first: first.to_device(device), second: second.to_device(device) }
    }
}

impl<const D: usize> RecordState for Moments<D> {
    fn state_flatten(&self, prefix: &str, sink: &mut StateSink) {
        sink.push_tensor(prefix, "first", self.first.to_data());
        sink.push_tensor(prefix, "second", self.second.to_data());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let mut tensor = |name| Some(Tensor::from_data(source.take_tensor(prefix, name)?, device));
        Some(Self { first: tensor("first")?, second: tensor("second")? })
    }
}
