//! The fused operations on the CPU. Each passes row by row over a batch `[batch, units]`, which is one contiguous
//! slice. Values per unit are slices of length `units`.
#![expect(clippy::cast_possible_truncation, reason = "the network computes in float32")]

use burn::{
    backend::{
        Flex, TensorMetadata,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::Shape,
};

use super::{
    FusedOps,
    host_tensor::{HostTensor, tensor, vector},
    sparse,
};
use crate::SparseInput;

/// Number of rows that are summed separately before they are added to the total: a single running sum of float32
/// loses precision as the batch grows.
const BLOCK: usize = 128;
/// Number of partial sums side by side in a sum over a whole tensor, so that the compiler vectorises it.
const LANES: usize = 32;

macro_rules! impl_on_host {
    ($backend:ty) => {
        impl FusedOps for $backend {
            fn sparse_dense(
                images: SparseInput,
                kernel: FloatTensor<Self>,
                bias: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                let (batch, units) = (images.images.len(), kernel.shape()[1]);
                let product = sparse::product(&images, kernel.contiguous().floats(), units);
                Self::bias_relu(tensor(product, Shape::new([batch, units])), bias, true)
            }

            fn sparse_kernel_gradient(
                images: SparseInput,
                gradient: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                let (inputs, units) = (images.images.pixels(), gradient.shape()[1]);
                let gradient = gradient.contiguous();
                let product = sparse::kernel_gradient(&images, gradient.floats(), units);
                tensor(product, Shape::new([inputs, units]))
            }

            fn bias_relu(
                pre_activation: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                relu: bool,
            ) -> FloatTensor<Self> {
                let (mut output, bias) = (pre_activation.contiguous(), bias.contiguous());
                let bias = bias.floats();
                for row in output.floats_mut().chunks_exact_mut(bias.len()) {
                    for (value, bias) in row.iter_mut().zip(bias) {
                        let sum = *value + bias;
                        // Not `max`, which would turn NaN into 0.
                        *value = if relu && sum < 0.0 { 0.0 } else { sum };
                    }
                }
                output
            }

            fn bias_relu_backward(
                output: FloatTensor<Self>,
                gradient: FloatTensor<Self>,
                relu: bool,
            ) -> (FloatTensor<Self>, FloatTensor<Self>) {
                let units = output.shape()[1];
                let (output, mut gradient) = (output.contiguous(), gradient.contiguous());
                let mut bias_gradient = vec![0.0; units];
                let blocks = (gradient.floats_mut().chunks_mut(BLOCK * units))
                    .zip(output.floats().chunks(BLOCK * units));
                for (gradient, output) in blocks {
                    let mut sums = vec![0.0; units];
                    let rows = gradient.chunks_exact_mut(units).zip(output.chunks_exact(units));
                    for (gradient, output) in rows {
                        for ((sum, gradient), output) in sums.iter_mut().zip(gradient).zip(output) {
                            // The gradient passes where the output is NaN, as in Burn's `relu`.
                            *gradient = if relu && *output <= 0.0 { 0.0 } else { *gradient };
                            *sum += *gradient;
                        }
                    }
                    add(&mut bias_gradient, &sums);
                }
                (gradient, vector(bias_gradient))
            }

            fn moments(input: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
                let units = input.shape()[1];
                let input = input.contiguous();
                let mean = means(input.floats(), &vec![0.0; units], |value| value);
                let variance = means(input.floats(), &mean, |centred| centred * centred);
                (vector(mean), vector(variance))
            }

            fn normalize(
                input: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                epsilon: f64,
            ) -> FloatTensor<Self> {
                let shape = input.shape();
                let [input, mean, variance, gamma, beta] =
                    [input, mean, variance, gamma, beta].map(HostTensor::contiguous);
                let (mean, beta) = (mean.floats(), beta.floats());
                let scale =
                    products(&reciprocal_deviation(variance.floats(), epsilon), gamma.floats());
                let mut output = Vec::with_capacity(input.floats().len());
                for row in input.floats().chunks_exact(mean.len()) {
                    let units = row.iter().zip(mean).zip(&scale).zip(beta);
                    output.extend(
                        units.map(|(((value, mean), scale), beta)| (value - mean) * scale + beta),
                    );
                }
                tensor(output, shape)
            }

            fn normalize_backward(
                input: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                gradient: FloatTensor<Self>,
                epsilon: f64,
            ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
                let (batch, units) = (input.shape()[0] as f32, input.shape()[1]);
                let [input, mean, variance, gamma, mut gradient] =
                    [input, mean, variance, gamma, gradient].map(HostTensor::contiguous);
                let (input, mean) = (input.floats(), mean.floats());
                let reciprocal = reciprocal_deviation(variance.floats(), epsilon);
                let scale = products(&reciprocal, gamma.floats());
                let gradient_values = gradient.floats_mut();
                let (centred, beta_gradient) = gradient_sums(gradient_values, input, mean);
                let gamma_gradient = products(&centred, &reciprocal);
                // The input's gradient is
                //     scale · (gradient − beta_gradient / batch − normalised · gamma_gradient / batch).
                // With the factors of each unit combined, that is
                //     gradient · scale + (input − mean) · slope + shift.
                let slope: Vec<f32> = (gamma_gradient.iter().zip(&scale).zip(&reciprocal))
                    .map(|((gamma_gradient, scale), reciprocal)| {
                        -gamma_gradient * scale * reciprocal / batch
                    })
                    .collect();
                let shift: Vec<f32> = beta_gradient
                    .iter()
                    .zip(&scale)
                    .map(|(beta_gradient, scale)| -beta_gradient * scale / batch)
                    .collect();
                let rows = gradient_values.chunks_exact_mut(units).zip(input.chunks_exact(units));
                for (gradient, input) in rows {
                    let units = mean.iter().zip(&scale).zip(&slope).zip(&shift);
                    for ((gradient, input), (((mean, scale), slope), shift)) in
                        gradient.iter_mut().zip(input).zip(units)
                    {
                        *gradient = *gradient * scale + (input - mean) * slope + shift;
                    }
                }
                (gradient, vector(gamma_gradient), vector(beta_gradient))
            }

            fn cross_entropy(
                logits: FloatTensor<Self>,
                classes: IntTensor<Self>,
                smoothing: f64,
            ) -> FloatTensor<Self> {
                let (loss, _) = Self::cross_entropy_with_gradient(logits, classes, smoothing);
                loss
            }

            fn cross_entropy_with_gradient(
                logits: FloatTensor<Self>,
                classes: IntTensor<Self>,
                smoothing: f64,
            ) -> (FloatTensor<Self>, FloatTensor<Self>) {
                let (batch, width) = (logits.shape()[0], logits.shape()[1]);
                let (mut gradient, classes) = (logits.contiguous(), classes.contiguous());
                let mut loss = 0.0_f64;
                let rows = gradient.floats_mut().chunks_exact_mut(width);
                for (row, class) in rows.zip(classes.classes()) {
                    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let true_logit = row[class] - max;
                    let mean_logit = if smoothing > 0.0 {
                        row.iter().map(|value| f64::from(value - max)).sum::<f64>() / width as f64
                    } else {
                        0.0
                    };
                    let mut sum = 0.0;
                    for value in row.iter_mut() {
                        *value = (*value - max).exp();
                        sum += *value;
                    }
                    loss += f64::from(sum.ln() - true_logit);
                    loss += smoothing * (f64::from(true_logit) - mean_logit);
                    for value in row.iter_mut() {
                        *value /= sum * batch as f32;
                    }
                    if smoothing > 0.0 {
                        for value in row.iter_mut() {
                            *value -= (smoothing / (width * batch) as f64) as f32;
                        }
                    }
                    row[class] -= (1.0 - smoothing) as f32 / batch as f32;
                }
                (vector(vec![(loss / batch as f64) as f32]), gradient)
            }

            fn l1_l2(input: FloatTensor<Self>, l1: f64, l2: f64) -> FloatTensor<Self> {
                let input = input.contiguous();
                let mut penalty = 0.0;
                // A factor of 0 leaves its term out: 0 · ∞ would be NaN.
                if l1 != 0.0 {
                    penalty += l1 * sum(input.floats(), f32::abs);
                }
                if l2 != 0.0 {
                    penalty += l2 * sum(input.floats(), |value| value * value);
                }
                vector(vec![penalty as f32])
            }

            fn l1_l2_backward(
                input: FloatTensor<Self>,
                gradient: FloatTensor<Self>,
                l1: f64,
                l2: f64,
            ) -> FloatTensor<Self> {
                let (shape, input, gradient) =
                    (input.shape(), input.contiguous(), gradient.contiguous());
                let gradient = gradient.floats()[0];
                let (l1, l2) = (l1 as f32 * gradient, 2.0 * l2 as f32 * gradient);
                let slope = |&value: &f32| {
                    let sign = if value == 0.0 { 0.0 } else { 1.0_f32.copysign(value) };
                    // A factor of 0 leaves its term out: 0 · ∞ would be NaN.
                    l1 * sign + if l2 == 0.0 { 0.0 } else { l2 * value }
                };
                tensor(input.floats().iter().map(slope).collect(), shape)
            }
        }
    };
}

impl_on_host!(Flex);
#[cfg(feature = "ndarray")]
impl_on_host!(burn::backend::NdArray);

/// Computes 1 / √(variance + epsilon).
fn reciprocal_deviation(variance: &[f32], epsilon: f64) -> Vec<f32> {
    let epsilon = epsilon as f32;
    variance.iter().map(|variance| (variance + epsilon).sqrt().recip()).collect()
}

/// Adds a slice to another of the same length, element by element.
fn add(sums: &mut [f32], values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Multiplies two slices of the same length, element by element.
fn products(values: &[f32], factors: &[f32]) -> Vec<f32> {
    values.iter().zip(factors).map(|(value, factor)| value * factor).collect()
}

/// Computes the mean of term(value − centre) over the batch for each unit.
fn means(batch: &[f32], centre: &[f32], term: impl Fn(f32) -> f32) -> Vec<f32> {
    let units = centre.len();
    let mut totals = vec![0.0; units];
    for block in batch.chunks(BLOCK * units) {
        let mut sums = vec![0.0; units];
        for row in block.chunks_exact(units) {
            for ((sum, value), centre) in sums.iter_mut().zip(row).zip(centre) {
                *sum += term(value - centre);
            }
        }
        add(&mut totals, &sums);
    }
    let images = (batch.len() / units) as f32;
    totals.into_iter().map(|total| total / images).collect()
}

/// Computes the sums of gradient · (input − mean) and of gradient over the batch for each unit.
fn gradient_sums(gradient: &[f32], input: &[f32], mean: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let units = mean.len();
    let (mut centred_totals, mut totals) = (vec![0.0; units], vec![0.0; units]);
    let blocks = gradient.chunks(BLOCK * units).zip(input.chunks(BLOCK * units));
    for (gradient, input) in blocks {
        let (mut centred_sums, mut sums) = (vec![0.0; units], vec![0.0; units]);
        for (gradient, input) in gradient.chunks_exact(units).zip(input.chunks_exact(units)) {
            let columns = centred_sums.iter_mut().zip(&mut sums).zip(mean);
            for (((centred_sum, sum), mean), (gradient, input)) in
                columns.zip(gradient.iter().zip(input))
            {
                *sum += gradient;
                *centred_sum += gradient * (input - mean);
            }
        }
        add(&mut centred_totals, &centred_sums);
        add(&mut totals, &sums);
    }
    (centred_totals, totals)
}

/// Computes the sum of term(value) over all values.
fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f64 {
    let sum_block = |block: &[f32]| -> f64 {
        let mut lanes = [0.0_f32; LANES];
        for values in block.chunks(LANES) {
            for (lane, &value) in lanes.iter_mut().zip(values) {
                *lane += term(value);
            }
        }
        lanes.into_iter().map(f64::from).sum()
    };
    values.chunks(BLOCK * LANES).map(sum_block).sum()
}
