//! Notes on the results.

use training::Pixels;

use super::{
    Group, Row,
    group::{has_several_seeds, is_swept, is_validated, runs},
};
use crate::{doubts, store::Ending, study::cell_name};

/// Returns notes on the results, the most important first. The first line of a note says it in short.
pub fn notes(groups: &[Group<'_>]) -> Vec<String> {
    let mut notes = doubts::notes(runs(groups).map(|row| row.record.doubts.as_ref()));
    let mut note = |text: &str| notes.push(text.to_owned());
    if runs(groups).any(Row::diverged) {
        note("† diverged: a loss or a weight is not finite; try a lower fit.learning_rate");
    }
    if let Some(row) = runs(groups).find(|row| row.barely_trained()) {
        note(if row.run.data.pixels == Pixels::Raw {
            "* barely trained: raw pixels silence most ReLU units; see data.pixels\n\
             Pixels of 0 to 255 make the first updates so large that most ReLU units output 0 for every image from\n\
             then on. How many stay active depends on the seed. Batch normalisation prevents this; so does\n\
             data.pixels = \"unit\", as in the config mnist."
        } else {
            "* barely trained: try more epochs, a higher learning rate or a weaker penalty"
        });
    }
    if !has_several_seeds(groups) && runs(groups).nth(1).is_some() {
        note("One seed proves little. Train several: --set 'seeds=[0,1,2,3,4]'");
    }
    if runs(groups).any(|row| row.record.acc_train_true.is_some()) {
        note("train % is by the true labels; the network was trained on wrong ones too.");
    }
    for group in groups {
        for key in &group.edges {
            let text = "is at the edge of the values; the best may lie beyond.";
            notes.push(format!("{} {text}\nTry more values of {key}.", group.label()));
        }
    }
    if groups.iter().any(|group| group.starred) {
        let best = if is_swept(groups) { "each variant's best point" } else { "the best variant" };
        notes.push(format!("★ {best} by mean accuracy on the held-out images"));
    } else if is_swept(groups) && !is_validated(groups) {
        let note = "No point is marked as best. To choose one, hold out images: data.validation\n\
                    The test images must not choose.";
        notes.push(note.to_owned());
    }
    notes.extend(repetition_note(groups));
    notes.extend(groups.iter().filter_map(|group| early_stopping_note(group.runs)));
    notes
}

/// Returns a note on groups in which the seeds change nothing.
fn repetition_note(groups: &[Group<'_>]) -> Option<String> {
    let repeated: Vec<&Group<'_>> = groups.iter().filter(|group| group.is_repeated()).collect();
    let fit = &repeated.first()?.runs[0].run.fit;
    let names: Vec<String> = repeated.iter().map(|group| group.label()).collect();
    let reason = match (&fit.weights, fit.shuffle) {
        (Some(_), false) => {
            "fit.weights gives all runs the same start, fit.shuffle = false the same batches. Nothing else is random"
        }
        _ => "Nothing in them is random",
    };
    Some(format!(
        "The seeds change nothing in {}; their runs count as one.\n{reason}.",
        names.join(", ")
    ))
}

/// Returns a note on early stopping: after how many epochs it ended training.
fn early_stopping_note(runs: &[Row]) -> Option<String> {
    let [first, ..] = runs else { return None };
    let settings = first.run.variant.settings.early_stopping?;
    let name = cell_name(first.label(), first.point());
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
        let found = |rows: &[Row]| -> Vec<String> {
            rows.chunk_by(Row::is_beside).filter_map(early_stopping_note).collect()
        };
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
