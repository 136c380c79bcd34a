//! Checkpoints: what is taken for one holds a state that can be written again and trained on.
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
use training::{Epoch, Fit, FitConfig, Images, Metrics, Pixels, Score, State};

/// The names and numbers of a header become words and numbers of the program: many small pieces.
const PER_BYTE: usize = 64;
/// What a good file of the small network takes, and some.
const BASE: usize = 256 << 10;

#[derive(Debug, Arbitrary)]
enum Input {
    Anything(Vec<u8>),
    /// With a checksum that is right.
    Summed {
        forgery: Forgery,
        header: Words,
    },
    Forged {
        forgery: Forgery,
        header: String,
    },
}

/// A checkpoint's header.
#[derive(Debug, Arbitrary)]
struct Words {
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

/// What a run of a small network needs.
struct Small {
    folder: TempDir,
    network: Network,
    split: Split,
    /// Of a good checkpoint.
    tensors: Vec<Tensor>,
}

static SMALL: LazyLock<Small> = LazyLock::new(|| {
    let [.., variant] = presets(&[2, 2]);
    let device = Backend::Flex.open().expect("a processor");
    let shape = Shape::MNIST;
    let network = variant.network.init(shape.pixels(), shape.classes, 0, &device);
    let score = Score { loss: 0.5, accuracy: 0.25 };
    let state = State {
        steps: 3,
        metrics: Metrics::from_sums([0.5, 1.0, 1.0], &device),
        history: vec![Epoch { number: 1, train: score, validation: None }],
        ..State::new(network.clone())
    };
    let header = Words {
        variant: "small".to_owned(),
        seed: 0,
        settings: Vec::new(),
        dataset_sha256: String::new(),
        steps: 3,
        fit_seconds: 0.0,
    };
    let folder = tempfile::tempdir().expect("a folder");
    checkpoint::write(folder.path(), &header.header(), &state).expect("a checkpoint");
    let file = fs::read(folder.path().join("checkpoint.safetensors")).expect("a checkpoint");
    let split = Split::new(vec![7; 2 * shape.pixels()], vec![3; 2]);
    Small { folder, network, split, tensors: Tensor::all(&file) }
});

fuzz_target!(|input: Input| {
    let small = &*SMALL;
    let run_of = |text: String| HashMap::from([("run".to_owned(), text)]);
    let tensors = || small.tensors.clone();
    let bytes = match input {
        Input::Anything(bytes) => bytes,
        Input::Summed { forgery, header } => {
            forgery.make(tensors(), |data| run_of(header.header().text(data).expect("JSON")))
        }
        Input::Forged { forgery, header } => forgery.make(tensors(), |_| run_of(header)),
    };
    let device = Backend::Flex.open().expect("a processor");
    let network = || small.network.clone();
    let loaded = bounded(BASE + PER_BYTE * bytes.len(), || {
        let (header, checkpoint) = checkpoint::parse(bytes).ok()?;
        let state = checkpoint.state(network(), header.steps, &device).ok()?;
        Some((header, state))
    });
    let Some((header, state)) = loaded else { return };

    let folder = small.folder.path();
    checkpoint::write(folder, &header, &state).expect("written again");
    let (header, again) = checkpoint::read(folder).expect("read again").expect("there");
    let again = again.state(network(), header.steps, &device).expect("of the same variant");
    assert_eq!(again.steps, state.steps);
    // As text: NaN is as good as any.
    assert_eq!(format!("{:?}", again.history), format!("{:?}", state.history));
    assert_eq!(format!("{:?}", again.metrics.sums()), format!("{:?}", state.metrics.sums()));

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

impl Words {
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
