//! metrics.csv: what is recorded by epoch.

use training::{Columns, Recording};

/// File name of the recordings.
pub const FILE: &str = "metrics.csv";

/// Formats recordings as CSV: the epoch, then the recorded values.
pub fn to_csv(recordings: &[Recording], columns: Columns) -> String {
    let header = [vec!["epoch".to_owned()], columns.names()].concat().join(",");
    let row = |Recording { epoch, values }: &Recording| {
        let cells = values.iter().map(|value| format!(",{value:.6}"));
        format!("{epoch}{}\n", cells.collect::<String>())
    };
    std::iter::once(header + "\n").chain(recordings.iter().map(row)).collect()
}
