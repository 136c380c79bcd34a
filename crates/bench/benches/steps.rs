//! Times one training step of every variant, and parts of it, on the flex backend; `just bench-steps` runs it. The
//! images are synthetic and about as black as MNIST's; their number and their black pixels affect the times.
#![allow(missing_docs, reason = "a benchmark has no public API")]

use std::{convert::Infallible, sync::LazyLock};

use data::ImageSet;
use divan::Bencher;
use model::{
    BlockConfig, Constraint, LayerName, Loss, MinMaxNorm, NOTEBOOK_HIDDEN, NetworkConfig,
    NoiseConfig, Norm,
    random::{dropout_mask, gaussian_noise, shifts},
};
use trainer::{runner::allocator, study::Backend};
use training::{Images, OptimizerConfig, Pixels, RuleConfig, State, WeightDecay, evaluate};

/// Images per step: as in the notebook, and as in the config `overfit`.
const BATCHES: [usize; 2] = [1000, 50];
const BACKEND: Backend = Backend::Flex;

static DIGITS: LazyLock<ImageSet> = LazyLock::new(|| data::synthetic().with_sparse());

fn main() {
    allocator::keep_freed();
    LazyLock::force(&DIGITS);
    divan::main();
}

/// Setup of a training step.
struct Setup {
    /// Settings of the second hidden layer.
    hidden2: BlockConfig,
    input: NoiseConfig,
    loss: Loss,
    optimizer: OptimizerConfig,
    shift: u8,
}

/// Change of the plain setup.
type Change = fn(&mut Setup);

/// The presets and every other key, by name.
const SETUPS: [(&str, Change); 21] = [
    ("none", |_| {}),
    ("l2", |setup| setup.hidden2.dense.kernel_regularizer.l2 = 0.01),
    ("l1", |setup| setup.hidden2.dense.kernel_regularizer.l1 = 0.01),
    ("orthogonal", |setup| setup.hidden2.dense.kernel_regularizer.orthogonal = 0.01),
    ("dropout", |setup| setup.hidden2.noise.dropout = 0.2),
    ("gaussian_noise", |setup| setup.hidden2.noise.gaussian_noise = 0.1),
    ("gaussian_dropout", |setup| setup.hidden2.noise.gaussian_dropout = 0.2),
    ("batch_norm", |setup| setup.hidden2.norm = Some(Norm::Batch)),
    ("batch_norm_dropout", |setup| {
        setup.hidden2.norm = Some(Norm::Batch);
        setup.hidden2.noise.dropout = 0.2;
    }),
    ("layer_norm", |setup| setup.hidden2.norm = Some(Norm::Layer)),
    ("max_norm", |setup| setup.hidden2.dense.kernel_constraint = Some(Constraint::MaxNorm(2.0))),
    ("unit_norm", |setup| setup.hidden2.dense.kernel_constraint = Some(Constraint::UnitNorm)),
    ("non_neg", |setup| setup.hidden2.dense.kernel_constraint = Some(Constraint::NonNeg)),
    ("min_max_norm", |setup| {
        let range = Constraint::MinMaxNorm(MinMaxNorm::default());
        setup.hidden2.dense.kernel_constraint = Some(range);
    }),
    ("input.gaussian_noise", |setup| setup.input.gaussian_noise = 0.1),
    ("input.dropout", |setup| setup.input.dropout = 0.2),
    ("label_smoothing", |setup| setup.loss.label_smoothing = 0.1),
    ("shift", |setup| setup.shift = 2),
    ("weight_decay", |setup| setup.optimizer.weight_decay = Some(WeightDecay::default())),
    ("momentum", |setup| {
        setup.optimizer.rule = RuleConfig::Sgd { momentum: 0.9, nesterov: true };
    }),
    ("adam", |setup| {
        setup.optimizer.rule = RuleConfig::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
    }),
];

fn names() -> [&'static str; SETUPS.len()] {
    SETUPS.map(|(name, _)| name)
}

fn images() -> Images<'static> {
    Images { split: &DIGITS.train, pixels: Pixels::Unit }
}

/// Returns indices that are far apart, as in a shuffled epoch.
fn indices(batch: usize) -> Vec<usize> {
    (0..batch).map(|index| index * 7919 % DIGITS.train.len()).collect()
}

/// Returns the state before the first step, the loss, and the largest shift of an image.
fn start(name: &str) -> (State, Loss, u8) {
    let named = SETUPS.into_iter().find(|(setup, _)| *setup == name);
    let (_, change) = named.expect("the arguments are the setups' names");
    let mut setup = Setup {
        hidden2: BlockConfig::plain(NOTEBOOK_HIDDEN[1]),
        input: NoiseConfig::default(),
        loss: Loss::default(),
        optimizer: OptimizerConfig::default(),
        shift: 0,
    };
    change(&mut setup);
    let mut network = NetworkConfig::plain(&NOTEBOOK_HIDDEN);
    (network.input, network.hidden[1]) = (setup.input, setup.hidden2);
    let shape = DIGITS.train.shape();
    let network = network.init(shape.pixels(), shape.classes, 0, &device());
    (State::new(network, &setup.optimizer), setup.loss, setup.shift)
}

fn device() -> burn::tensor::Device {
    BACKEND.open().expect("flex is in every build and finds the CPU")
}

/// One training step, from the indices of its images to the updated weights.
#[divan::bench(args = names(), consts = BATCHES)]
fn step<const BATCH: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let (device, indices) = (device(), indices(BATCH));
    let (state, loss, shift) = start(name);
    let mut state = Some(state);
    let shifts = shifts(0, 1, shift, DIGITS.train.len());
    bencher.bench_local(|| {
        let before = state.take().expect("each step puts a state back");
        let batch = if shift > 0 {
            images().shifted_batch(&indices, &shifts, &device)
        } else {
            images().batch(&indices, &device)
        };
        let noise = before.network.noise(0, before.steps, BATCH);
        state = Some(before.step(batch, noise, loss));
    });
}

/// The copy of one batch's images.
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

/// One batch's Gaussian noise for 784 inputs.
#[divan::bench(consts = BATCHES)]
fn noise<const BATCH: usize>(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| gaussian_noise(0, LayerName::Input, 0, 0.1, BATCH * 784));
}

/// The evaluation of all 70 000 images, on one core.
#[divan::bench(sample_count = 10)]
fn evaluate_all(bencher: Bencher<'_, '_>) {
    let (State { network, .. }, loss, _) = start("batch_norm");
    let device = device();
    bencher.bench_local(|| {
        [&DIGITS.train, &DIGITS.test].map(|split| {
            let images = Images { split, pixels: Pixels::Unit };
            evaluate(&network, images, loss, &device, || Ok::<_, Infallible>(()))
        })
    });
}
