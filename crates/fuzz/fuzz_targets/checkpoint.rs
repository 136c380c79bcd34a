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
use model::{Loss, Network, NetworkNoise, presets};
use tempfile::TempDir;
use trainer::{
    store::checkpoint::{self, Header},
    study::Backend,
};
use training::{
    Columns, Epoch, Fit, FitConfig, Images, Metrics, OptimizerConfig, Pixels, RuleConfig,
    RunningMetrics, State,
};

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
    run: String,
    steps: u64,
    fit_seconds: f64,
}

/// A small network, its images and its checkpoint.
struct Small {
    folder: TempDir,
    network: Network,
    split: Split,
    /// The tensors of a valid checkpoint.
    tensors: Vec<Tensor>,
}

fn adam() -> OptimizerConfig {
    let rule = RuleConfig::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
    OptimizerConfig { rule, ..OptimizerConfig::default() }
}

static SMALL: LazyLock<Small> = LazyLock::new(|| {
    let [.., (_, config)] = presets(&[2, 2]);
    let device = Backend::Flex.open().expect("flex finds the CPU");
    let shape = Shape::MNIST;
    let network = config.init(shape.pixels(), shape.classes, 0, &device);
    let metrics = Metrics { loss: 0.5, accuracy: 0.25 };
    let split = Split::new(Shape::MNIST, vec![7; 2 * shape.pixels()], vec![3; 2]);
    let batch = Images { split: &split, pixels: Pixels::Unit }.batch(&[0, 1], &device);
    let state = State {
        steps: 3,
        metrics: RunningMetrics::from_sums([0.5, 1.0, 1.0], &device),
        history: vec![Epoch { number: 1, train: metrics, validation: None, recorded: None }],
        ..State::new(network.clone(), &adam()).step(batch, NetworkNoise::default(), Loss::default())
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(checkpoint::FILE);
    checkpoint::write(&path, &Header::new("small", 3, 0.0), &state).expect("the state is written");
    let file = fs::read(&path).expect("the checkpoint can be read");
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
    let optimizer = adam();
    let columns = Columns { depth: 2, is_validated: false, has_wrong_labels: false };
    let network = || small.network.clone();
    let loaded = bounded(BASE + PER_BYTE * bytes.len(), || {
        let (header, checkpoint) = checkpoint::parse(bytes).ok()?;
        let state = checkpoint.state(network(), &optimizer, header.steps, columns, &device).ok()?;
        Some((header, state))
    });
    let Some((header, state)) = loaded else { return };

    let path = small.folder.path().join(checkpoint::FILE);
    checkpoint::write(&path, &header, &state).expect("the state is written");
    let read = checkpoint::read(&path, &header.run).expect("the checkpoint can be read");
    let (header, checkpoint) = read.expect("the checkpoint exists");
    let restored = checkpoint
        .state(network(), &optimizer, header.steps, columns, &device)
        .expect("the network is the same");
    assert_eq!(restored.steps, state.steps);
    // Compared as text, in which NaN equals NaN.
    assert_eq!(format!("{:?}", restored.history), format!("{:?}", state.history));
    assert_eq!(format!("{:?}", restored.metrics.sums()), format!("{:?}", state.metrics.sums()));

    let config = FitConfig {
        epochs: state.history.len() + 1,
        batch_size: 1,
        loss: Loss::default(),
        optimizer,
        shuffle: true,
        shift: 0,
        validate_every: 1,
        early_stopping: None,
    };
    let fit = Fit {
        config: &config,
        seed: 0,
        train: Images { split: &small.split, pixels: Pixels::Unit },
        validation: None,
        wrong: None,
        device: &device,
    };
    let Ok(_) = fit.run(state, &mut ());
});

impl HeaderFields {
    fn header(&self) -> Header {
        Header::new(&self.run, self.steps, self.fit_seconds)
    }
}
