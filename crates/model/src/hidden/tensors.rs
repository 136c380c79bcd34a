//! In tensor operations.

use burn::tensor::{Tensor, activation::relu};

use super::{Backward, Hidden};
use crate::{BatchNorm, BatchNormGradients, BatchStatistics, Layer, batch_norm::EPSILON};

pub(super) fn forward(layer: &Layer, product: Tensor<2>, mask: Option<Tensor<2>>) -> Hidden {
    let activity = relu(product + layer.bias.val().unsqueeze());
    let (output, statistics) = match &layer.batch_norm {
        Some(batch_norm) => {
            let statistics = statistics(activity.clone());
            let normalised = normalised(activity.clone(), &statistics);
            let output =
                normalised * batch_norm.gamma.val().unsqueeze() + batch_norm.beta.val().unsqueeze();
            (output, Some(statistics))
        }
        None => (activity.clone(), None),
    };
    let output = match &mask {
        Some(mask) => output * mask.clone(),
        None => output,
    };
    Hidden { output, activity: Some(activity), mask, statistics }
}

pub(super) fn inference(layer: &Layer, product: Tensor<2>) -> Hidden {
    let activity = relu(product + layer.bias.val().unsqueeze());
    let output = match &layer.batch_norm {
        Some(batch_norm) => batch_norm.forward(activity.clone()),
        None => activity.clone(),
    };
    Hidden { output, activity: Some(activity), mask: None, statistics: None }
}

pub(super) fn backward(
    hidden: Hidden,
    layer: &Layer,
    mut gradient: Tensor<2>,
    activity_penalty: Option<Tensor<2>>,
) -> Backward {
    let activity = hidden.activity().clone();
    if let Some(mask) = hidden.mask {
        gradient = gradient * mask;
    }
    let batch_norm = layer.batch_norm.as_ref().zip(hidden.statistics);
    let batch_norm = batch_norm.map(|(batch_norm, statistics)| {
        let (by_activity, gradients) =
            batch_norm_backward(batch_norm, &statistics, activity.clone(), gradient.clone());
        gradient = by_activity;
        gradients
    });
    if let Some(penalty) = activity_penalty {
        gradient = gradient + penalty;
    }
    let product = gradient.mask_fill(activity.lower_equal_elem(0.0), 0.0);
    Backward { bias: product.clone().sum_dim(0).squeeze_dim(0), product, batch_norm }
}

fn statistics(activity: Tensor<2>) -> BatchStatistics {
    let mean = activity.clone().mean_dim(0);
    let centred = activity - mean.clone();
    let variance = (centred.clone() * centred).mean_dim(0);
    BatchStatistics { mean: mean.squeeze_dim(0), variance: variance.squeeze_dim(0) }
}

/// To mean 0 and variance 1.
fn normalised(activity: Tensor<2>, statistics: &BatchStatistics) -> Tensor<2> {
    (activity - statistics.mean.clone().unsqueeze()) * reciprocal_deviation(statistics).unsqueeze()
}

fn reciprocal_deviation(statistics: &BatchStatistics) -> Tensor<1> {
    (statistics.variance.clone() + EPSILON).sqrt().recip()
}

/// Takes a gradient by batch normalisation's output back to one by the activity (Ioffe & Szegedy
/// 2015, section 3), both `[batch, units]`.
fn batch_norm_backward(
    batch_norm: &BatchNorm,
    statistics: &BatchStatistics,
    activity: Tensor<2>,
    gradient: Tensor<2>,
) -> (Tensor<2>, BatchNormGradients) {
    let [batch, _] = activity.dims();
    let normalised = normalised(activity, statistics);
    let beta = gradient.clone().sum_dim(0);
    let gamma = (gradient.clone() * normalised.clone()).sum_dim(0);
    let scale = batch_norm.gamma.val() * reciprocal_deviation(statistics);
    let through_statistics = (beta.clone() + normalised * gamma.clone()) / batch as f64;
    let by_activity = (gradient - through_statistics) * scale.unsqueeze();
    let gradients = BatchNormGradients { gamma: gamma.squeeze_dim(0), beta: beta.squeeze_dim(0) };
    (by_activity, gradients)
}
