//! The table of results for the terminal.

use super::{
    Row,
    columns::{self, Table},
    groups, is_swept, notes,
    verdict::verdicts,
};
use crate::study::label;

/// Formats the table of results, its notes, and the verdicts.
///
/// Its columns are those of the notebook. With several seeds, a row holds means and deviations of a group of runs and
/// its comparison with the variant `first`.
pub fn table(rows: &[Row], first: &str) -> String {
    let groups = groups(rows, first);
    let columns = columns::of_groups(Table::Terminal, &groups);
    let mut header: Vec<String> = columns.iter().map(|column| column.heading(first)).collect();
    if is_swept(&groups) {
        header.insert(1, "point".to_owned());
    }
    let mut lines = vec![header];
    for group in &groups {
        let cells = columns.iter().map(|column| column.cell(group).to_string());
        let marks = [group.starred.then(|| "★".to_owned()), footnote_mark(group.runs)];
        let mut line: Vec<String> = cells.chain(marks.into_iter().flatten()).collect();
        if is_swept(&groups) {
            line.insert(1, label(group.point()));
        }
        lines.push(line);
    }
    // The lines after a note's first are indented by the width of its mark.
    let notes = notes(&groups).into_iter().map(|note| note.replace('\n', "\n  "));
    let notes = notes.chain(verdicts(&groups)).map(|note| format!("\n{note}\n"));
    aligned(&lines) + &notes.collect::<String>()
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
    let lines = rows.iter().map(|row| {
        let cells = row.iter().enumerate().map(|(column, cell)| match widths.get(column) {
            Some(width) if column == 0 => format!("{cell:width$}"),
            Some(width) => format!("  {cell:>width$}"),
            None => format!(" {cell}"),
        });
        format!("{}\n", cells.collect::<String>().trim_end())
    });
    lines.collect()
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
            "l1       2  0.80000 ± 0.14142  0.87500 ± 0.17678  -0.13095 ± 0.42090  +0.25000 (+0.24963 to +0.25037)",
            "l2       2  0.80000 ± 0.14142  0.87500 ± 0.17678  -0.13095 ± 0.42090                                  †",
        ];
        assert_eq!(lines[..4], expected);
        assert!(lines[5].starts_with("† diverged"), "{text}");
        assert!(lines[7].starts_with("Mean ± standard deviation"), "{text}");
    }
}
