//! Progress on stderr: bars on a terminal, plain lines elsewhere.

use std::{
    fmt::{self, Display},
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use console::Term;
use data::Unit;
use indicatif::{
    HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
    TermLike,
};
use training::Epoch;

use super::threads;
use crate::study::Run;

/// Maximum number of characters of a name before a bar.
const LONGEST_NAME: usize = 28;

/// Progress of a command.
#[derive(Debug)]
pub struct Progress {
    /// Hidden unless stderr is a terminal.
    bars: MultiProgress,
    is_quiet: bool,
}

/// Progress of a study: a bar over the epochs of all runs.
#[derive(Debug)]
pub struct StudyProgress<'a> {
    pub(super) progress: &'a Progress,
    bar: ProgressBar,
    runs: usize,
    finished: AtomicUsize,
    /// Numbers of characters of the longest run's name, and of its message.
    widths: [usize; 2],
}

/// Progress of one task: a bar on a terminal, at most ten lines elsewhere. Its end removes the bar.
#[derive(Debug)]
pub struct Task {
    bar: ProgressBar,
    /// Bar of the study that a run belongs to.
    study: ProgressBar,
    /// Whether lines are printed.
    has_lines: bool,
}

impl Progress {
    /// Creates bars if stderr is a terminal, else lines; neither if `quiet`.
    pub fn new(is_quiet: bool) -> Self {
        let has_bars = !is_quiet && io::stderr().is_terminal();
        let target = if has_bars {
            let terminal =
                Box::new(Terminal { term: Term::buffered_stderr(), is_line_full: false.into() });
            ProgressDrawTarget::term_like_with_hz(terminal, 20)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { bars: MultiProgress::with_draw_target(target), is_quiet }
    }

    /// Prints a message above the bars.
    pub fn say(&self, message: &str) {
        if !self.is_quiet {
            self.bars.suspend(|| tell(message));
        }
    }

    /// Prints a warning, even if progress is quiet.
    pub fn warn(&self, message: &str) {
        self.bars.suspend(|| tell(format!("warning: {message}")));
    }

    /// Starts the progress of a study's runs, below their own.
    pub fn study<'a>(&self, runs: impl Iterator<Item = &'a Run> + Clone) -> StudyProgress<'_> {
        let names = runs.clone().map(|run| run.to_string().chars().count());
        let width = names.max().unwrap_or(0).min(LONGEST_NAME);
        let is_validated = runs.clone().any(|run| run.data.is_validated());
        let widths = [width, message(0.0, is_validated.then_some(0.0)).chars().count()];
        let (count, epochs) = (runs.clone().count(), runs.map(|run| run.fit.epochs as u64).sum());
        let template = format!("{{prefix:{width}!}} {{wide_bar}} {{msg}}  {{elapsed}}{{left}}");
        let bar = self.bar("all", epochs, &template, MultiProgress::add);
        let finished = AtomicUsize::new(0);
        bar.set_message(format!("0/{count} runs"));
        StudyProgress { progress: self, bar, runs: count, finished, widths }
    }

    /// Starts the progress of loading a data set.
    pub fn loading(&self, name: &str, total: u64, unit: Unit) -> Task {
        let done = match unit {
            Unit::Bytes => "{bytes}/{total_bytes}",
            Unit::Files => "{pos}/{len}",
        };
        let bar = self.bar(
            name,
            total,
            &format!("{{prefix}} {{wide_bar}} {done}{{left}}"),
            MultiProgress::add,
        );
        Task { bar, study: ProgressBar::hidden(), has_lines: self.has_lines() }
    }

    fn bar(
        &self,
        name: &str,
        total: u64,
        template: &str,
        place: impl FnOnce(&MultiProgress, ProgressBar) -> ProgressBar,
    ) -> ProgressBar {
        let bar = place(&self.bars, ProgressBar::new(total));
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.with_key("left", left).progress_chars("━╸─"));
        bar.set_prefix(name.to_owned());
        // The ticks are another thread's.
        if !self.bars.is_hidden() && !threads::are_few() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        bar
    }

    fn has_lines(&self) -> bool {
        self.bars.is_hidden() && !self.is_quiet
    }
}

/// Writes the time left, once it can be estimated.
fn left(state: &ProgressState, out: &mut dyn fmt::Write) {
    let (done, all) = (state.pos() as f64, state.len().unwrap_or(0) as f64);
    // The first epochs include the start of the threads.
    if done > 0.0 && all > done && state.elapsed() > Duration::from_secs(2) {
        let left = state.elapsed().mul_f64((all - done) / done);
        // A failure to write is the drawing's to report.
        let _ = write!(out, ", {} left", HumanDuration(left.max(Duration::from_secs(1))));
    }
}

impl StudyProgress<'_> {
    /// Starts the progress of a run after its first epochs.
    pub fn run(&self, run: &Run, epochs_before: usize) -> Task {
        let [width, message] = self.widths;
        let template =
            format!("{{prefix:{width}!}} {{wide_bar}} {{pos:>3}}/{{len}}  {{msg:{message}}}");
        let (name, epochs) = (end_of(&run.to_string(), width), run.fit.epochs as u64);
        let bar =
            self.progress.bar(&name, epochs, &template, |bars, bar| bars.insert_from_back(1, bar));
        bar.set_position(epochs_before as u64);
        self.bar.dec_length(epochs_before as u64);
        Task { bar, study: self.bar.clone(), has_lines: self.progress.has_lines() }
    }

    /// Counts the epochs of a run that is not trained here.
    pub fn skip(&self, run: &Run) {
        self.bar.dec_length(run.fit.epochs as u64);
    }

    /// Counts a finished run.
    pub fn finish_run(&self) {
        let (before, runs) = (self.finished.fetch_add(1, Ordering::Relaxed), self.runs);
        let finished = before + 1;
        self.bar.set_message(format!("{finished}/{runs} runs"));
        if self.progress.has_lines() && finished * 10 / runs > before * 10 / runs {
            tell(format!("{finished} of {runs} runs finished"));
        }
    }
}

impl Drop for StudyProgress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Task {
    /// Reports the last epoch of a history, with the last evaluation on held-out images.
    pub fn epoch(&self, history: &[Epoch]) {
        let Some(last) = history.last() else { return };
        let held_out = history.iter().rev().find_map(|epoch| epoch.validation);
        let message = message(last.train.accuracy, held_out.map(|metrics| metrics.accuracy));
        self.study.inc((last.number as u64).saturating_sub(self.bar.position()));
        self.advance(last.number as u64, &message);
    }

    /// Reports the steps done.
    pub fn advance(&self, done: u64, message: &str) {
        let total = self.bar.length().unwrap_or(0);
        // Without a total there are no tenths.
        let tenths = |done: u64| (done * 10).checked_div(total).unwrap_or(0);
        if self.has_lines && tenths(done) > tenths(self.bar.position()) {
            tell(format!("{}: {done}/{total} {message}", self.bar.prefix()).trim_end());
        }
        self.bar.set_position(done);
        self.bar.set_message(message.to_owned());
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Early stopping leaves epochs out.
        self.study.dec_length(self.bar.length().unwrap_or(0).saturating_sub(self.bar.position()));
        self.bar.finish_and_clear();
    }
}

/// Returns the end of a name, which has the sweep point and the seed.
fn end_of(name: &str, width: usize) -> String {
    let excess = name.chars().count().saturating_sub(width);
    let end = |excess| name.chars().skip(excess + 1).collect::<String>();
    if excess == 0 { name.to_owned() } else { format!("…{}", end(excess)) }
}

/// Formats accuracies on the training and the held-out images.
fn message(train: f64, held_out: Option<f64>) -> String {
    let held_out = held_out.map(|accuracy| format!("  held-out {:5.1} %", 100.0 * accuracy));
    format!("train {:5.1} %{}", 100.0 * train, held_out.unwrap_or_default())
}

/// A terminal whose last columns stay empty: the `^C` that it echoes must not begin another line, which would not be cleared.
#[derive(Debug)]
struct Terminal {
    term: Term,
    /// Whether what is written next begins another line.
    is_line_full: AtomicBool,
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        let (_, columns) = self.term.size();
        columns.saturating_sub(3)
    }

    fn height(&self) -> u16 {
        let (rows, _) = self.term.size();
        rows
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.term.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.term.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.term.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.term.move_cursor_left(columns)
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.term.write_line(line)
    }

    /// Writes a line or the spaces that would fill it.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let is_filler = text.trim().is_empty();
        if self.is_line_full.swap(is_filler, Ordering::Relaxed) && !is_filler {
            self.term.write_line("")?;
        }
        if is_filler { Ok(()) } else { self.term.write_str(text) }
    }

    fn clear_line(&self) -> io::Result<()> {
        self.is_line_full.store(false, Ordering::Relaxed);
        self.term.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.term.flush()
    }
}

/// Writes a line to stderr. Ignores errors, so that a closed stderr does not end a run.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
