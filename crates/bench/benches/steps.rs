//! Times one training step of every variant, and parts of it, on the flex backend; `just bench-steps` runs it. The
//! images are synthetic: only their number affects the times.
#![allow(missing_docs, reason = "a benchmark has no public API")]

use std::{convert::Infallible, sync::LazyLock};

use data::Digits;
use divan::Bencher;
use model::{LayerName, NOTEBOOK_HIDDEN, Network, presets, random::dropout_mask};
use trainer::{runner::allocator, study::Backend};
use training::{Images, Pixels, State, evaluate};

/// Images per step: as in the notebook, and as in the config `overfit`.
const BATCHES: [usize; 2] = [1000, 50];
const BACKEND: Backend = Backend::Flex;

static DIGITS: LazyLock<Digits> = LazyLock::new(data::synthetic);

fn main() {
    allocator::keep_freed();
    LazyLock::force(&DIGITS);
    divan::main();
}

fn variants() -> [&'static str; 6] {
    presets(&NOTEBOOK_HIDDEN).map(|(name, _)| name)
}

fn images() -> Images<'static> {
    Images { split: &DIGITS.train, pixels: Pixels::Unit }
}

/// Returns indices that are far apart, as in a shuffled epoch.
fn indices(batch: usize) -> Vec<usize> {
    (0..batch).map(|index| index * 7919 % DIGITS.train.len()).collect()
}

/// Initialises the network of a preset.
fn start(name: &str) -> Network {
    let named = presets(&NOTEBOOK_HIDDEN).into_iter().find(|(preset, _)| *preset == name);
    let (_, network) = named.expect("the arguments are the presets' names");
    let shape = DIGITS.train.shape();
    network.init(shape.pixels(), shape.classes, 0, &device())
}

fn device() -> burn::tensor::Device {
    BACKEND.open().expect("flex is in every build and finds the CPU")
}

/// One training step, from the indices of its images to the updated weights.
#[divan::bench(args = variants(), consts = BATCHES)]
fn step<const BATCH: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let (device, indices) = (device(), indices(BATCH));
    let mut state = Some(State::new(start(name)));
    bencher.bench_local(|| {
        let before = state.take().expect("each step puts a state back");
        let batch = images().batch(&indices, &device);
        let masks = before.network.masks(0, before.steps, BATCH);
        state = Some(before.step(batch, masks, 0.01));
    });
}

/// The conversion of one batch's images from bytes to float32.
#[divan::bench(consts = BATCHES)]
fn batch<const BATCH: usize>(bencher: Bencher<'_, '_>) {
    let (device, indices) = (device(), indices(BATCH));
    bencher.bench_local(|| images().batch(&indices, &device));
}

/// One batch's dropout mask for 250 units.
#[divan::bench(consts = BATCHES)]
fn mask<const BATCH: usize>(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| dropout_mask(0, LayerName::Hidden(1), 0, 0.2, BATCH * 250));
}

/// The evaluation of all 70 000 images, on one core.
#[divan::bench(sample_count = 10)]
fn evaluate_all(bencher: Bencher<'_, '_>) {
    let (network, device) = (start("batch_norm"), device());
    bencher.bench_local(|| {
        [&DIGITS.train, &DIGITS.test].map(|split| {
            let images = Images { split, pixels: Pixels::Unit };
            evaluate(&network, images, &device, || Ok::<_, Infallible>(()))
        })
    });
}
