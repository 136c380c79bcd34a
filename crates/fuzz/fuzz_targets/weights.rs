//! Initial weights and trained variants: a network loads the weights of a safetensors file to the bit or returns an
//! error, and a network that has been loaded computes probabilities.
#![no_main]

use std::{collections::HashMap, sync::LazyLock};

use arbitrary::Arbitrary;
use data::{MAX_SIDE, Shape, Split};
use fuzz::{
    memory::bounded,
    safetensors::{Forgery, Tensor},
};
use libfuzzer_sys::fuzz_target;
use model::{Network, presets};
use trainer::study::Backend;
use training::{
    SavedModel,
    weights::{self, Weights},
};

/// Bytes of memory allowed per byte of input: the names and numbers in a header become many small allocations.
const PER_BYTE: usize = 64;
/// Bytes of memory allowed in addition: a valid file of the small network needs less.
const BASE: usize = 256 << 10;

#[derive(Debug, Arbitrary)]
enum Input {
    Anything(Vec<u8>),
    Forged { forgery: Forgery, metadata: Option<(String, String)> },
}

static NETWORK: LazyLock<Network> = LazyLock::new(|| {
    let [.., (_, config)] = presets(&[2, 2]);
    config.init(Shape::MNIST.pixels(), 10, 0, &Backend::Flex.open().expect("flex finds the CPU"))
});

static SPLIT: LazyLock<Split> =
    LazyLock::new(|| Split::new(Shape::MNIST, vec![7; Shape::MNIST.pixels()], vec![3]));

static VALID: LazyLock<Vec<Tensor>> =
    LazyLock::new(|| Tensor::all(&weights::to_bytes(&NETWORK).expect("the weights can be read")));

fuzz_target!(|input: Input| {
    let bytes = match input {
        Input::Anything(bytes) => bytes,
        Input::Forged { forgery, metadata } => {
            forgery.make(VALID.clone(), |_| metadata.into_iter().collect::<HashMap<_, _>>())
        }
    };
    let network = NETWORK.clone();
    let allowed = BASE + PER_BYTE * bytes.len();
    let split = &*SPLIT;
    bounded(allowed, || {
        let device = Backend::Flex.open().expect("flex finds the CPU");
        let Ok(model) = SavedModel::parse(&bytes, device) else { return };
        let (format, shape) = (&model.input, split.shape());
        assert!(format.width <= MAX_SIDE && format.height <= MAX_SIDE);
        assert!(format.width == format.height || !format.preparation.is_centred());
        if (format.width, format.height) == (shape.width, shape.height) {
            assert_eq!(
                model.probabilities(split).expect("the probabilities can be read").len(),
                split.len()
            );
        }
    });
    bounded(allowed, || {
        let Ok(start) = Weights::parse(bytes) else { return };
        let Ok(network) = start.load(network) else { return };
        let written = weights::to_bytes(&network).expect("the weights can be read");
        let restored = Weights::parse(written.clone()).expect("the written file is valid");
        let network = restored.load(NETWORK.clone()).expect("the written weights fit");
        assert!(weights::to_bytes(&network).expect("the weights can be read") == written);
    });
});
