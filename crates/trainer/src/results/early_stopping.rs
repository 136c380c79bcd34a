//! Notes on early stopping: after how many epochs it ended training.

use super::{Row, summary::groups};
use crate::{store::Ending, study::cell_name};

/// Returns a note for each group of runs with early stopping.
pub(super) fn notes(rows: &[Row]) -> impl Iterator<Item = String> {
    groups(rows).filter_map(note)
}

fn note(runs: &[Row]) -> Option<String> {
    let [first, ..] = runs else { return None };
    let settings = first.run.variant.settings.early_stopping?;
    let name = cell_name(first.variant(), first.point());
    let all = first.run.fit.epochs;
    let Some(best) = range(runs.iter().filter_map(|row| row.record.best_epoch)) else {
        return Some(format!("{name}: early stopping monitored none of the {all} epochs."));
    };
    let has_stopped =
        |row: &&Row| row.record.ended == Ending::EarlyStopping || row.record.epochs < all;
    let stopped = || runs.iter().filter(has_stopped).map(|row| row.record.epochs);
    let count = stopped().count();
    let ended = match range(stopped()) {
        None => format!("trained all {all} epochs"),
        Some(epochs) if count == runs.len() => format!("stopped after {epochs} of {all} epochs"),
        Some(epochs) => {
            format!("{count} of {} runs stopped after {epochs} of {all} epochs", runs.len())
        }
    };
    let weights = if settings.restore_best_weights { "restored" } else { "not restored" };
    Some(format!("{name}: {ended}; best epoch {best}, its weights {weights}."))
}

/// Formats the least and the greatest of some numbers: `12–20`; `None` without any.
fn range(numbers: impl Iterator<Item = usize> + Clone) -> Option<String> {
    let (low, high) = (numbers.clone().min()?, numbers.max()?);
    Some(if low == high { low.to_string() } else { format!("{low}–{high}") })
}

#[cfg(test)]
mod tests {
    use training::EarlyStopping;

    use super::{super::tests::row, *};

    #[test]
    fn says_when_training_stopped() {
        let stopped = |seed, epochs, best_epoch| {
            let mut row = row("es", seed, (0.9, 0.8), 1.0);
            row.run.variant.settings.early_stopping = Some(EarlyStopping::default());
            (row.record.epochs, row.record.best_epoch) = (epochs, best_epoch);
            row.record.ended = Ending::EarlyStopping;
            row
        };
        let mut rows = vec![
            row("none", 0, (0.9, 0.8), 1.0),
            stopped(0, 22, Some(12)),
            stopped(1, 26, Some(16)),
        ];
        let found = |rows: &[Row]| notes(rows).collect::<Vec<_>>();
        let note =
            "es: stopped after 22–26 of 50 epochs; best epoch 12–16, its weights not restored.";
        assert_eq!(found(&rows), [note]);
        rows[1].record.ended = Ending::Diverged;
        assert_eq!(found(&rows), [note]);
        (rows[2].record.epochs, rows[2].record.ended) = (50, Ending::Epochs);
        let note = "es: 1 of 2 runs stopped after 22 of 50 epochs; best epoch 12–16, its weights not restored.";
        assert_eq!(found(&rows), [note]);
        rows[1].record.epochs = 50;
        let note = "es: trained all 50 epochs; best epoch 12–16, its weights not restored.";
        assert_eq!(found(&rows), [note]);
        (rows[1].record.best_epoch, rows[2].record.best_epoch) = (None, None);
        assert_eq!(found(&rows), ["es: early stopping monitored none of the 50 epochs."]);
    }
}
