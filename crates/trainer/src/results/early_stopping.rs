//! Notes on early stopping: after how many epochs it ended training.

use super::{Row, summary::groups};
use crate::{store::Ending, study::cell_name};

/// Returns a note for each group of runs with early stopping.
pub(super) fn notes(rows: &[Row]) -> impl Iterator<Item = String> {
    groups(rows).filter_map(note)
}

fn note(runs: &[Row]) -> Option<String> {
    let [first, ..] = runs else { return None };
    let settings = first.run.variant.early_stopping?;
    let name = cell_name(first.variant(), first.point());
    let all = first.run.fit.epochs;
    let stopped = || runs.iter().filter(|row| row.record.ended == Ending::EarlyStopping);
    let Some(epochs) = range(stopped().map(|row| row.record.epochs)) else {
        return Some(format!("{name}: early stopping ended no run before its {all} epochs."));
    };
    let count = stopped().count();
    let share =
        if count < runs.len() { format!("{count} of {} runs ", runs.len()) } else { String::new() };
    let best = range(runs.iter().filter_map(|row| row.record.best_epoch));
    let best = best.map_or(String::new(), |best| {
        let kept = if settings.restore_best_weights {
            "whose weights it kept"
        } else {
            "whose weights it did not restore"
        };
        format!("; the best was epoch {best}, {kept}")
    });
    Some(format!("{name}: {share}stopped after {epochs} of {all} epochs{best}."))
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
            row.run.variant.early_stopping = Some(EarlyStopping::default());
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
        assert_eq!(
            found(&rows),
            [
                "es: stopped after 22–26 of 50 epochs; the best was epoch 12–16, whose weights it did not restore."
            ]
        );
        rows[2].record.ended = Ending::Epochs;
        assert_eq!(
            found(&rows),
            [
                "es: 1 of 2 runs stopped after 22 of 50 epochs; the best was epoch 12–16, whose weights it did not restore."
            ]
        );
        rows[1].record.ended = Ending::Diverged;
        assert_eq!(found(&rows), ["es: early stopping ended no run before its 50 epochs."]);
    }
}
