//! The table of results for the terminal.

use console::{Alignment, Term, measure_text_width, pad_str, style, truncate_str};

use super::{
    Cell, Column, Group, Row, Verdict,
    columns::{self, Table},
    groups, is_swept, notes,
    verdict::verdicts,
};
use crate::study::label;

/// Number of notes below the table, unless it is explained.
const MOST_NOTES: usize = 2;
/// Minimum number of characters to which a label is cut.
const LEAST_LABEL: usize = 8;

/// Layout of the table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    /// Whether it has all columns for people, however wide.
    pub is_full: bool,
    /// Whether all notes, verdicts and the meaning of the columns follow.
    pub is_explained: bool,
    /// Width of the terminal. A wide one gets all columns; in a narrow one labels are cut.
    pub width: Option<usize>,
}

impl Layout {
    /// Returns the layout that fits the terminal, if stdout is one.
    pub fn of_terminal() -> Self {
        let size = Term::stdout().size_checked();
        Self { width: size.map(|(_, columns)| usize::from(columns)), ..Self::default() }
    }
}

/// Formats the table of results and its notes. `first` is the variant that others are compared with, `study` the argument
/// that names the study.
pub fn table(rows: &[Row], first: &str, study: &str, layout: Layout) -> String {
    let groups = groups(rows, first);
    let first = rows.iter().find(|row| row.variant() == first).map_or(first, Row::label);
    let [brief, full] = [Table::Brief, Table::Full].map(|table| {
        let columns = columns::of_groups(table, &groups);
        let lines = lines(&groups, &columns, first, table == Table::Full);
        (columns, lines)
    });
    let fits = layout.width.is_some_and(|width| width_of(&full.1) <= width);
    let (columns, mut lines) = if layout.is_full || fits { full } else { brief };
    let excess = width_of(&lines).saturating_sub(layout.width.unwrap_or(usize::MAX));
    if excess > 0 {
        let most = column_width(&lines, 0).saturating_sub(excess).max(LEAST_LABEL);
        for line in &mut lines {
            line[0] = truncate_str(&line[0], most, "…").into_owned();
        }
    }
    let notes = notes(&groups);
    let below = if layout.is_explained {
        // The lines after a note's first are indented by the width of its mark.
        let notes = notes.into_iter().map(|note| note.replace('\n', "\n  "));
        let legend = columns.iter().map(|column| (column.heading(first), column.help));
        let legend: String = legend.map(|(name, help)| format!("{name}: {help}\n")).collect();
        notes.chain(verdicts(&groups)).map(|note| note + "\n\n").collect::<String>() + &legend
    } else {
        let notes = notes.iter().filter_map(|note| note.lines().next()).take(MOST_NOTES);
        let notes: String = notes.map(|note| format!("{note}\n")).collect();
        notes + &format!("more: trainer results {study} --explain\n")
    };
    format!("{}\n{below}", aligned(&lines))
}

/// Returns the heading and a line for each group of runs. Only a full table has deviations and p values.
fn lines(
    groups: &[Group<'_>],
    columns: &[&Column],
    first: &str,
    is_full: bool,
) -> Vec<Vec<String>> {
    let heading = columns.iter().map(|column| column.heading(first)).collect();
    let rows = groups.iter().map(|group| {
        let mut line: Vec<String> =
            columns.iter().map(|column| text(&column.cell(group), is_full)).collect();
        let marks = [group.starred.then(|| "★".to_owned()), footnote_mark(group.runs)];
        for mark in marks.into_iter().flatten() {
            line[0] += &format!(" {mark}");
        }
        line
    });
    let mut lines: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
    if is_swept(groups) {
        let points = groups.iter().map(|group| label(group.point()));
        let points = std::iter::once("point".to_owned()).chain(points);
        lines.iter_mut().zip(points).for_each(|(line, point)| line.insert(1, point));
    }
    lines
}

/// Formats a cell, a verdict in its colour.
fn text(cell: &Cell, is_full: bool) -> String {
    let [main, detail] = cell.texts();
    let is_whole = is_full || matches!(cell, Cell::Difference(_));
    let text = if is_whole { format!("{main} {detail}").trim_end().to_owned() } else { main };
    match cell {
        Cell::Verdict(Verdict::Better, ..) => style(text).green().to_string(),
        Cell::Verdict(Verdict::Worse, ..) => style(text).red().to_string(),
        Cell::Verdict(Verdict::Undecided, ..) => style(text).dim().to_string(),
        _ => text,
    }
}

/// Returns the mark of the note that applies to a group of runs, if any.
pub fn footnote_mark(runs: &[Row]) -> Option<String> {
    if runs.iter().any(Row::diverged) {
        Some("†".to_owned())
    } else {
        runs.iter().any(Row::barely_trained).then(|| "*".to_owned())
    }
}

/// Aligns the lines in columns: the first to the left, the others to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..lines[0].len()).map(|index| column_width(lines, index)).collect();
    let texts = lines.iter().map(|line| {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let side = if column == 0 { Alignment::Left } else { Alignment::Right };
            pad_str(cell, *width, side, None)
        });
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    });
    texts.collect()
}

fn width_of(lines: &[Vec<String>]) -> usize {
    let columns = lines[0].len();
    (0..columns).map(|index| column_width(lines, index) + 2).sum::<usize>() - 2
}

fn column_width(lines: &[Vec<String>], index: usize) -> usize {
    lines.iter().map(|line| measure_text_width(&line[index])).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::row, *};

    fn lines(rows: &[Row], layout: Layout) -> Vec<String> {
        table(rows, "none", "small", layout).lines().map(str::to_owned).collect()
    }

    #[test]
    fn barely_trained_runs_are_marked_and_explained() {
        let rows = [row("none", 0, (0.2, 0.75), 1.0), row("batch_norm", 0, (0.9, 0.75), 1.0)];
        let brief = lines(&rows, Layout::default());
        let expected = [
            "variant     train %  test %    gap",
            "none *         20.0    75.0  -55.0",
            "batch norm     90.0    75.0   15.0",
            "",
            "* barely trained: raw pixels silence most ReLU units; see data.pixels",
            "One seed proves little. Train several: --set seeds=[0,1,2,3,4]",
            "more: trainer results small --explain",
        ];
        assert_eq!(brief, expected);
        let explained = lines(&rows, Layout { is_explained: true, ..Layout::default() });
        assert_eq!(explained[..5], expected[..5]);
        assert!(explained[5].starts_with("  Pixels of 0 to 255"), "{explained:?}");
        assert!(explained.iter().any(|line| line.starts_with("gap: Train % − test %")));
    }

    fn of_several_seeds() -> [Row; 6] {
        [
            row("none", 0, (0.9, 0.5), 1.0),
            row("none", 11, (0.9, 0.75), 1.0),
            row("l1", 0, (0.9, 0.75), 1.0),
            row("l1", 11, (0.7, 1.0), 1.0),
            row("l2", 0, (0.9, 0.75), 1.0),
            row("l2", 11, (0.7, 1.0), f64::INFINITY),
        ]
    }

    #[test]
    fn several_seeds_are_summarised_in_one_row() {
        let expected = [
            "variant  train %  test %   gap       against none, 95 %  verdict",
            "none        90.0    62.5  27.5",
            "L1          80.0    87.5  -7.5  +25.00 [+24.96, +25.04]   better",
            "L2 †        80.0    87.5  -7.5",
        ];
        let brief = lines(&of_several_seeds(), Layout::default());
        assert_eq!(brief[..4], expected);
        assert!(brief[5].starts_with("† diverged") && brief[6].contains("provisional"));
        assert_eq!(brief.len(), 8);
        let full = lines(&of_several_seeds(), Layout { is_full: true, ..Layout::default() });
        assert!(full[0].contains("train loss") && full[2].contains("80.0 ± 14.1"), "{full:?}");
    }

    #[test]
    fn the_layout_follows_the_width_of_the_terminal() {
        let [narrow, fitting, wide] = [40, 80, 200].map(|width| {
            lines(&of_several_seeds(), Layout { width: Some(width), ..Layout::default() })
        });
        assert!(narrow[0].starts_with("variant") && !narrow[0].contains("loss"), "{narrow:?}");
        assert!(fitting.iter().all(|line| measure_text_width(line) <= 80), "{fitting:?}");
        assert!(!fitting[0].contains("loss") && wide[0].contains("test loss"), "{wide:?}");
        // Labels are cut where the line is too long.
        let mut rows = of_several_seeds();
        for row in &mut rows[2..] {
            row.run.variant.settings.label =
                Some(format!("{} {}", "long ".repeat(6), row.variant()));
        }
        let cut = lines(&rows, Layout { width: Some(80), ..Layout::default() });
        assert!(cut.iter().all(|line| measure_text_width(line) <= 80), "{cut:?}");
        assert!(cut[2].contains('…'), "{cut:?}");
    }
}
