//! The file `changed_labels.csv`: the training labels that were replaced by other classes.

use crate::study::ChangedLabel;

/// File name of the changed labels.
pub const FILE: &str = "changed_labels.csv";

/// Formats changed labels as CSV with the columns `index,true,given`. The index is that of the image in the training
/// file, from 0.
pub fn to_csv(changes: &[ChangedLabel]) -> String {
    let row =
        |ChangedLabel { index, truth, given }: &ChangedLabel| format!("{index},{truth},{given}\n");
    std::iter::once("index,true,given\n".to_owned()).chain(changes.iter().map(row)).collect()
}
