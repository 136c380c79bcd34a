//! Notes on the results.

use training::Pixels;

use super::{
    Group, Row,
    group::{has_several_seeds, is_swept, is_validated, runs},
};
use crate::{
    doubts,
    store::Ending,
    study::{cell_name, setting_text},
};

/// Returns notes on the results, the most important first.
pub fn notes(groups: &[Group<'_>]) -> Vec<String> {
    let mut notes = doubts::notes(runs(groups).map(|row| row.record.doubts.as_ref()));
    if runs(groups).any(Row::diverged) {
        let note = "† diverged: the loss or a weight is no longer a finite number; try a lower fit.learning_rate";
        notes.push(note.to_owned());
    }
    if groups.iter().any(|group| group.starred) {
        let best = if is_swept(groups) { "each variant's best point" } else { "the best variant" };
        notes.push(format!("★ {best} by mean accuracy on the held-out images."));
    } else if is_swept(groups) && !is_validated(groups) {
        let note = "No point is marked as best, as only the test images could choose it. To choose by other images, hold\n\
             some out, for example with --set data.validation=10000.";
        notes.push(note.to_owned());
    }
    for group in groups {
        for key in &group.edges {
            let name = cell_name(group.variant(), group.point());
            let value = setting_text(group.point(), key);
            notes.push(format!(
                "{name}: {value} is at the edge of the values of {key}. The best may lie beyond; try more."
            ));
        }
    }
    if let Some(row) = runs(groups).find(|row| row.barely_trained()) {
        let raw = row.run.data.pixels == Pixels::Raw;
        let note = if raw {
            "* barely trained: raw pixels (0–255) make the first updates so large that most ReLU units output 0\n\
             for every image from then on. How many stay active depends on the seed. Batch normalisation\n\
             prevents this; so does data.pixels = \"unit\", as in the config mnist."
        } else {
            "* barely trained: try more epochs, a higher learning rate or a weaker penalty."
        };
        notes.push(note.to_owned());
    }
    notes.extend(repetition_note(groups));
    notes.extend(groups.iter().filter_map(|group| early_stopping_note(group.runs)));
    if has_several_seeds(groups) {
        let note = "Mean ± standard deviation over n seeds. The difference is the mean over pairs of runs of the same seed,\n\
             with its 95 % confidence interval (Student's t), which is not adjusted for several comparisons.";
        notes.push(note.to_owned());
    } else if runs(groups).nth(1).is_some() {
        let note = "One run of each proves little: small differences may be due to chance. Train several seeds, for\n\
             example --set seeds=[0,1,2,3,4].";
        notes.push(note.to_owned());
    }
    notes
}

/// Returns a note on groups in which the seeds change nothing.
fn repetition_note(groups: &[Group<'_>]) -> Option<String> {
    let repeated: Vec<&Group<'_>> = groups.iter().filter(|group| group.is_repeated()).collect();
    let fit = &repeated.first()?.runs[0].run.fit;
    let names: Vec<String> =
        repeated.iter().map(|group| cell_name(group.variant(), group.point())).collect();
    let reason = match (&fit.weights, fit.shuffle) {
        (Some(_), false) => {
            "fit.weights gives all runs the same start, fit.shuffle = false the same batches, and nothing else\n\
             is random"
        }
        _ => "nothing in them is random",
    };
    Some(format!(
        "The seeds change nothing in {}: {reason}. Their runs have equal weights and count as one.",
        names.join(", ")
    ))
}

/// Returns a note on early stopping: after how many epochs it ended training.
fn early_stopping_note(runs: &[Row]) -> Option<String> {
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
