//! Checkpoints: a file that is accepted holds a state that can be written, read again and trained further.
#![no_main]

use std::{collections::HashMap, fs, sync::LazyLock};

use arbitrary::Arbitrary;
use data::{Shape, Split};
use fuzz::{
    memory::bounded,
    safetensors::{Forgery, Tensor},
};
use libfuzzer_sys::fuzz_target;
use model::{Network, presets};
use tempfile::TempDir;
use trainer::{
    store::checkpoint::{self, Header},
    study::{Backend, FitSettings, KeyValues},
};
use training::{Epoch, Fit, FitConfig, Images, Metrics, Pixels, RunningMetrics, State};

/// Bytes of memory allowed per byte of input: the names and numbers in a header become many small allocations.
const PER_BYTE: usize = 64;
/// Bytes of memory allowed in addition: a valid file of the small network needs less.
const BASE: usize = 256 << 10;

#[derive(Debug, Arbitrary)]
enum Input {
    Anything(Vec<u8>),
    /// A changed file whose header has the right checksum.
    Checksummed {
        forgery: Forgery,
        header: HeaderFields,
    },
    /// A changed file with any header.
    Forged {
        forgery: Forgery,
        header: String,
    },
}

/// The fields of a checkpoint's header.
#[derive(Debug, Arbitrary)]
struct HeaderFields {
    variant: String,
    seed: u64,
    settings: Vec<(String, Setting)>,
    dataset_sha256: String,
    steps: u64,
    fit_seconds: f64,
}

#[derive(Debug, Arbitrary)]
enum Setting {
    Integer(i64),
    Float(f64),
    Text(String),
}

/// A small network, its images and its checkpoint.
struct Small {
    folder: TempDir,
    network: Network,
    split: Split,
    /// The tensors of a valid checkpoint.
    tensors: Vec<Tensor>,
}

static SMALL: LazyLock<Small> = LazyLock::new(|| {
    let [.., variant] = presets(&[2, 2]);
    let device = Backend::Flex.open().expect("flex finds the CPU");
    let shape = Shape::MNIST;
    let network = variant.network.init(shape.pixels(), shape.classes, 0, &device);
    let metrics = Metrics { loss: 0.5, accuracy: 0.25 };
    let state = State {
        steps: 3,
        metrics: RunningMetrics::from_sums([0.5, 1.0, 1.0], &device),
        history: vec![Epoch { number: 1, train: metrics, validation: None }],
        ..State::new(network.clone())
    };
    let header = HeaderFields {
        variant: "small".to_owned(),
        seed: 0,
        settings: Vec::new(),
        dataset_sha256: String::new(),
        steps: 3,
        fit_seconds: 0.0,
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    checkpoint::write(folder.path(), &header.header(), &state).expect("the checkpoint is written");
    let file = fs::read(folder.path().join("checkpoint.safetensors"));
    let file = file.expect("the checkpoint can be read");
    let split = Split::new(vec![7; 2 * shape.pixels()], vec![3; 2]);
    Small { folder, network, split, tensors: Tensor::all(&file) }
});

fuzz_target!(|input: Input| {
    let small = &*SMALL;
    let metadata = |header: String| HashMap::from([("run".to_owned(), header)]);
    let tensors = || small.tensors.clone();
    let bytes = match input {
        Input::Anything(bytes) => bytes,
        Input::Checksummed { forgery, header } => forgery.make(tensors(), |data| {
            metadata(header.header().text(data).expect("the header can be serialised"))
        }),
        Input::Forged { forgery, header } => forgery.make(tensors(), |_| metadata(header)),
    };
    let device = Backend::Flex.open().expect("flex finds the CPU");
    let network = || small.network.clone();
    let loaded = bounded(BASE + PER_BYTE * bytes.len(), || {
        let (header, checkpoint) = checkpoint::parse(bytes).ok()?;
        let state = checkpoint.state(network(), header.steps, &device).ok()?;
        Some((header, state))
    });
    let Some((header, state)) = loaded else { return };

    let folder = small.folder.path();
    checkpoint::write(folder, &header, &state).expect("the state is written");
    let read = checkpoint::read(folder).expect("the checkpoint can be read");
    let (header, checkpoint) = read.expect("the checkpoint exists");
    let restored =
        checkpoint.state(network(), header.steps, &device).expect("the network is the same");
    assert_eq!(restored.steps, state.steps);
    // Compared as text, in which NaN equals NaN.
    assert_eq!(format!("{:?}", restored.history), format!("{:?}", state.history));
    assert_eq!(format!("{:?}", restored.metrics.sums()), format!("{:?}", state.metrics.sums()));

    let config = FitConfig {
        epochs: state.history.len() + 1,
        batch_size: 1,
        ..FitSettings::default().config()
    };
    let fit = Fit {
        config: &config,
        seed: 0,
        train: Images { split: &small.split, pixels: Pixels::Unit },
        validation: None,
        device: &device,
    };
    let Ok(_) = fit.run(state, &mut ());
});

impl HeaderFields {
    fn header(&self) -> Header {
        let settings = self.settings.iter().map(|(key, value)| {
            let value = match value {
                &Setting::Integer(number) => number.into(),
                &Setting::Float(number) => number.into(),
                Setting::Text(text) => text.as_str().into(),
            };
            (key.clone(), value)
        });
        Header {
            variant: self.variant.clone(),
            seed: self.seed,
            point: KeyValues::new(),
            settings: settings.collect(),
            dataset_sha256: self.dataset_sha256.clone(),
            steps: self.steps,
            fit_seconds: self.fit_seconds,
            sha256: String::new(),
        }
    }
}
