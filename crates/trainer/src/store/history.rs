//! history.csv: the losses and accuracies of each epoch.

use std::fmt::Write;

use training::{Epoch, Metrics};

/// File name of the history.
pub const FILE: &str = "history.csv";

/// Formats a history as CSV with the columns `epoch,loss,acc[,val_loss,val_acc]`. The last two are empty for an epoch
/// that was not evaluated on the validation images.
pub fn to_csv(history: &[Epoch]) -> String {
    let validated = history.iter().any(|epoch| epoch.validation.is_some());
    let mut csv = String::from("epoch,loss,acc");
    csv.push_str(if validated { ",val_loss,val_acc\n" } else { "\n" });
    for Epoch { number, train, validation } in history {
        // Writing to a String cannot fail.
        let _ = write!(csv, "{number}");
        let _ = write!(csv, ",{:.6},{:.6}", train.loss, train.accuracy);
        match validation {
            Some(metrics) => {
                let _ = write!(csv, ",{:.6},{:.6}", metrics.loss, metrics.accuracy);
            }
            None if validated => csv.push_str(",,"),
            None => {}
        }
        csv.push('\n');
    }
    csv
}

/// Parses a history of so many epochs.
pub(super) fn parse(bytes: &[u8], expected: usize) -> Result<Vec<Epoch>, String> {
    let text = String::from_utf8_lossy(bytes);
    let epoch = |(line, number): (&str, usize)| {
        let cells: Vec<&str> = line.split(',').collect();
        let metrics = |loss: &str, accuracy: &str| {
            Some(Metrics { loss: loss.parse().ok()?, accuracy: accuracy.parse().ok()? })
        };
        let (train, validation) = match cells[..] {
            [_, loss, acc] | [_, loss, acc, "", ""] => (metrics(loss, acc)?, None),
            [_, loss, acc, val_loss, val_acc] => {
                (metrics(loss, acc)?, Some(metrics(val_loss, val_acc)?))
            }
            _ => return None,
        };
        Some(Epoch { number, train, validation })
    };
    let epochs: Option<Vec<_>> = text.lines().skip(1).zip(1..).map(epoch).collect();
    let epochs = epochs.filter(|epochs| epochs.len() == expected);
    epochs.ok_or_else(|| format!("not a history of {expected} epochs"))
}
