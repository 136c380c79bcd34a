//! Progress on stderr: bars on a terminal, plain lines elsewhere.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use data::Unit;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use training::Epoch;

use super::threads;
use crate::study::Run;

/// Progress of a command.
#[derive(Debug)]
pub struct Progress {
    /// Hidden unless stderr is a terminal.
    bars: MultiProgress,
    is_quiet: bool,
}

/// Progress of one task: a bar on a terminal, at most ten lines elsewhere.
#[derive(Debug)]
pub struct Task {
    bar: ProgressBar,
    /// Whether lines are printed.
    has_lines: bool,
}

impl Progress {
    /// Creates bars if stderr is a terminal, else lines; neither if `quiet`.
    pub fn new(is_quiet: bool) -> Self {
        let has_bars = !is_quiet && io::stderr().is_terminal();
        let target =
            if has_bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
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

    /// Starts the progress of the study, below that of its runs.
    pub fn study(&self, runs: usize) -> Task {
        let bar = "{prefix:24} {bar:24} {pos}/{len} runs  {elapsed} so far, {eta} left";
        self.task("study", runs as u64, bar, MultiProgress::add)
    }

    /// Starts the progress of a run.
    pub fn run(&self, run: &Run, epochs: usize) -> Task {
        let bar = "{prefix:24} {bar:24} epoch {pos}/{len}  {msg}  {eta} left";
        self.task(&run.to_string(), epochs as u64, bar, |bars, bar| bars.insert_from_back(1, bar))
    }

    /// Starts the progress of loading a data set.
    pub fn loading(&self, name: &str, total: u64, unit: Unit) -> Task {
        let bar = match unit {
            Unit::Bytes => "{prefix:24} {bar:24} {bytes}/{total_bytes}  {eta} left",
            Unit::Files => "{prefix:24} {bar:24} {pos}/{len}  {eta} left",
        };
        self.task(name, total, bar, MultiProgress::add)
    }

    fn task(
        &self,
        name: &str,
        total: u64,
        template: &str,
        place: impl FnOnce(&MultiProgress, ProgressBar) -> ProgressBar,
    ) -> Task {
        let bar = place(&self.bars, ProgressBar::new(total));
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name.to_owned());
        let is_hidden = self.bars.is_hidden();
        // The ticks are another thread's.
        if !is_hidden && !threads::are_few() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Task { bar, has_lines: is_hidden && !self.is_quiet }
    }
}

impl Task {
    /// Reports the end of an epoch.
    pub fn epoch(&self, epoch: &Epoch) {
        let metrics = epoch.validation.unwrap_or(epoch.train);
        let prefix = if epoch.validation.is_some() { "val " } else { "" };
        let message = format!("{prefix}loss {:.4} acc {:.4}", metrics.loss, metrics.accuracy);
        self.advance(epoch.number as u64, &message);
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

    /// Ends the progress and removes its bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Writes a line to stderr. Ignores errors, so that a closed stderr does not end a run.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
