use std::collections::BTreeMap;

use model::{NOTEBOOK_HIDDEN, NetworkConfig, presets};
use proptest::prelude::*;

use burn::tensor::Tensor;
use model::{Loss, NetworkNoise};

use super::*;
use crate::{Batch, RuleConfig};

fn network(seed: u64, device: &Device) -> Network {
    let [.., (_, config)] = presets(&[2, 2]);
    config.init(3, 10, seed, device)
}

fn columns(is_validated: bool) -> Columns {
    Columns { depth: 2, is_validated, has_wrong_labels: false }
}

fn sgd() -> OptimizerConfig {
    let rule = RuleConfig::Sgd { momentum: 0.9, nesterov: false };
    OptimizerConfig { rule, learning_rate: 0.1, weight_decay: None }
}

/// Returns the state of an optimizer after one step.
fn stepped(seed: u64, device: &Device) -> State {
    let images = Tensor::from_data([[1.0, 0.5, 0.0], [0.0, 1.0, 0.2]], device);
    let batch = Batch { images: images.into(), classes: Tensor::from_data([3, 1], device) };
    State::new(network(seed, device), &sgd()).step(batch, NetworkNoise::default(), Loss::default())
}

fn state(device: &Device) -> State {
    let metrics = |loss| Metrics { loss, accuracy: 1.0 / 3.0 };
    let epoch = |number, loss, validation, recorded| Epoch {
        number,
        train: metrics(loss),
        validation,
        recorded,
    };
    State {
        steps: 7,
        metrics: RunningMetrics::from_sums([0.1_f32.into(), 5.0, 20.0], device),
        best: Some(network(3, device)),
        history: vec![
            epoch(1, 0.1, Some(metrics(f64::INFINITY)), Some(recorded(11))),
            epoch(2, 0.3, None, None),
            epoch(3, 1e-300, Some(metrics(0.7)), Some(recorded(11))),
        ],
        ..stepped(1, device)
    }
}

/// Creates this many recorded values; there are 11 of two hidden layers.
fn recorded(values: usize) -> Vec<f64> {
    (0..values).map(|value| value as f64 / 3.0).collect()
}

fn write(state: &State) -> Vec<u8> {
    to_bytes(state, |_| Ok("mine".to_owned())).unwrap()
}

fn parse(bytes: Vec<u8>) -> Result<Checkpoint, Error> {
    let read = Checkpoint::parse(bytes, |header, _| Ok(header.to_owned()));
    read.map(|(header, checkpoint)| {
        assert_eq!(header, "mine");
        checkpoint
    })
}

/// Serialises a checkpoint with these tensors in addition to the weights.
fn forged(history: TensorData, sums: TensorData) -> Vec<u8> {
    let mut tensors = weights::tensors(&network(1, &Device::flex())).unwrap();
    let moments = stepped(1, &Device::flex()).optimizer.tensors();
    tensors.extend(moments.into_iter().map(|(name, data)| (format!("{OPTIMIZER}{name}"), data)));
    tensors.extend([(HISTORY.to_owned(), history), (SUMS.to_owned(), sums)]);
    let metadata = HashMap::from([(HEADER.to_owned(), "mine".to_owned())]);
    weights::serialize(&tensors, Some(metadata)).unwrap()
}

fn numbers() -> impl Strategy<Value = f64> {
    let unusual = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.5, -1.0, 1e19];
    let counts = (0..9_i32).prop_map(f64::from);
    prop_oneof![4 => counts, 1 => any::<f64>(), 1 => prop::sample::select(unusual.to_vec())]
}

#[test]
fn the_state_that_was_written_is_restored() {
    let device = Device::flex();
    let expected = state(&device);
    let checkpoint = parse(write(&expected)).unwrap();
    assert_eq!(checkpoint.history.len(), 3);
    let actual = checkpoint.state(network(2, &device), &sgd(), 7, columns(false), &device).unwrap();
    assert_eq!((actual.steps, &actual.history), (expected.steps, &expected.history));
    assert_eq!(actual.metrics.sums(), expected.metrics.sums());
    let bytes = |network: &Network| weights::to_bytes(network).unwrap();
    assert!(bytes(&actual.network) == bytes(&expected.network));
    assert!(bytes(actual.trained()) == bytes(expected.trained()));
    assert!(bytes(actual.trained()) != bytes(&actual.network));

    assert!(!expected.optimizer.tensors().is_empty());
    assert_eq!(actual.optimizer.tensors(), expected.optimizer.tensors());

    // A state at the start of the first epoch, without validation.
    let start = State { history: Vec::new(), metrics: RunningMetrics::default(), ..expected };
    assert!(parse(write(&start)).unwrap().history.is_empty());
}

#[test]
fn weights_of_another_network_are_refused() {
    let device = Device::flex();
    let other = NetworkConfig::plain(&NOTEBOOK_HIDDEN).init(784, 10, 0, &device);
    let checkpoint = parse(write(&state(&device))).unwrap();
    let Err(error) = checkpoint.state(other, &sgd(), 7, columns(false), &device) else {
        panic!("the weights fit another network")
    };
    assert!(error.to_string().contains("hidden1"), "{error}");
}

#[test]
fn a_state_without_one_of_its_optimizers_tensors_is_refused() {
    let device = Device::flex();
    let mut tensors = weights::tensors(&network(1, &device)).unwrap();
    let moments = stepped(1, &device).optimizer.tensors();
    let (first, data) = moments.first_key_value().unwrap();
    let misspelt = first.replace("velocity", "velocitu");
    for change in [vec![], vec![(misspelt, data.clone())]] {
        let mut changed = moments.clone();
        changed.remove(first);
        changed.extend(change);
        let file = write(&State { steps: 7, ..stepped(1, &device) });
        let mut file_tensors: BTreeMap<String, TensorData> = BTreeMap::new();
        let parsed = SafeTensors::deserialize(&file).unwrap();
        for (name, view) in parsed.tensors() {
            if name.starts_with(FIT) {
                let words = view.data().as_chunks().0.iter().map(|word| f64::from_le_bytes(*word));
                file_tensors.insert(name, TensorData::new(words.collect(), view.shape()));
            }
        }
        tensors.retain(|name, _| !name.starts_with(OPTIMIZER));
        file_tensors.extend(tensors.clone());
        file_tensors
            .extend(changed.into_iter().map(|(name, data)| (format!("{OPTIMIZER}{name}"), data)));
        let metadata = HashMap::from([(HEADER.to_owned(), "mine".to_owned())]);
        let checkpoint = parse(weights::serialize(&file_tensors, Some(metadata)).unwrap()).unwrap();
        let state = checkpoint.state(network(2, &device), &sgd(), 7, columns(false), &device);
        let Err(error) = state else { panic!("the state was restored") };
        assert!(error.to_string().starts_with("`optimizer."), "{error}");
    }
}

#[test]
fn recorded_values_that_do_not_fit_are_refused() {
    let device = Device::flex();
    for (values, is_validated) in [(12, false), (11, true), (13, true), (1, false)] {
        let mut state = state(&device);
        state.history[0].recorded = Some(recorded(values));
        state.history.truncate(1);
        let checkpoint = parse(write(&state)).unwrap();
        let state =
            checkpoint.state(network(2, &device), &sgd(), 7, columns(is_validated), &device);
        let Err(error) = state else { panic!("{values} values fit") };
        assert!(error.to_string().starts_with("`fit.epochs` has "), "{error}");
    }
}

#[test]
fn a_file_with_a_refused_header_is_refused() {
    let bytes = write(&state(&Device::flex()));
    let error = Checkpoint::parse(bytes, |_, _| Err::<(), _>("refused".to_owned()));
    assert_eq!(error.unwrap_err(), Error::InvalidCheckpoint("refused".to_owned()));
}

proptest! {
    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(parse(bytes).is_err());
    }

    #[test]
    fn a_parsed_checkpoint_stays_the_same_when_written_again(
        history in prop::collection::vec(numbers(), 0..40),
        width in prop::sample::select(vec![3_usize, 4, 15]),
        sums in prop::collection::vec(numbers(), 2..5),
    ) {
        let device = Device::flex();
        let rows = history.len() / width;
        let history = TensorData::new(history[..rows * width].to_vec(), [rows, width]);
        let file = forged(history, TensorData::new(sums.clone(), [sums.len()]));
        let Ok(checkpoint) = parse(file) else {
            // A checkpoint that a fit may have written is never refused.
            let [_, correct, images] = *sums else { return Ok(()) };
            let valid = |count: f64| (0..9).any(|valid| count == f64::from(valid));
            prop_assert!(width < 4 || correct > images || !valid(correct) || !valid(images));
            return Ok(());
        };
        let state = checkpoint.state(network(2, &device), &sgd(), 7, columns(false), &device).unwrap();
        let again = parse(write(&state)).unwrap();
        let again = again.state(network(2, &device), &sgd(), 7, columns(false), &device).unwrap();
        // Compared as text, in which NaN equals NaN.
        prop_assert_eq!(format!("{:?}", again.history), format!("{:?}", state.history));
        let sums = |state: &State| format!("{:?}", state.metrics.sums());
        prop_assert_eq!(sums(&again), sums(&state));
    }
}
