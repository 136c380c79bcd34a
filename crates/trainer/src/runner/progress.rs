//! Progress on stderr: bars on a terminal, plain lines elsewhere.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use training::Epoch;

use crate::study::Run;

/// Form of the progress.
#[derive(Debug)]
pub enum Progress {
    /// A bar for each run and one for the study.
    Bars(MultiProgress),
    /// Lines of text.
    Lines,
    /// Nothing.
    Quiet,
}

/// Progress of one task.
#[derive(Debug)]
pub enum Task {
    /// A bar on a terminal.
    Bar(ProgressBar),
    /// At most ten lines.
    Lines {
        /// The task's name.
        name: String,
        /// The steps of the task.
        total: u64,
        /// The tenths of the task that were reported.
        reported: AtomicU64,
    },
    /// No progress.
    Quiet,
}

impl Progress {
    /// Creates bars if stderr is a terminal, else lines; neither if `quiet`.
    pub fn new(quiet: bool) -> Self {
        if quiet {
            Self::Quiet
        } else if std::io::stderr().is_terminal() {
            Self::Bars(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
        } else {
            Self::Lines
        }
    }

    /// Prints a message above the bars.
    pub fn say(&self, message: &str) {
        match self {
            Self::Bars(bars) => bars.suspend(|| tell(message)),
            Self::Lines => tell(message),
            Self::Quiet => {}
        }
    }

    /// Prints a warning, even if progress is quiet.
    pub fn warn(&self, message: &str) {
        match self {
            Self::Quiet => tell(format!("warning: {message}")),
            Self::Bars(_) | Self::Lines => self.say(&format!("warning: {message}")),
        }
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

    /// Starts the progress of a download, in bytes.
    pub fn download(&self, file: &str, bytes: u64) -> Task {
        let bar = "{prefix:24} {bar:24} {bytes}/{total_bytes}  {eta} left";
        self.task(file, bytes, bar, MultiProgress::add)
    }

    fn task(
        &self,
        name: &str,
        total: u64,
        template: &str,
        place: impl FnOnce(&MultiProgress, ProgressBar) -> ProgressBar,
    ) -> Task {
        match self {
            Self::Bars(bars) => {
                let bar = place(bars, ProgressBar::new(total));
                let style = ProgressStyle::with_template(template);
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_prefix(name.to_owned());
                bar.enable_steady_tick(Duration::from_millis(200));
                Task::Bar(bar)
            }
            Self::Lines => {
                Task::Lines { name: name.to_owned(), total, reported: AtomicU64::new(0) }
            }
            Self::Quiet => Task::Quiet,
        }
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
        match self {
            Self::Bar(bar) => {
                bar.set_position(done);
                bar.set_message(message.to_owned());
            }
            Self::Lines { name, total, reported } => {
                // Without a total there are no tenths.
                let tenths = (done * 10).checked_div(*total).unwrap_or(0);
                if tenths > reported.fetch_max(tenths, Ordering::Relaxed) {
                    tell(format!("{name}: {done}/{total} {message}").trim_end());
                }
            }
            Self::Quiet => {}
        }
    }

    /// Ends the progress and removes its bar.
    pub fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Writes a line to stderr. Ignores errors, so that a closed stderr does not end a run.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
