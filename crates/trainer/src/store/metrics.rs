//! metrics.csv: what is recorded by epoch.

use std::collections::BTreeMap;

use training::{Columns, Recording};

/// File name of the recordings.
pub const FILE: &str = "metrics.csv";

/// Recordings of a run, as the file has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recordings {
    /// Recorded epochs, from 1.
    pub epochs: Vec<usize>,
    /// Values by column, one for each epoch.
    pub columns: BTreeMap<String, Vec<f64>>,
}

/// Formats recordings as CSV: the epoch, then the recorded values.
pub fn to_csv(recordings: &[Recording], columns: Columns) -> String {
    let header = [vec!["epoch".to_owned()], columns.names()].concat().join(",");
    let row = |Recording { epoch, values }: &Recording| {
        let cells = values.iter().map(|value| format!(",{value:.6}"));
        format!("{epoch}{}\n", cells.collect::<String>())
    };
    std::iter::once(header + "\n").chain(recordings.iter().map(row)).collect()
}

/// Parses recordings.
pub(super) fn parse(bytes: &[u8]) -> Result<Recordings, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let header = lines.next().and_then(|header| header.strip_prefix("epoch,"));
    let names: Vec<&str> = header.ok_or("not a table of epochs")?.split(',').collect();
    let mut recordings = Recordings::default();
    for line in lines {
        let (epoch, values) = line.split_once(',').ok_or("a line has no values")?;
        recordings.epochs.push(epoch.parse().map_err(|_| format!("`{epoch}` is no epoch"))?);
        let values: Result<Vec<f64>, _> = values.split(',').map(str::parse).collect();
        let values = values.map_err(|_| format!("a value of epoch {epoch} is not a number"))?;
        if values.len() != names.len() {
            return Err(format!("epoch {epoch} has {} of {} values", values.len(), names.len()));
        }
        for (name, value) in names.iter().zip(values) {
            recordings.columns.entry((*name).to_owned()).or_default().push(value);
        }
    }
    Ok(recordings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let columns = Columns { depth: 1, is_validated: false, has_wrong_labels: false };
        let recording =
            |epoch, value| Recording { epoch, values: vec![value; columns.names().len()] };
        let text = to_csv(&[recording(2, 0.25), recording(4, f64::NAN)], columns);
        let read = parse(text.as_bytes()).unwrap();
        assert_eq!(read.epochs, [2, 4]);
        assert_eq!(read.columns.len(), columns.names().len());
        let silent = &read.columns["hidden1.silent"];
        assert!(silent[0] == 0.25 && silent[1].is_nan());
        for (bad, expected) in [
            ("", "not a table of epochs"),
            ("epoch,acc\n1,0.5\n2", "a line has no values"),
            ("epoch,acc\n1,0.5,0.5", "epoch 1 has 2 of 1 values"),
            ("epoch,acc\n1,x", "a value of epoch 1 is not a number"),
        ] {
            assert_eq!(parse(bad.as_bytes()).unwrap_err(), expected);
        }
    }
}
