//! Operations that pay when they are fused: each is one pass over memory, or one node of autodiff's graph,
//! where tensor operations would take several.
//!
//! [`FusedOps`] says each of them in tensor operations, which is what GPUs compute. [`host`] overrides those that are
//! passes over a CPU's memory; [`autodiff`] has the gradients. The times of an operation are milliseconds forward and
//! backward on flex, on one core of an Intel Xeon with AVX-512: in tensor operations → fused, on 1000 images; on 50.
#![expect(deprecated, reason = "ndarray is part of the comparison until Burn drops it")]

mod autodiff;
mod host;

use burn::{
    backend::{
        Backend, Cube, Dispatch, TensorMetadata, backend_extension,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{IndexingUpdateOp, Int, Shape, Tensor},
};

/// The operations, on a backend's own tensors. Those that end in `_backward` take the gradient by an output
/// to the gradients by its inputs.
#[backend_extension(Flex, NdArray, Cube, Autodiff)]
pub(crate) trait FusedOps: Backend {
    /// A Dense layer: input · kernel + bias, then ReLU where asked for; `[batch, inputs]` to `[batch, units]`. From
    /// 50 to 250 units with ReLU: 2.79 → 2.23; 0.114 → 0.088.
    fn dense(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self> {
        Self::bias_relu(Self::float_matmul(input, kernel), bias, relu)
    }

    /// pre-activation + bias, `[batch, units]` and `[units]`, then ReLU where asked for.
    fn bias_relu(
        pre_activation: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self> {
        let sum = Self::float_add(pre_activation, row::<Self>(bias));
        if relu { Self::relu(sum) } else { sum }
    }

    /// The gradients by pre-activation and bias, from the layer's output `[batch, units]`.
    fn bias_relu_backward(
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let gradient = if relu { Self::relu_backward(output, gradient) } else { gradient };
        let by_bias = sum_over_batch::<Self>(gradient.clone());
        (gradient, by_bias)
    }

    /// Mean and biased variance of each unit over the batch: `[batch, units]` to twice `[units]`.
    fn moments(input: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let units = input.shape()[1];
        let mean = Self::float_mean_dim(input.clone(), 0);
        let centred = Self::float_sub(input, mean.clone());
        let variance = Self::float_mean_dim(Self::float_mul(centred.clone(), centred), 0);
        let vector = |tensor| Self::float_reshape(tensor, Shape::new([units]));
        (vector(mean), vector(variance))
    }

    /// (input − mean) / √(variance + epsilon) · gamma + beta. Its gradient takes mean and variance for the
    /// input's own [`moments`](Self::moments). With these, 250 units, against Burn's `batch_norm_train`: 6.40 → 1.02;
    /// 0.277 → 0.061.
    fn normalize(
        input: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let scale = Self::float_mul(reciprocal_deviation::<Self>(variance, epsilon), gamma);
        let centred = Self::float_sub(input, row::<Self>(mean));
        Self::float_add(Self::float_mul(centred, row::<Self>(scale)), row::<Self>(beta))
    }

    /// The gradients by input, gamma and beta (Ioffe & Szegedy 2015, section 3).
    fn normalize_backward(
        input: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let batch = input.shape()[0] as f64;
        let reciprocal = reciprocal_deviation::<Self>(variance, epsilon);
        let centred = Self::float_sub(input, row::<Self>(mean));
        let normalised = Self::float_mul(centred, row::<Self>(reciprocal.clone()));
        let by_beta = sum_over_batch::<Self>(gradient.clone());
        let by_gamma =
            sum_over_batch::<Self>(Self::float_mul(gradient.clone(), normalised.clone()));
        let through_statistics = Self::float_add(
            Self::float_mul(normalised, row::<Self>(by_gamma.clone())),
            row::<Self>(by_beta.clone()),
        );
        let through_statistics = Self::float_div_scalar(through_statistics, batch.into());
        let scale = row::<Self>(Self::float_mul(reciprocal, gamma));
        let by_input = Self::float_mul(Self::float_sub(gradient, through_statistics), scale);
        (by_input, by_gamma, by_beta)
    }

    /// The mean over the batch of −ln p of the right class, `[1]`, from logits `[batch, classes]` and classes
    /// `[batch]`. Of 10 classes: 0.198 → 0.082; 0.042 → 0.009.
    fn cross_entropy(logits: FloatTensor<Self>, classes: IntTensor<Self>) -> FloatTensor<Self> {
        let batch = logits.shape()[0];
        let classes = Self::int_reshape(classes, Shape::new([batch, 1]));
        let right = Self::float_gather(1, Self::log_softmax(logits, 1), classes);
        Self::float_div_scalar(Self::float_sum(right), (-(batch as f64)).into())
    }

    /// [`cross_entropy`](Self::cross_entropy), and its gradient by the logits: (p − one-hot) / batch (Bishop
    /// 2006, eq. 4.109).
    fn cross_entropy_with_gradient(
        logits: FloatTensor<Self>,
        classes: IntTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (batch, device, dtype) = (logits.shape()[0], logits.device(), logits.dtype());
        let loss = Self::cross_entropy(logits.clone(), classes.clone());
        let index = Self::int_reshape(classes, Shape::new([batch, 1]));
        let ones = Self::float_ones(Shape::new([batch, 1]), &device, dtype.into());
        let probabilities = Self::softmax(logits, 1);
        let minus_one = Self::float_neg(ones);
        let difference =
            Self::float_scatter(1, probabilities, index, minus_one, IndexingUpdateOp::Add);
        (loss, Self::float_div_scalar(difference, (batch as f64).into()))
    }

    /// l1·Σ|x| + l2·Σx², `[1]`; one of l1 and l2 may be 0. Of 12 500 weights, whatever the batch: L1 0.251 → 0.012,
    /// L2 0.044 → 0.012.
    fn l1_l2(input: FloatTensor<Self>, l1: f64, l2: f64) -> FloatTensor<Self> {
        let absolute =
            |input| Self::float_mul_scalar(Self::float_sum(Self::float_abs(input)), l1.into());
        let squares = |input: FloatTensor<Self>| {
            Self::float_mul_scalar(
                Self::float_sum(Self::float_mul(input.clone(), input)),
                l2.into(),
            )
        };
        // 0 · ∞ would be NaN.
        match (l1 == 0.0, l2 == 0.0) {
            (true, _) => squares(input),
            (false, true) => absolute(input),
            (false, false) => Self::float_add(absolute(input.clone()), squares(input)),
        }
    }

    /// The gradient by the input: (l1·sign(x) + 2·l2·x) · gradient, with sign(0) = 0 as in TensorFlow. The
    /// gradient by the output is `[1]`.
    fn l1_l2_backward(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        l1: f64,
        l2: f64,
    ) -> FloatTensor<Self> {
        let signs = |input| Self::float_mul_scalar(Self::float_sign(input), l1.into());
        let values = |input| Self::float_mul_scalar(input, (2.0 * l2).into());
        // 0 · ∞ would be NaN.
        let slope = match (l1 == 0.0, l2 == 0.0) {
            (true, _) => values(input),
            (false, true) => signs(input),
            (false, false) => Self::float_add(signs(input.clone()), values(input)),
        };
        let gradient = same_rank::<Self>(gradient, &slope);
        Self::float_mul(slope, gradient)
    }
}

impl FusedOps for Cube {}

/// A vector `[units]` as `[1, units]`.
fn row<B: Backend>(vector: FloatTensor<B>) -> FloatTensor<B> {
    let units = vector.shape()[0];
    B::float_reshape(vector, Shape::new([1, units]))
}

/// `[batch, units]` to `[units]`.
fn sum_over_batch<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let units = tensor.shape()[1];
    B::float_reshape(B::float_sum_dim(tensor, 0), Shape::new([units]))
}

/// A scalar `[1]` in as many dimensions as another tensor has.
fn same_rank<B: Backend>(scalar: FloatTensor<B>, other: &FloatTensor<B>) -> FloatTensor<B> {
    B::float_reshape(scalar, Shape::from(vec![1; other.rank()]))
}

/// 1 / √(variance + epsilon).
fn reciprocal_deviation<B: Backend>(variance: FloatTensor<B>, epsilon: f64) -> FloatTensor<B> {
    B::float_recip(B::float_sqrt(B::float_add_scalar(variance, epsilon.into())))
}

/// input · kernel + bias, then ReLU where asked for, of `[batch, inputs]`, `[inputs, units]` and `[units]`: `[batch,
/// units]`.
pub(crate) fn dense(input: Tensor<2>, kernel: Tensor<2>, bias: Tensor<1>, relu: bool) -> Tensor<2> {
    let [input, kernel] = [input, kernel].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::dense(input, kernel, bias.into_dispatch(), relu))
}

/// Mean and biased variance of each unit over the batch: `[batch, units]` to twice `[units]`. They are
/// constants to autodiff.
pub(crate) fn moments(input: Tensor<2>) -> [Tensor<1>; 2] {
    let (mean, variance) = Dispatch::moments(input.without_autodiff().into_dispatch());
    [mean, variance].map(Tensor::from_dispatch)
}

/// Normalises `[batch, units]` by [`moments`], each `[units]`: (input − mean) / √(variance + epsilon) · gamma +
/// beta. Under autodiff they have to be the input's own: its gradient goes through them.
pub(crate) fn batch_norm(
    input: Tensor<2>,
    moments: [Tensor<1>; 2],
    [gamma, beta]: [Tensor<1>; 2],
    epsilon: f64,
) -> Tensor<2> {
    let [mean, variance] = moments.map(Tensor::into_dispatch);
    let [gamma, beta] = [gamma, beta].map(Tensor::into_dispatch);
    let input = input.into_dispatch();
    Tensor::from_dispatch(Dispatch::normalize(input, mean, variance, gamma, beta, epsilon))
}

/// Keras's categorical cross-entropy: the mean over the batch of −ln p of the right class, `[1]`, from logits
/// `[batch, classes]` and classes `[batch]`.
pub(crate) fn cross_entropy(logits: Tensor<2>, classes: Tensor<1, Int>) -> Tensor<1> {
    let (logits, classes) = (logits.into_dispatch(), classes.into_dispatch());
    Tensor::from_dispatch(Dispatch::cross_entropy(logits, classes))
}

/// l1·Σ|x| + l2·Σx², `[1]`.
pub(crate) fn l1_l2<const D: usize>(input: Tensor<D>, l1: f64, l2: f64) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::l1_l2(input.into_dispatch(), l1, l2))
}
