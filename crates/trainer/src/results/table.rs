//! The table of results for the terminal, and the notes below it.

use training::Pixels;

use super::{
    Row, early_stopping,
    statistics::{Difference, Spread},
    summary::{Summary, groups, has_several_seeds, summaries},
    verdict::verdicts,
};
use crate::study::{KeyValues, label};

/// Formats the table of results, its notes, and the verdicts.
///
/// Its columns are those of the notebook. With several seeds, a row holds means and deviations of a group of runs and
/// its comparison with the variant `first`.
pub fn table(rows: &[Row], first: &str) -> String {
    let (summaries, groups) = (summaries(rows, first), groups(rows).collect::<Vec<_>>());
    let lines = lines(rows, &groups, &summaries, first);
    // The lines after a note's first are indented by the width of its mark.
    let notes = notes(rows).into_iter().map(|note| note.replace('\n', "\n  "));
    let notes = notes.chain(verdicts(&summaries)).map(|note| format!("\n{note}\n"));
    aligned(&lines) + &notes.collect::<String>()
}

/// Returns the header and a line for each group of runs. Groups of one run have no deviations and no interval.
fn lines(rows: &[Row], groups: &[&[Row]], summaries: &[Summary], first: &str) -> Vec<Vec<String>> {
    let (is_several, is_validated) =
        (has_several_seeds(rows), summaries.iter().any(|summary| summary.acc_val.is_some()));
    let difference = format!("acc_test − {first}'s, 95 %");
    let names = [
        is_several.then_some("n"),
        Some("acc_train"),
        is_validated.then_some("acc_val"),
        Some("acc_test"),
        Some("pct_diff"),
        is_several.then_some(&difference),
    ];
    let header = header(rows, &names.into_iter().flatten().collect::<Vec<_>>());
    let line = |(summary, runs): (&Summary, &&[Row])| {
        let accuracy_val = summary.acc_val.map_or(String::new(), spread);
        let interval = || {
            let found = summary.difference.as_ref().and_then(|comparison| comparison.difference);
            found.map_or(String::new(), interval)
        };
        let cells = [
            is_several.then(|| summary.n.to_string()),
            Some(spread(summary.acc_train)),
            is_validated.then_some(accuracy_val),
            Some(spread(summary.acc_test)),
            Some(spread(summary.pct_diff)),
            is_several.then(interval),
            summary.starred.then(|| "★".to_owned()),
            footnote_mark(runs),
        ];
        let point = point_cell(rows, &summary.point);
        [vec![summary.variant.clone()], point, cells.into_iter().flatten().collect()].concat()
    };
    let lines = summaries.iter().zip(groups).map(line);
    std::iter::once(header).chain(lines).collect()
}

/// Returns the names of the columns: the variant, in a sweep its point, and `columns`.
fn header(rows: &[Row], columns: &[&str]) -> Vec<String> {
    let point = is_swept(rows).then_some("point");
    let names = ["variant"].into_iter().chain(point).chain(columns.iter().copied());
    names.map(str::to_owned).collect()
}

fn point_cell(rows: &[Row], point: &KeyValues) -> Vec<String> {
    Vec::from_iter(is_swept(rows).then(|| label(point)))
}

/// Returns whether some run belongs to a sweep.
fn is_swept(rows: &[Row]) -> bool {
    rows.iter().any(|row| !row.point().is_empty())
}

/// Formats a mean and its deviation: `0.87460 ± 0.00439`.
fn spread(Spread { mean, deviation }: Spread) -> String {
    let deviation = deviation.map_or(String::new(), |deviation| format!(" ± {deviation:.5}"));
    format!("{mean:.5}{deviation}")
}

/// Formats a difference and its interval: `+0.00720 (+0.00323 to +0.01117)`.
fn interval(Difference { mean, low, high, .. }: Difference) -> String {
    format!("{mean:+.5} ({low:+.5} to {high:+.5})")
}

/// Returns the mark of the note that applies to a group of runs, if any.
pub fn footnote_mark(runs: &[Row]) -> Option<String> {
    if runs.iter().any(Row::diverged) {
        Some("†".to_owned())
    } else {
        runs.iter().any(Row::barely_trained).then(|| "*".to_owned())
    }
}

/// Aligns the rows in columns: the first to the left, the others to the right. Cells beyond the header's are appended.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |cell: &String| cell.chars().count();
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row.get(column).map_or(0, width)).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| match widths.get(column) {
            Some(width) if column == 0 => format!("{cell:width$}"),
            Some(width) => format!("  {cell:>width$}"),
            None => format!(" {cell}"),
        });
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

/// Returns notes on the results, the most important first.
pub fn notes(rows: &[Row]) -> Vec<String> {
    let mut notes = Vec::new();
    if rows.iter().any(Row::diverged) {
        let note = "† diverged: the loss or a weight is no longer a finite number; try a lower fit.learning_rate";
        notes.push(note.to_owned());
    }
    let is_validated = rows.iter().any(|row| row.record.validation.is_some());
    if is_validated {
        let best = if is_swept(rows) { "each variant's best point" } else { "the best variant" };
        notes.push(format!("★ {best} by mean accuracy on the held-out images."));
    } else if is_swept(rows) {
        let note = "No point is called best: that would be a choice by the test images. To choose honestly, hold images\n\
             out, for example with --set data.validation=10000.";
        notes.push(note.to_owned());
    }
    if let Some(row) = rows.iter().find(|row| row.barely_trained()) {
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
    notes.extend(early_stopping::notes(rows));
    if has_several_seeds(rows) {
        let note = "Mean ± standard deviation over n seeds. The difference is the mean over pairs of runs of the same seed,\n\
             with its 95 % confidence interval (Student's t), which is not adjusted for several comparisons.";
        notes.push(note.to_owned());
    } else if rows.len() > 1 {
        let note = "One run of each proves little: small differences may be due to chance. Train several seeds, for\n\
             example --set seeds=[0,1,2,3,4].";
        notes.push(note.to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::{super::tests::row, *};

    #[test]
    fn barely_trained_runs_are_marked_and_explained() {
        let rows = [row("none", 0, (0.2, 0.75), 1.0), row("batch_norm", 0, (0.9, 0.75), 1.0)];
        let text = table(&rows, "none");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "variant     acc_train  acc_test  pct_diff");
        assert_eq!(lines[1], "none          0.20000   0.75000  -2.75000 *");
        assert_eq!(lines[2], "batch_norm    0.90000   0.75000   0.16667");
        assert!(lines[4].starts_with("* barely trained: raw pixels"), "{text}");
        assert!(lines[5].starts_with("  for every image"), "{text}");
        assert!(lines[8].starts_with("One run of each proves little"), "{text}");
    }

    #[test]
    fn several_seeds_are_summarised_in_one_row() {
        let rows = [
            row("none", 0, (0.9, 0.5), 1.0),
            row("none", 11, (0.9, 0.75), 1.0),
            row("l1", 0, (0.9, 0.75), 1.0),
            row("l1", 11, (0.7, 1.0), 1.0),
            row("l2", 0, (0.9, 0.75), 1.0),
            row("l2", 11, (0.7, 1.0), f64::INFINITY),
        ];
        let text = table(&rows, "none");
        let lines: Vec<&str> = text.lines().collect();
        let expected = [
            "variant  n          acc_train           acc_test            pct_diff          acc_test − none's, 95 %",
            "none     2  0.90000 ± 0.00000  0.62500 ± 0.17678   0.30556 ± 0.19642",
            "l1       2  0.80000 ± 0.14142  0.87500 ± 0.17678  -0.13095 ± 0.42090  +0.25000 (+0.25000 to +0.25000)",
            "l2       2  0.80000 ± 0.14142  0.87500 ± 0.17678  -0.13095 ± 0.42090                                  †",
        ];
        assert_eq!(lines[..4], expected);
        assert!(lines[5].starts_with("† diverged"), "{text}");
        assert!(lines[7].starts_with("Mean ± standard deviation"), "{text}");
    }
}
