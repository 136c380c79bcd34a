//! Compares early stopping with histories that Keras's callback got.

use serde::Deserialize;
use strum::VariantArray;
use training::{EarlyStopping, Epoch, Metrics, Monitor};

/// A history that Keras's `EarlyStopping` got, and how it ended. From `record_early_stopping.py`.
#[derive(Deserialize)]
struct StoppedHistory {
    settings: KerasEarlyStopping,
    /// Monitored value of each epoch as text; `None` for an epoch that was not validated.
    values: Vec<Option<String>>,
    ended: KerasEnding,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KerasEarlyStopping {
    monitor: String,
    min_delta: f64,
    patience: usize,
    start_from_epoch: usize,
    restore_best_weights: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
struct KerasEnding {
    epochs: usize,
    stopped: bool,
    best_epoch: Option<usize>,
    /// Number of the epoch whose weights the model has in the end.
    weights_of_epoch: usize,
}

#[test]
fn early_stopping_ends_histories_as_keras_does() {
    let histories: Vec<StoppedHistory> =
        serde_json::from_str(include_str!("early_stopping.json")).unwrap();
    assert_eq!(histories.len(), 200);
    for (index, StoppedHistory { settings, values, ended }) in histories.iter().enumerate() {
        let monitored =
            Monitor::VARIANTS.iter().copied().find(|one| one.to_string() == settings.monitor);
        let settings = EarlyStopping {
            monitor: monitored.unwrap(),
            // The config takes the magnitude.
            min_delta: settings.min_delta.abs(),
            patience: settings.patience,
            start_from_epoch: settings.start_from_epoch,
            restore_best_weights: settings.restore_best_weights,
        };
        let mut stopping = settings.after(&[]);
        let (mut epochs, mut weights_of_epoch) = (0, 0);
        for (value, number) in values.iter().zip(1..) {
            // Only the monitored metric has the value.
            let value: Option<f64> = value.as_ref().map(|value| value.parse().unwrap());
            let of = |monitor| if monitor == settings.monitor { value } else { Some(7.0) };
            let metrics =
                |loss, accuracy| Some(Metrics { loss: of(loss)?, accuracy: of(accuracy)? });
            let train = metrics(Monitor::Loss, Monitor::Accuracy).unwrap();
            let validation = metrics(Monitor::ValLoss, Monitor::ValAccuracy);
            stopping.add(&Epoch { number, train, validation, recorded: None });
            epochs = number;
            if !settings.restore_best_weights
                || stopping.best_epoch().is_none_or(|best| best == number)
            {
                weights_of_epoch = number;
            }
            if stopping.is_over() {
                break;
            }
        }
        let (stopped, best_epoch) = (stopping.is_over(), stopping.best_epoch());
        let actual = KerasEnding { epochs, stopped, best_epoch, weights_of_epoch };
        assert_eq!(actual, *ended, "history {index}");
    }
}
