//! The fused operations under autodiff. Each is one node of the graph, with its gradient in closed form.

use burn::backend::{
    Autodiff,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    tensor::{FloatTensor, IntTensor},
};

use super::{FusedOps, same_rank};
use crate::SparseInput;

impl<B: FusedOps, C: CheckpointStrategy> FusedOps for Autodiff<B, C> {
    fn dense(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self> {
        // The tensors are moved, not cloned: a backend writes in place to storage that has no other handle.
        let (input, input_node) = input.into_parts();
        let (kernel, kernel_node) = kernel.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let nodes = [input_node, kernel_node, bias_node];
        match Dense.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = B::dense(input.clone(), kernel.clone(), bias, relu);
                prep.finish(([input, kernel, output.clone()], relu), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::dense(input, kernel, bias, relu)),
        }
    }

    fn sparse_dense(
        images: SparseInput,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (kernel, kernel_node) = kernel.into_parts();
        let (bias, bias_node) = bias.into_parts();
        match SparseDense.prepare::<C>([kernel_node, bias_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = B::sparse_dense(images.clone(), kernel, bias);
                prep.finish((images, output.clone()), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::sparse_dense(images, kernel, bias)),
        }
    }

    fn normalize(
        input: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let (input, input_node) = input.into_parts();
        let (gamma, gamma_node) = gamma.into_parts();
        let (beta, beta_node) = beta.into_parts();
        let (mean, variance) = (mean.into_primitive(), variance.into_primitive());
        let nodes = [input_node, gamma_node, beta_node];
        match BatchNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let state = ([&input, &mean, &variance, &gamma].map(Clone::clone), epsilon);
                prep.finish(state, B::normalize(input, mean, variance, gamma, beta, epsilon))
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::normalize(input, mean, variance, gamma, beta, epsilon))
            }
        }
    }

    fn cross_entropy(
        logits: FloatTensor<Self>,
        classes: IntTensor<Self>,
        smoothing: f64,
    ) -> FloatTensor<Self> {
        let (logits, node) = logits.into_parts();
        match CrossEntropy.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (loss, logits_gradient) =
                    B::cross_entropy_with_gradient(logits, classes, smoothing);
                prep.finish(logits_gradient, loss)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::cross_entropy(logits, classes, smoothing)),
        }
    }

    fn l1_l2(input: FloatTensor<Self>, l1: f64, l2: f64) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        match L1L2.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let penalty = B::l1_l2(input.clone(), l1, l2);
                prep.finish((input, l1, l2), penalty)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::l1_l2(input, l1, l2)),
        }
    }
}

#[derive(Debug)]
struct Dense;

impl<B: FusedOps> Backward<B, 3> for Dense {
    /// Input, kernel and output; `relu`.
    type State = ([FloatTensor<B>; 3], bool);

    fn backward(
        self,
        Ops { parents: [input_node, kernel_node, bias_node], node, state }: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _: &mut Checkpointer,
    ) {
        let ([input, kernel, output], relu) = state;
        let gradient = gradients.consume::<B>(&node);
        let (gradient, bias_gradient) = B::bias_relu_backward(output, gradient, relu);
        if let Some(node) = bias_node {
            gradients.register::<B>(node.id, bias_gradient);
        }
        if let Some(node) = kernel_node {
            let kernel_gradient = B::float_matmul(B::float_transpose(input), gradient.clone());
            gradients.register::<B>(node.id, kernel_gradient);
        }
        // The input of the first layer, the images, needs no gradient.
        if let Some(node) = input_node {
            let input_gradient = B::float_matmul(gradient, B::float_transpose(kernel));
            gradients.register::<B>(node.id, input_gradient);
        }
    }
}

#[derive(Debug)]
struct SparseDense;

impl<B: FusedOps> Backward<B, 2> for SparseDense {
    /// Images and output.
    type State = (SparseInput, FloatTensor<B>);

    fn backward(
        self,
        Ops { parents: [kernel_node, bias_node], node, state: (images, output) }: Ops<
            Self::State,
            2,
        >,
        gradients: &mut Gradients,
        _: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&node);
        let (gradient, bias_gradient) = B::bias_relu_backward(output, gradient, true);
        if let Some(node) = bias_node {
            gradients.register::<B>(node.id, bias_gradient);
        }
        if let Some(node) = kernel_node {
            gradients.register::<B>(node.id, B::sparse_kernel_gradient(images, gradient));
        }
    }
}

#[derive(Debug)]
struct BatchNorm;

impl<B: FusedOps> Backward<B, 3> for BatchNorm {
    /// Input, mean, variance and gamma; epsilon.
    type State = ([FloatTensor<B>; 4], f64);

    fn backward(
        self,
        Ops { parents: [input_node, gamma_node, beta_node], node, state }: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _: &mut Checkpointer,
    ) {
        let ([input, mean, variance, gamma], epsilon) = state;
        let gradient = gradients.consume::<B>(&node);
        let (input_gradient, gamma_gradient, beta_gradient) =
            B::normalize_backward(input, mean, variance, gamma, gradient, epsilon);
        let parents = [
            (input_node, input_gradient),
            (gamma_node, gamma_gradient),
            (beta_node, beta_gradient),
        ];
        for (node, gradient) in parents {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct CrossEntropy;

impl<B: FusedOps> Backward<B, 1> for CrossEntropy {
    /// The gradient of the loss with respect to the logits.
    type State = FloatTensor<B>;

    fn backward(
        self,
        Ops { parents: [logits_node], node, state }: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&node);
        if let Some(node) = logits_node {
            let gradient = same_rank::<B>(gradient, &state);
            gradients.register::<B>(node.id, B::float_mul(state, gradient));
        }
    }
}

#[derive(Debug)]
struct L1L2;

impl<B: FusedOps> Backward<B, 1> for L1L2 {
    /// Input, l1 and l2.
    type State = (FloatTensor<B>, f64, f64);

    fn backward(
        self,
        Ops { parents: [input_node], node, state: (input, l1, l2) }: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&node);
        if let Some(node) = input_node {
            gradients.register::<B>(node.id, B::l1_l2_backward(input, gradient, l1, l2));
        }
    }
}
