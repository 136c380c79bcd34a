//! Start weights and trained variants: whatever a safetensors file holds, a network takes it over to the bit or
//! says why not, and one that was taken over answers.
#![no_main]

use std::{collections::HashMap, sync::LazyLock};

use arbitrary::Arbitrary;
use data::{Shape, Split};
use fuzz::{
    memory::bounded,
    safetensors::{Forgery, Tensor},
};
use libfuzzer_sys::fuzz_target;
use model::{Network, presets};
use trainer::study::Backend;
use training::{
    Pixels, SavedModel,
    weights::{self, Weights},
};

/// The names and numbers of a header become words and numbers of the program: many small pieces.
const PER_BYTE: usize = 64;
/// What a good file of the small network takes, and some.
const BASE: usize = 256 << 10;

#[derive(Debug, Arbitrary)]
enum Input {
    Anything(Vec<u8>),
    Forged { forgery: Forgery, metadata: Option<(String, String)> },
}

static NETWORK: LazyLock<Network> = LazyLock::new(|| {
    let [.., variant] = presets(&[2, 2]);
    variant.network.init(Shape::MNIST.pixels(), 10, 0, &Backend::Flex.open().expect("a processor"))
});

static SPLIT: LazyLock<Split> =
    LazyLock::new(|| Split::new(vec![7; Shape::MNIST.pixels()], vec![3]));

static GOOD: LazyLock<Vec<Tensor>> =
    LazyLock::new(|| Tensor::all(&weights::to_bytes(&NETWORK).expect("weights")));

fuzz_target!(|input: Input| {
    let bytes = match input {
        Input::Anything(bytes) => bytes,
        Input::Forged { forgery, metadata } => {
            forgery.make(GOOD.clone(), |_| metadata.into_iter().collect::<HashMap<_, _>>())
        }
    };
    let network = NETWORK.clone();
    let allowed = BASE + PER_BYTE * bytes.len();
    let split = &*SPLIT;
    bounded(allowed, || {
        let device = Backend::Flex.open().expect("a processor");
        let Ok(model) = SavedModel::parse(&bytes, Pixels::Unit, device) else { return };
        if model.inputs == split.shape().pixels() {
            assert_eq!(model.probabilities(split).expect("answers").len(), split.len());
        }
    });
    bounded(allowed, || {
        let Ok(start) = Weights::parse(bytes) else { return };
        let Ok(network) = start.load(network) else { return };
        let written = weights::to_bytes(&network).expect("weights");
        let again = Weights::parse(written.clone()).expect("what was written");
        let network = again.load(NETWORK.clone()).expect("what was written");
        assert!(weights::to_bytes(&network).expect("weights") == written);
    });
});
