//! CSV files of a run: history.csv and metrics.csv, which have what is recorded by epoch, and the training labels that
//! were replaced by other classes.

use std::collections::BTreeMap;

use training::{Columns, Epoch};

use crate::splits::ChangedLabel;

/// File name of the losses and accuracies.
pub const HISTORY: &str = "history.csv";
/// File name of the other recorded values.
pub const METRICS: &str = "metrics.csv";
/// File name of the changed labels.
pub const CHANGED_LABELS: &str = "changed_labels.csv";

/// A table by epoch, as a file has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EpochTable {
    /// Epochs, from 1.
    pub epochs: Vec<usize>,
    /// Values by column, one for each epoch; `None` where a cell is empty.
    pub columns: BTreeMap<String, Vec<Option<f64>>>,
}

/// Formats history.csv: `epoch,loss,acc[,val_loss,val_acc]`. The last two are empty for an epoch that was not validated.
pub fn history_csv(history: &[Epoch]) -> String {
    let is_validated = history.iter().any(|epoch| epoch.validation.is_some());
    let names = &Epoch::METRICS[..if is_validated { 4 } else { 2 }];
    to_csv(names, history.iter().map(|epoch| (epoch.number, epoch.metrics())))
}

/// Formats metrics.csv: the epoch, then the recorded values.
pub fn metrics_csv(history: &[Epoch], columns: Columns) -> String {
    let recorded = history.iter().filter_map(|epoch| {
        Some((epoch.number, epoch.recorded.as_ref()?.iter().copied().map(Some)))
    });
    to_csv(&columns.names(), recorded)
}

fn to_csv<Row: IntoIterator<Item = Option<f64>>>(
    names: &[impl ToString],
    rows: impl Iterator<Item = (usize, Row)>,
) -> String {
    let header: String = names.iter().map(|name| format!(",{}", name.to_string())).collect();
    let mut csv = format!("epoch{header}\n");
    for (epoch, row) in rows {
        csv += &epoch.to_string();
        for (value, _) in row.into_iter().zip(names) {
            csv += &value.map_or(",".to_owned(), |value| format!(",{value:.6}"));
        }
        csv.push('\n');
    }
    csv
}

/// Parses history.csv or metrics.csv.
pub(super) fn parse_epochs(bytes: &[u8]) -> Result<EpochTable, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let header = lines.next().and_then(|header| header.strip_prefix("epoch,"));
    let names: Vec<&str> = header.ok_or("not a table of epochs")?.split(',').collect();
    let mut table = EpochTable::default();
    for line in lines {
        let (epoch, row) = line.split_once(',').ok_or("a line has no values")?;
        table.epochs.push(epoch.parse().map_err(|_| format!("`{epoch}` is not an epoch"))?);
        let cells: Vec<&str> = row.split(',').collect();
        if cells.len() != names.len() {
            return Err(format!("epoch {epoch} has {} values, not {}", cells.len(), names.len()));
        }
        for (name, cell) in names.iter().zip(cells) {
            let value = if cell.is_empty() { None } else { Some(cell.parse()) };
            let value = value
                .transpose()
                .map_err(|_| format!("a value of epoch {epoch} is not a number"))?;
            table.columns.entry((*name).to_owned()).or_default().push(value);
        }
    }
    Ok(table)
}

/// Formats changed labels as CSV with the columns `index,true,given`. The index is that of the image in the training
/// file, from 0.
pub fn changed_labels_csv(changes: &[ChangedLabel]) -> String {
    let row =
        |ChangedLabel { index, truth, given }: &ChangedLabel| format!("{index},{truth},{given}\n");
    std::iter::once("index,true,given\n".to_owned()).chain(changes.iter().map(row)).collect()
}

pub(super) fn parse_changed_labels(bytes: &[u8]) -> Result<Vec<ChangedLabel>, String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().skip(1).map(|line| {
        let mut cells = line.split(',');
        let index = cells.next()?.parse().ok()?;
        let mut label = || cells.next()?.parse().ok();
        Some(ChangedLabel { index, truth: label()?, given: label()? })
    });
    let changes: Option<Vec<_>> = lines.collect();
    changes.ok_or_else(|| "not a table of index, true and given label".to_owned())
}

#[cfg(test)]
mod tests {
    use training::Metrics;

    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let metrics = |loss| Metrics { loss, accuracy: 0.5 };
        let epoch = |number, validation: Option<f64>| Epoch {
            number,
            train: metrics(f64::INFINITY),
            validation: validation.map(metrics),
            recorded: validation.map(|loss| vec![loss; 8]),
        };
        let history = [epoch(1, None), epoch(2, Some(0.25))];
        let csv = history_csv(&history);
        assert_eq!(
            csv,
            "epoch,loss,acc,val_loss,val_acc\n1,inf,0.500000,,\n2,inf,0.500000,0.250000,0.500000\n"
        );
        let table = parse_epochs(csv.as_bytes()).unwrap();
        assert_eq!(table.epochs, [1, 2]);
        assert_eq!(table.columns["loss"], [Some(f64::INFINITY); 2]);
        assert_eq!(table.columns["val_loss"], [None, Some(0.25)]);
        assert_eq!(history_csv(&history[..1]), "epoch,loss,acc\n1,inf,0.500000\n");

        let columns = Columns { depth: 1, is_validated: false, has_wrong_labels: false };
        let table = parse_epochs(metrics_csv(&history, columns).as_bytes()).unwrap();
        assert_eq!((table.epochs.as_slice(), table.columns.len()), (&[2][..], 8));
        assert_eq!(table.columns["hidden1.silent"], [Some(0.25)]);
        for (text, expected) in [
            ("", "not a table of epochs"),
            ("epoch,a\n1", "a line has no values"),
            ("epoch,a\nx,1", "`x` is not an epoch"),
            ("epoch,a\n1,2,3", "epoch 1 has 2 values, not 1"),
            ("epoch,a\n1,x", "a value of epoch 1 is not a number"),
        ] {
            assert_eq!(parse_epochs(text.as_bytes()).unwrap_err(), expected);
        }
    }

    #[test]
    fn changed_labels_are_read_back() {
        let changes = [(7, 3, 8), (60_000, 0, 255)];
        let changes = changes.map(|(index, truth, given)| ChangedLabel { index, truth, given });
        assert_eq!(parse_changed_labels(changed_labels_csv(&changes).as_bytes()).unwrap(), changes);
        assert!(parse_changed_labels(b"index,true,given\n1,2").is_err());
    }
}
