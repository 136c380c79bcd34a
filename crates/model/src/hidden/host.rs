//! In passes over a CPU's memory.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    Backward, Hidden,
    passes::{
        Normalisation, add, add_and_rectify, mean, multiplied, multiply, rectify_and_sum, variance,
    },
};
use crate::{BatchNormGradients, BatchStatistics, Layer};

pub(super) fn forward(layer: &Layer, product: Tensor<2>, mask: Option<Tensor<2>>) -> Hidden {
    let device = product.device();
    let shape = product.dims();
    let mut activity = product.into_data();
    add_and_rectify(floats_mut(&mut activity), &values(&layer.bias.val()));

    let (mut output, statistics) = match &layer.batch_norm {
        Some(batch_norm) => {
            let activity = floats(&activity);
            let mean = mean(activity, shape[1]);
            let variance = variance(activity, &mean);
            let output = Normalisation::new(&mean, &variance, &values(&batch_norm.gamma.val()))
                .forward(activity, &values(&batch_norm.beta.val()));
            let statistics = BatchStatistics {
                mean: vector(mean, &device),
                variance: vector(variance, &device),
            };
            (Some(output), Some(statistics))
        }
        None => (None, None),
    };
    let mask = mask.map(Tensor::into_data);
    if let Some(mask) = &mask {
        output = Some(match output {
            Some(mut output) => {
                multiply(&mut output, floats(mask));
                output
            }
            None => multiplied(floats(&activity), floats(mask)),
        });
    }

    let activity = Tensor::from_data(activity, &device);
    let mask = mask.map(|mask| Tensor::from_data(mask, &device));
    match output {
        Some(output) => {
            let output = Tensor::from_data(TensorData::new(output, shape), &device);
            Hidden { output, activity: Some(activity), mask, statistics }
        }
        None => Hidden { output: activity, activity: None, mask, statistics },
    }
}

pub(super) fn inference(layer: &Layer, product: Tensor<2>) -> Hidden {
    let device = product.device();
    let shape = product.dims();
    let mut activity = product.into_data();
    add_and_rectify(floats_mut(&mut activity), &values(&layer.bias.val()));
    let output = layer.batch_norm.as_ref().map(|batch_norm| {
        let mean = values(&batch_norm.moving_mean.val());
        let variance = values(&batch_norm.moving_variance.val());
        Normalisation::new(&mean, &variance, &values(&batch_norm.gamma.val()))
            .forward(floats(&activity), &values(&batch_norm.beta.val()))
    });
    let activity = Tensor::from_data(activity, &device);
    match output {
        Some(output) => {
            let output = Tensor::from_data(TensorData::new(output, shape), &device);
            Hidden { output, activity: Some(activity), mask: None, statistics: None }
        }
        None => Hidden { output: activity, activity: None, mask: None, statistics: None },
    }
}

pub(super) fn backward(
    hidden: Hidden,
    layer: &Layer,
    gradient: Tensor<2>,
    activity_penalty: Option<Tensor<2>>,
) -> Backward {
    let Hidden { output, activity, mask, statistics } = hidden;
    let device = gradient.device();
    let [_, units] = gradient.dims();
    let mut product = gradient.into_data();
    let gradient = floats_mut(&mut product);
    // The output alone is not enough where dropout or batch normalisation made it from the activity.
    let activity = activity.unwrap_or(output).into_data();
    let activity = floats(&activity);

    if let Some(mask) = mask {
        multiply(gradient, floats(&mask.into_data()));
    }
    let batch_norm = layer.batch_norm.as_ref().zip(statistics);
    let batch_norm = batch_norm.map(|(batch_norm, statistics)| {
        let (mean, variance) = (values(&statistics.mean), values(&statistics.variance));
        let normalisation = Normalisation::new(&mean, &variance, &values(&batch_norm.gamma.val()));
        let (gamma, beta) = normalisation.backward(gradient, activity);
        BatchNormGradients { gamma: vector(gamma, &device), beta: vector(beta, &device) }
    });
    if let Some(penalty) = activity_penalty {
        add(gradient, floats(&penalty.into_data()));
    }
    let bias = vector(rectify_and_sum(gradient, activity, units), &device);
    Backward { product: Tensor::from_data(product, &device), bias, batch_norm }
}

/// A tensor's values, without a copy.
fn floats(data: &TensorData) -> &[f32] {
    data.as_slice().expect("a CPU's tensors of the network are float32")
}

/// A tensor's values, without a copy where nothing else holds them.
fn floats_mut(data: &mut TensorData) -> &mut [f32] {
    data.as_mut_slice().expect("a CPU's tensors of the network are float32")
}

/// A copy of a small tensor's values.
fn values(tensor: &Tensor<1>) -> Vec<f32> {
    floats(&tensor.to_data()).to_vec()
}

fn vector(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let len = values.len();
    Tensor::from_data(TensorData::new(values, [len]), device)
}
