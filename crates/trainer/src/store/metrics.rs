//! metrics.csv: what is recorded by epoch.

use training::{Recording, recording::columns};

/// File name of the recordings.
pub const FILE: &str = "metrics.csv";

/// Formats recordings as CSV: the epoch, then the recorded values of a network of so many hidden layers.
pub fn to_csv(recordings: &[Recording], depth: usize, is_validated: bool) -> String {
    let header = [vec!["epoch".to_owned()], columns(depth, is_validated)].concat().join(",");
    let row = |Recording { epoch, values }: &Recording| {
        let cells = values.iter().map(|value| format!(",{value:.6}"));
        format!("{epoch}{}\n", cells.collect::<String>())
    };
    std::iter::once(header + "\n").chain(recordings.iter().map(row)).collect()
}
