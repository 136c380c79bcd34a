//! The file `changed_labels.csv`: the training labels that were replaced by other classes.

use crate::splits::ChangedLabel;

/// File name of the changed labels.
pub const FILE: &str = "changed_labels.csv";

/// Formats changed labels as CSV with the columns `index,true,given`. The index is that of the image in the training
/// file, from 0.
pub fn to_csv(changes: &[ChangedLabel]) -> String {
    let row =
        |ChangedLabel { index, truth, given }: &ChangedLabel| format!("{index},{truth},{given}\n");
    std::iter::once("index,true,given\n".to_owned()).chain(changes.iter().map(row)).collect()
}

/// Parses changed labels.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<ChangedLabel>, String> {
    let text = String::from_utf8_lossy(bytes);
    let change = |line: &str| {
        let mut cells = line.split(',');
        let index = cells.next()?.parse().ok()?;
        let mut label = || cells.next()?.parse().ok();
        Some(ChangedLabel { index, truth: label()?, given: label()? })
    };
    let changes = text.lines().skip(1).map(change).collect::<Option<Vec<_>>>();
    changes.ok_or_else(|| "not a table of index, true and given label".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let changes = [(7, 3, 8), (60_000, 0, 255)];
        let changes = changes.map(|(index, truth, given)| ChangedLabel { index, truth, given });
        assert_eq!(parse(to_csv(&changes).as_bytes()).unwrap(), changes);
        assert!(parse(b"index,true,given\n1,2").is_err());
    }
}
