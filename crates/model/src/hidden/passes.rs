//! Passes over a batch `[batch, units]`, row by row in one slice; what is per unit comes as a slice of
//! `units`.

use crate::batch_norm::EPSILON;

/// Rows that are summed up on their own before they join the rest: a single running sum of float32
/// loses digits as the batch grows.
const BLOCK: usize = 128;

/// Adds the bias to every row and takes what is negative to 0.
pub(super) fn add_and_rectify(batch: &mut [f32], bias: &[f32]) {
    for row in batch.chunks_exact_mut(bias.len()) {
        for (value, bias) in row.iter_mut().zip(bias) {
            // Not `max`, which would make a 0 of NaN.
            let sum = *value + bias;
            *value = if sum < 0.0 { 0.0 } else { sum };
        }
    }
}

/// The sums of each unit over the batch, by a function that adds the rows of one block.
fn sums(batch: &[f32], units: usize, add_rows: impl Fn(&mut [f32], &[f32])) -> Vec<f32> {
    let mut totals = vec![0.0; units];
    for block in batch.chunks(BLOCK * units) {
        let mut sums = vec![0.0; units];
        add_rows(&mut sums, block);
        add(&mut totals, &sums);
    }
    totals
}

/// Each unit's mean over the batch.
pub(super) fn mean(batch: &[f32], units: usize) -> Vec<f32> {
    let sums = sums(batch, units, |sums, block| {
        for row in block.chunks_exact(units) {
            add(sums, row);
        }
    });
    divided(sums, batch.len() / units)
}

/// Each unit's biased variance over the batch.
pub(super) fn variance(batch: &[f32], mean: &[f32]) -> Vec<f32> {
    let sums = sums(batch, mean.len(), |sums, block| {
        for row in block.chunks_exact(mean.len()) {
            for ((sum, value), mean) in sums.iter_mut().zip(row).zip(mean) {
                *sum += (value - mean) * (value - mean);
            }
        }
    });
    divided(sums, batch.len() / mean.len())
}

fn divided(mut sums: Vec<f32>, batch: usize) -> Vec<f32> {
    for sum in &mut sums {
        *sum /= batch as f32;
    }
    sums
}

/// Adds a slice to another of its length.
pub(super) fn add(sums: &mut [f32], values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Multiplies a slice by another of its length.
pub(super) fn multiply(values: &mut [f32], factors: &[f32]) {
    for (value, factor) in values.iter_mut().zip(factors) {
        *value *= factor;
    }
}

/// The products of two slices of one length.
pub(super) fn multiplied(values: &[f32], factors: &[f32]) -> Vec<f32> {
    values.iter().zip(factors).map(|(value, factor)| value * factor).collect()
}

/// Takes the gradient to 0 where ReLU had, and gives each unit's sum over the batch of what is left.
pub(super) fn rectify_and_sum(gradient: &mut [f32], activity: &[f32], units: usize) -> Vec<f32> {
    let mut totals = vec![0.0; units];
    let blocks = gradient.chunks_mut(BLOCK * units).zip(activity.chunks(BLOCK * units));
    for (gradient, activity) in blocks {
        let mut sums = vec![0.0; units];
        let rows = gradient.chunks_exact_mut(units).zip(activity.chunks_exact(units));
        for (gradient, activity) in rows {
            for ((sum, gradient), activity) in sums.iter_mut().zip(gradient).zip(activity) {
                // What is NaN stays NaN, as Burn's tensors have it.
                *gradient = if *activity <= 0.0 { 0.0 } else { *gradient };
                *sum += *gradient;
            }
        }
        add(&mut totals, &sums);
    }
    totals
}

/// Batch normalisation by some statistics: in training the batch's own.
pub(super) struct Normalisation<'a> {
    mean: &'a [f32],
    /// 1 / √(variance + epsilon).
    reciprocal_deviation: Vec<f32>,
    /// gamma / √(variance + epsilon).
    scale: Vec<f32>,
}

impl<'a> Normalisation<'a> {
    pub(super) fn new(mean: &'a [f32], variance: &[f32], gamma: &[f32]) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "what is computed is float32")]
        let epsilon = EPSILON as f32;
        let reciprocal_deviation: Vec<f32> =
            variance.iter().map(|variance| (variance + epsilon).sqrt().recip()).collect();
        let scale = multiplied(&reciprocal_deviation, gamma);
        Self { mean, reciprocal_deviation, scale }
    }

    /// (activity - mean) · scale + beta.
    pub(super) fn forward(&self, activity: &[f32], beta: &[f32]) -> Vec<f32> {
        let mut output = Vec::with_capacity(activity.len());
        for activity in activity.chunks_exact(beta.len()) {
            let units = activity.iter().zip(self.mean).zip(&self.scale).zip(beta);
            output.extend(
                units.map(|(((activity, mean), scale), beta)| (activity - mean) * scale + beta),
            );
        }
        output
    }

    /// Takes the gradient by the output back to one by the activity, and gives those by gamma and
    /// beta (Ioffe & Szegedy 2015, section 3).
    pub(super) fn backward(&self, gradient: &mut [f32], activity: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let units = self.mean.len();
        let batch = (activity.len() / units) as f32;
        let (gamma, beta) = self.sums(gradient, activity);
        // gradient' = scale · (gradient - beta / batch - normalised · gamma / batch), with all that is
        // per unit taken together: scale · gradient + (activity - mean) · slope + shift.
        let slope: Vec<f32> = (gamma.iter().zip(&self.scale).zip(&self.reciprocal_deviation))
            .map(|((gamma, scale), reciprocal)| -gamma * scale * reciprocal / batch)
            .collect();
        let shift: Vec<f32> =
            beta.iter().zip(&self.scale).map(|(beta, scale)| -beta * scale / batch).collect();
        let rows = gradient.chunks_exact_mut(units).zip(activity.chunks_exact(units));
        for (gradient, activity) in rows {
            let units = self.mean.iter().zip(&self.scale).zip(&slope).zip(&shift);
            for ((gradient, activity), (((mean, scale), slope), shift)) in
                gradient.iter_mut().zip(activity).zip(units)
            {
                *gradient = *gradient * scale + (activity - mean) * slope + shift;
            }
        }
        (gamma, beta)
    }

    /// The gradients by gamma and beta: each unit's sums of gradient · normalised and of gradient.
    fn sums(&self, gradient: &[f32], activity: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let units = self.mean.len();
        let (mut gammas, mut betas) = (vec![0.0; units], vec![0.0; units]);
        let blocks = gradient.chunks(BLOCK * units).zip(activity.chunks(BLOCK * units));
        for (gradient, activity) in blocks {
            let (mut gamma, mut beta) = (vec![0.0; units], vec![0.0; units]);
            for (gradient, activity) in
                gradient.chunks_exact(units).zip(activity.chunks_exact(units))
            {
                let sums = gamma.iter_mut().zip(&mut beta).zip(self.mean);
                for (((gamma, beta), mean), (gradient, activity)) in
                    sums.zip(gradient.iter().zip(activity))
                {
                    *beta += gradient;
                    *gamma += gradient * (activity - mean);
                }
            }
            add(&mut gammas, &gamma);
            add(&mut betas, &beta);
        }
        multiply(&mut gammas, &self.reciprocal_deviation);
        (gammas, betas)
    }
}
