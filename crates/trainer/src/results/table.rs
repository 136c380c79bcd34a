//! The table of results for the terminal.

use std::collections::BTreeSet;

use console::{Alignment, Term, measure_text_width, pad_str, style, truncate_str};

use super::{
    Cell, Group, Row, Verdict,
    columns::{self, Table},
    groups, is_swept, notes,
    verdict::verdicts,
};
use crate::study::{label, setting_text, short};

/// Minimum number of characters to which a label is cut.
const LEAST_LABEL: usize = 10;

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
    let width = layout.width.unwrap_or(usize::MAX);
    let candidates = [Detail::Full, Detail::Brief, Detail::NoInterval, Detail::NoGap];
    let mut lines = Lines::new(&groups, first, Detail::Full);
    if !layout.is_full && (layout.width.is_none() || lines.width() > width) {
        let brief = candidates[1..].iter().map(|detail| Lines::new(&groups, first, *detail));
        let mut brief: Vec<Lines> = brief.collect();
        let fits = brief.iter().position(|lines| lines.least_width() <= width);
        lines = brief.swap_remove(fits.unwrap_or(0));
        if fits.is_some() {
            lines.cut(width);
        }
    }
    let notes = notes(&groups);
    let below = if layout.is_explained {
        // The lines after a note's first are indented by the width of its mark.
        let notes = notes.into_iter().map(|note| note.replace('\n', "\n  "));
        let legend = columns::of_groups(Table::Full, &groups).into_iter();
        let legend = legend.map(|column| format!("{}: {}\n", column.heading(first), column.help));
        let legend: String = legend.collect();
        notes.chain(verdicts(&groups)).map(|note| note + "\n\n").collect::<String>() + &legend
    } else {
        let marks = marks_in_short(&groups);
        let is_mark = |note: &&String| note.starts_with(['★', '†', '*']);
        let first = notes.iter().find(|note| !is_mark(note)).and_then(|note| note.lines().next());
        let notes = marks.as_deref().into_iter().chain(first).map(|note| format!("{note}\n"));
        notes.collect::<String>() + &format!("more: trainer results {study} --explain\n")
    };
    format!("{}\n{below}", lines.text())
}

/// Explains the marks of the table in a line; `None` without marks.
fn marks_in_short(groups: &[Group<'_>]) -> Option<String> {
    let is_marked =
        |mark: &str| groups.iter().any(|group| footnote_mark(group.runs).as_deref() == Some(mark));
    let comparisons = groups.iter().filter_map(|group| group.comparison.as_ref());
    let marks = [
        ("★ best on the held-out images", groups.iter().any(|group| group.starred)),
        ("* barely trained", is_marked("*")),
        ("† diverged", is_marked("†")),
        ("? fewer than five seeds", comparisons.into_iter().any(|one| one.provisional)),
    ];
    let shown: Vec<&str> =
        marks.iter().filter(|(_, is_shown)| *is_shown).map(|(text, _)| *text).collect();
    (!shown.is_empty()).then(|| shown.join(" · "))
}

/// Amount of detail of the table, from all columns to the fewest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// All columns, with deviations and p values.
    Full,
    Brief,
    NoInterval,
    NoGap,
}

/// The heading and a line for each group of runs.
#[derive(Debug)]
struct Lines {
    /// The cells; the first is a label.
    cells: Vec<Vec<String>>,
    /// The marks after the labels.
    marks: Vec<String>,
}

impl Lines {
    fn new(groups: &[Group<'_>], first: &str, detail: Detail) -> Self {
        let table = if detail == Detail::Full { Table::Full } else { Table::Brief };
        let mut columns = columns::of_groups(table, groups);
        columns.retain(|column| detail != Detail::NoGap || column.name != "gap");
        let has_interval = matches!(detail, Detail::Full | Detail::Brief);
        let heading = columns
            .iter()
            .map(|column| column.heading(first))
            .map(|heading| if has_interval { heading } else { heading.replace(", 95 %", "") });
        let mut cells: Vec<Vec<String>> = vec![heading.collect()];
        let mut marks = vec![String::new()];
        for group in groups {
            cells.push(columns.iter().map(|column| text(&column.cell(group), detail)).collect());
            let star = group.starred.then(|| "★".to_owned());
            let own = [star, footnote_mark(group.runs)].into_iter().flatten();
            marks.push(own.map(|mark| format!(" {mark}")).collect());
        }
        if is_swept(groups) {
            for (line, point) in cells.iter_mut().zip(points(groups)) {
                line.insert(1, point);
            }
        }
        Self { cells, marks }
    }

    fn width(&self) -> usize {
        self.widths().iter().map(|width| width + 2).sum::<usize>() - 2
    }

    /// Returns the width once the labels are cut as far as they may be.
    fn least_width(&self) -> usize {
        let labels = self.widths()[0];
        self.width() - labels.saturating_sub(labels.min(LEAST_LABEL + 2))
    }

    fn widths(&self) -> Vec<usize> {
        let columns = 0..self.cells[0].len();
        columns
            .map(|index| {
                self.lines().map(|line| measure_text_width(&line[index])).max().unwrap_or(0)
            })
            .collect()
    }

    /// Returns the cells, the marks behind the labels.
    fn lines(&self) -> impl Iterator<Item = Vec<String>> {
        self.cells.iter().zip(&self.marks).map(|(cells, mark)| {
            let mut line = cells.clone();
            line[0] += mark;
            line
        })
    }

    /// Cuts labels so that the lines have at most a width.
    fn cut(&mut self, width: usize) {
        let most = self.widths()[0].saturating_sub(self.width().saturating_sub(width));
        for (line, mark) in self.cells.iter_mut().zip(&self.marks) {
            let room = most.saturating_sub(measure_text_width(mark));
            line[0] = truncate_str(&line[0], room, "…").into_owned();
        }
    }

    /// Aligns the lines in columns: the first to the left, the others to the right.
    fn text(&self) -> String {
        let widths = self.widths();
        let texts = self.lines().map(|line| {
            let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                let side = if column == 0 { Alignment::Left } else { Alignment::Right };
                pad_str(cell, *width, side, None)
            });
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        });
        texts.collect()
    }
}

/// Returns the heading and the cells of the sweep points. Keys that all points have stand in the heading.
fn points(groups: &[Group<'_>]) -> Vec<String> {
    let mut points = groups.iter().map(Group::point).filter(|point| !point.is_empty());
    let keys: Vec<&String> = points.next().map(|point| point.keys().collect()).unwrap_or_default();
    let is_common = points.all(|point| point.keys().eq(keys.iter().copied()));
    let all: BTreeSet<&str> = keys.iter().map(|key| key.as_str()).collect();
    let heading: Vec<&str> = keys.iter().map(|key| short(key, &all)).collect();
    let values = |group: &Group<'_>| {
        let values = group.point().keys().map(|key| setting_text(group.point(), key));
        values.collect::<Vec<_>>().join(", ")
    };
    let cells =
        groups.iter().map(|group| if is_common { values(group) } else { label(group.point()) });
    let heading = if is_common { heading.join(", ") } else { "point".to_owned() };
    std::iter::once(heading).chain(cells).collect()
}

/// Formats a cell, a verdict in its colour.
fn text(cell: &Cell, detail: Detail) -> String {
    let [main, small] = cell.texts();
    let has_small = match cell {
        Cell::Difference(_) => matches!(detail, Detail::Full | Detail::Brief),
        _ => detail == Detail::Full,
    };
    let text = if has_small { format!("{main} {small}").trim_end().to_owned() } else { main };
    match cell {
        Cell::Verdict(verdict, _, is_provisional) => {
            let mark = if *is_provisional && !has_small { "?" } else { "" };
            let text = style(format!("{text}{mark}"));
            match verdict {
                Verdict::Better => text.green(),
                Verdict::Worse => text.red(),
                Verdict::Undecided => text.dim(),
            }
            .to_string()
        }
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

#[cfg(test)]
mod tests {
    use super::{super::tests::row, *};
    use crate::study::KeyValues;

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
            "* barely trained",
            "One seed proves little. Train several: --set 'seeds=[0,1,2,3,4]'",
            "more: trainer results small --explain",
        ];
        assert_eq!(brief, expected);
        let explained = lines(&rows, Layout { is_explained: true, ..Layout::default() });
        assert_eq!(explained[..4], expected[..4]);
        assert!(explained[4].starts_with("* barely trained: raw pixels"), "{explained:?}");
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
            "L1          80.0    87.5  -7.5  +25.00 [+24.96, +25.04]  better?",
            "L2 †        80.0    87.5  -7.5",
        ];
        let brief = lines(&of_several_seeds(), Layout::default());
        assert_eq!(brief[..4], expected);
        assert_eq!(brief[5], "† diverged · ? fewer than five seeds");
        assert_eq!(brief.len(), 7);
        let full = lines(&of_several_seeds(), Layout { is_full: true, ..Layout::default() });
        assert!(full[0].contains("train loss") && full[2].contains("80.0 ± 14.1"), "{full:?}");
    }

    #[test]
    fn the_layout_follows_the_width_of_the_terminal() {
        let at =
            |rows: &[Row], width| lines(rows, Layout { width: Some(width), ..Layout::default() });
        let rows = of_several_seeds();
        let fits = |lines: &[String], width| {
            lines.iter().take(4).all(|line| measure_text_width(line) <= width)
        };
        let [narrow, fitting, wide] = [48, 80, 200].map(|width| at(&rows, width));
        assert!(fits(&narrow, 48) && narrow[2].contains("+25.00") && !narrow[2].contains('['));
        assert!(fits(&fitting, 80) && fitting[2].contains('[') && !fitting[0].contains("loss"));
        assert!(wide[0].contains("test loss"), "{wide:?}");
        // Labels are cut where a line is too long, but not their marks. If that does not help, nothing is cut.
        let mut long = of_several_seeds();
        for row in &mut long[2..] {
            row.run.variant.settings.label =
                Some(format!("{} {}", "long ".repeat(6), row.variant()));
        }
        let cut = at(&long, 80);
        assert!(fits(&cut, 80) && cut[2].contains('…') && cut[3].contains("… †"), "{cut:?}");
        assert!(!at(&long, 30)[2].contains('…'));
    }

    #[test]
    fn keys_that_all_points_have_stand_in_the_heading() {
        let point = |keys: &[(&str, f64)]| -> KeyValues {
            keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect()
        };
        let mut rows = vec![row("none", 0, (0.9, 0.5), 1.0), row("l1", 0, (0.9, 0.5), 1.0)];
        rows[0].run.point = point(&[("fit.learning_rate", 0.1)]);
        rows[1].run.point = point(&[("fit.learning_rate", 0.2)]);
        assert_eq!(points(&groups(&rows, "none")), ["learning_rate", "0.1", "0.2"]);
        rows[1].run.point = point(&[("variant.l1.hidden1.kernel_regularizer.l1", 0.2)]);
        assert_eq!(points(&groups(&rows, "none")), ["point", "learning_rate=0.1", "l1=0.2"]);
    }
}
