//! Times one training step of every variant, and what it is made of, on the flex backend: `just
//! bench-steps`. The digits are the program's own: their number matters, not what they show.
#![allow(missing_docs, reason = "a benchmark has no users")]

use std::sync::LazyLock;

use data::Digits;
use divan::Bencher;
use model::{LayerName, Network, Variant, presets, random::dropout_mask};
use trainer::{
    allocator,
    batches::{Batch, Images},
    device::Backend,
    evaluate::evaluate,
    study::Pixels,
};

const BATCH: usize = 1000;
const BACKEND: Backend = Backend::Flex;

static DIGITS: LazyLock<Digits> = LazyLock::new(data::synthetic);

fn main() {
    allocator::keep_freed();
    LazyLock::force(&DIGITS);
    divan::main();
}

fn variants() -> [String; 6] {
    presets().map(|variant| variant.name)
}

fn images() -> Images<'static> {
    Images { split: &DIGITS.train, pixels: Pixels::Unit }
}

/// Far from one another, as a shuffled epoch has them.
fn places() -> Vec<usize> {
    (0..BATCH).map(|place| place * 7919 % DIGITS.train.len()).collect()
}

/// A preset and a network of it.
fn start(name: &str) -> (Variant, Network) {
    let named = presets().into_iter().find(|variant| variant.name == name);
    let variant = named.expect("the arguments are the presets' names");
    let network = variant.network.init(0, &device());
    (variant, network)
}

fn device() -> burn::tensor::Device {
    BACKEND.open().expect("flex is in every build and finds the CPU")
}

/// Everything from the places of its images to the moved weights.
#[divan::bench(args = variants())]
fn step(bencher: Bencher<'_, '_>, name: &str) {
    let (variant, network) = start(name);
    let (device, places) = (device(), places());
    let (mut network, mut steps) = (Some(network), 0);
    bencher.bench_local(|| {
        let Batch { images, labels } = images().batch(&places, &device);
        let masks = variant.network.masks(0, steps, BATCH, &device);
        let before = network.take().expect("every step leaves a network");
        let step = before.step(&variant.network, images, labels, masks, BACKEND.memory());
        network = Some(before.learn(step.gradients, step.statistics, 0.01));
        steps += 1;
        (step.loss, step.correct)
    });
}

/// One batch's images from bytes to floats.
#[divan::bench]
fn batch(bencher: Bencher<'_, '_>) {
    let (device, places) = (device(), places());
    bencher.bench_local(|| images().batch(&places, &device));
}

/// One batch's dropout mask.
#[divan::bench]
fn mask(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| dropout_mask(0, LayerName::Hidden2, 0, 0.2, BATCH * 250));
}

/// All 70 000 images, on one core.
#[divan::bench(sample_count = 10)]
fn evaluate_all(bencher: Bencher<'_, '_>) {
    let (variant, network) = start("batch_norm");
    let device = device();
    bencher.bench_local(|| {
        [&DIGITS.train, &DIGITS.test].map(|split| {
            let images = Images { split, pixels: Pixels::Unit };
            evaluate(&network, &variant.network, images, &device, BACKEND.memory())
        })
    });
}
