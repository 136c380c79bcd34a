//! Checkpoints: what is taken for one holds a state that can be written again and trained on.
#![no_main]

use std::{collections::HashMap, fs, sync::LazyLock};

use arbitrary::Arbitrary;
use data::{PIXELS, Split};
use fuzz::{
    memory::bounded,
    safetensors::{Forgery, Tensor},
};
use libfuzzer_sys::fuzz_target;
use model::{Network, Variant, presets};
use tempfile::TempDir;
use trainer::{
    batches::Images,
    checkpoint::{self, Checkpoint, Head},
    device::Backend,
    evaluate::{Score, Sums},
    fit::{Epoch, Fit, State},
    study::{FitSettings, Pixels, Run, Settings},
};

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
        head: Words,
    },
    Forged {
        forgery: Forgery,
        head: String,
    },
}

/// A checkpoint's head.
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
    run: Run,
    network: Network,
    split: Split,
    /// Of a good checkpoint.
    tensors: Vec<Tensor>,
}

static SMALL: LazyLock<Small> = LazyLock::new(|| {
    let [.., mut variant] = presets();
    let Variant { network: config, .. } = &mut variant;
    (config.hidden1.units, config.hidden2.units) = (2, 2);
    let device = Backend::Flex.open().expect("a processor");
    let network = config.init(0, &device);
    let score = Score { loss: 0.5, accuracy: 0.25 };
    let state = State {
        network: network.clone(),
        steps: 3,
        sums: Sums::restore([0.5, 1.0, 1.0], &device),
        history: vec![Epoch { number: 1, train: score, validation: None }],
    };
    let head = Words {
        variant: "small".to_owned(),
        seed: 0,
        settings: Vec::new(),
        dataset_sha256: String::new(),
        steps: 3,
        fit_seconds: 0.0,
    };
    let folder = tempfile::tempdir().expect("a folder");
    checkpoint::write(folder.path(), &head.head(), &state).expect("a checkpoint");
    let file = fs::read(folder.path().join("checkpoint.safetensors")).expect("a checkpoint");
    let split = Split::new(vec![7; 2 * PIXELS], vec![3; 2]);
    Small { folder, run: Run::new(variant, 0), network, split, tensors: Tensor::all(&file) }
});

fuzz_target!(|input: Input| {
    let small = &*SMALL;
    let run_of = |text: String| HashMap::from([("run".to_owned(), text)]);
    let tensors = || small.tensors.clone();
    let bytes = match input {
        Input::Anything(bytes) => bytes,
        Input::Summed { forgery, head } => {
            forgery.make(tensors(), |data| run_of(head.head().text(data).expect("JSON")))
        }
        Input::Forged { forgery, head } => forgery.make(tensors(), |_| run_of(head)),
    };
    let device = Backend::Flex.open().expect("a processor");
    let network = || small.network.clone();
    let loaded = bounded(BASE + PER_BYTE * bytes.len(), || {
        let checkpoint = Checkpoint::parse(bytes).ok()?;
        let head = checkpoint.head.clone();
        Some((head, checkpoint.state(network(), &device).ok()?))
    });
    let Some((head, state)) = loaded else { return };

    let folder = small.folder.path();
    checkpoint::write(folder, &head, &state).expect("written again");
    let again = Checkpoint::read(folder).expect("read again").expect("there");
    let again = again.state(network(), &device).expect("of the same variant");
    assert_eq!(again.steps, state.steps);
    // As text: NaN is as good as any.
    assert_eq!(format!("{:?}", again.history), format!("{:?}", state.history));
    assert_eq!(format!("{:?}", again.sums.read()), format!("{:?}", state.sums.read()));

    let settings =
        FitSettings { epochs: state.history.len() + 1, batch_size: 1, ..Default::default() };
    let run = Run { fit: settings, ..small.run.clone() };
    let fit = Fit {
        run: &run,
        train: Images { split: &small.split, pixels: Pixels::Unit },
        validation: None,
        device: &device,
        memory: Backend::Flex.memory(),
    };
    fit.train(state, &mut ()).expect("trained on");
});

impl Words {
    fn head(&self) -> Head {
        let settings = self.settings.iter().map(|(key, value)| {
            let value = match value {
                &Setting::Integer(number) => number.into(),
                &Setting::Float(number) => number.into(),
                Setting::Text(text) => text.as_str().into(),
            };
            (key.clone(), value)
        });
        Head {
            variant: self.variant.clone(),
            seed: self.seed,
            point: Settings::new(),
            settings: settings.collect(),
            dataset_sha256: self.dataset_sha256.clone(),
            steps: self.steps,
            fit_seconds: self.fit_seconds,
            sha256: String::new(),
        }
    }
}
