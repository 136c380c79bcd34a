//! Repeats training recorded from Keras, step by step.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{Device, Gradients, Tensor, TensorData},
};
use data::Split;
use model::{Loss, Network, NetworkNoise, is_trained};
use trainer::study::Backend;
use training::{Batch, Metrics, State, weights};

use crate::fixture::{Fixture, tensors};

/// Largest difference between two sets of tensors, divided by the largest value of all. Divided by the largest
/// value of each tensor, it would be mere rounding for a tensor that is nearly zero.
fn distance(found: &BTreeMap<String, TensorData>, expected: &BTreeMap<String, TensorData>) -> f64 {
    assert!(found.keys().eq(expected.keys()), "{:?} and {:?}", found.keys(), expected.keys());
    let (mut difference, mut largest) = (0.0_f32, 0.0_f32);
    for (found, expected) in found.values().zip(expected.values()) {
        assert_eq!(found.shape(), expected.shape());
        let expected = expected.try_to_vec::<f32>().unwrap();
        for (found, expected) in found.try_to_vec::<f32>().unwrap().iter().zip(expected) {
            assert!(found.is_finite());
            difference = difference.max((found - expected).abs());
            largest = largest.max(expected.abs());
        }
    }
    f64::from(difference / largest)
}

/// Largest relative differences from Keras.
#[derive(Debug, Default)]
struct Differences {
    losses: f64,
    epochs: f64,
    gradients: f64,
    weights: f64,
    evaluate: f64,
}

/// Trains on the fixture's images as recorded and compares the results.
fn replay(fixture: &Fixture, split: &Split, device: &Device) -> Differences {
    let fit = fixture.run().fit_config();
    let mut state = State::new(fixture.start(device), &fit.optimizer);
    let (mut differences, mut losses) = (Differences::default(), Vec::new());
    let images = split.len();
    for epoch in 0..fixture.case.epochs {
        let (mut loss, mut correct) = (0.0, 0.0);
        for from in (0..images).step_by(fixture.case.batch) {
            let to = (from + fixture.case.batch).min(images);
            let batch = || fixture.batch(split, from, to, device);
            let noise = fixture.noise(losses.len(), to - from, device);
            if losses.is_empty() {
                let found = gradients(&state.network, batch(), noise.clone(), fit.loss);
                differences.gradients = distance(&found, &fixture.under("gradient."));
            }
            state = state.step(batch(), noise, fit.loss);
            let [loss_sum, correct_sum, _] = std::mem::take(&mut state.metrics).sums();
            losses.push(loss_sum / (to - from) as f64);
            (loss, correct) = (loss + loss_sum, correct + correct_sum);
        }
        let metrics = Metrics { loss: loss / images as f64, accuracy: correct / images as f64 };
        differences.epochs = differences.epochs.max(fixture.epoch_distance(epoch, metrics));
    }
    assert!(losses.len() >= 30 && losses.iter().all(|loss| loss.is_finite()));
    assert_eq!(losses.len(), fixture.values("losses").len());
    for (found, expected) in losses.iter().zip(fixture.values("losses")) {
        differences.losses = differences.losses.max((found / f64::from(expected) - 1.0).abs());
    }
    let found = tensors(&weights::to_bytes(&state.network).unwrap());
    differences.weights = distance(&found, &fixture.under("final."));
    differences.evaluate = evaluate_distance(fixture, split, &state.network, device);
    differences
}

/// Returns the gradients of a step by parameter name.
fn gradients(
    network: &Network,
    batch: Batch,
    noise: NetworkNoise,
    loss: Loss,
) -> BTreeMap<String, TensorData> {
    /// Replaces each parameter by its gradient.
    struct ToGradients(Gradients);

    impl ModuleMapper for ToGradients {
        fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let gradient = parameter.grad(&self.0);
            parameter.map(|own| gradient.unwrap_or(own))
        }
    }

    let loss = loss.compute(&network.forward(batch.images, noise), batch.classes);
    let gradients = network.clone().map(&mut ToGradients(loss.backward()));
    let mut named = weights::tensors(&gradients).unwrap();
    named.retain(|name, _| is_trained(name));
    named
}

/// Relative difference of the loss from that of Keras's `evaluate`. The accuracies must be equal.
fn evaluate_distance(fixture: &Fixture, split: &Split, network: &Network, device: &Device) -> f64 {
    let images = split.len();
    let batch = fixture.batch(split, 0, images, device);
    let output = network.valid().forward(batch.images, NetworkNoise::default());
    let correct = output.correct(batch.classes.clone()).into_scalar::<i64>();
    let loss = fixture.run().fit_config().loss.compute(&output, batch.classes);
    let loss = loss.into_scalar::<f32>();
    let expected = fixture.values("evaluate");
    let accuracy = correct as f32 / images as f32;
    assert!(
        (accuracy - expected[1]).abs() < 1e-6,
        "accuracy {accuracy} instead of {}",
        expected[1]
    );
    f64::from((loss - expected[0]).abs() / expected[0])
}

/// Replays every fixture, with all pixels of the images and without the black ones.
pub(crate) fn replay_all(backend: Backend, tolerance: f64, raw_tolerance: f64) {
    let device = backend.open().unwrap();
    let fixtures = Fixture::all();
    let both = fixtures.iter().flat_map(|fixture| {
        [fixture.split(), fixture.split().with_sparse()].map(|split| (fixture, split))
    });
    for (fixture, split) in both {
        let differences = replay(fixture, &split, &device);
        let tolerance = if fixture.case.raw { raw_tolerance } else { tolerance };
        let Differences { losses, epochs, gradients, weights, evaluate } = differences;
        for (what, difference) in [
            ("losses", losses),
            ("epochs", epochs),
            ("gradients", gradients),
            ("weights", weights),
            ("evaluate", evaluate),
        ] {
            assert!(
                difference < tolerance,
                "{}: {what} are {difference:e} apart from Keras's, sparse: {}",
                fixture.name,
                split.sparse().is_some()
            );
        }
    }
}
