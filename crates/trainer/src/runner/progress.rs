//! What one sees while a study runs: bars on a terminal, plain lines elsewhere, all on stderr.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use training::Epoch;

use crate::study::Run;

/// How much is shown.
#[derive(Debug)]
pub enum Progress {
    /// One bar a run and one for the study.
    Bars(MultiProgress),
    /// A line now and then.
    Lines,
    /// Nothing.
    Quiet,
}

/// The bar or the lines of one thing that goes on.
#[derive(Debug)]
pub enum Task {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere: says something ten times on its way.
    Lines {
        /// What goes on.
        name: String,
        /// How much there is to do.
        total: u64,
        /// How many tenths of it were told.
        told: AtomicU64,
    },
    /// Nothing is shown.
    Quiet,
}

impl Progress {
    /// Bars where stderr is a terminal, lines where it is not, nothing where `quiet`.
    pub fn new(quiet: bool) -> Self {
        if quiet {
            Self::Quiet
        } else if std::io::stderr().is_terminal() {
            Self::Bars(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
        } else {
            Self::Lines
        }
    }

    /// Says something above the bars.
    pub fn say(&self, message: &str) {
        match self {
            Self::Bars(bars) => bars.suspend(|| tell(message)),
            Self::Lines => tell(message),
            Self::Quiet => {}
        }
    }

    /// Says something that even those want to know who want to see nothing.
    pub fn warn(&self, message: &str) {
        match self {
            Self::Quiet => tell(format!("warning: {message}")),
            Self::Bars(_) | Self::Lines => self.say(&format!("warning: {message}")),
        }
    }

    /// The bar of the whole study. It stays the lowest.
    pub fn study(&self, runs: usize) -> Task {
        let bar = "{prefix:24} {bar:24} {pos}/{len} runs  {elapsed} so far, {eta} left";
        self.task("study", runs as u64, bar, MultiProgress::add)
    }

    /// The bar of one run.
    pub fn run(&self, run: &Run, epochs: usize) -> Task {
        let bar = "{prefix:24} {bar:24} epoch {pos}/{len}  {msg}  {eta} left";
        self.task(&run.to_string(), epochs as u64, bar, |bars, bar| bars.insert_from_back(1, bar))
    }

    /// The bar of a download, in bytes.
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
            Self::Lines => Task::Lines { name: name.to_owned(), total, told: AtomicU64::new(0) },
            Self::Quiet => Task::Quiet,
        }
    }
}

impl Task {
    /// An epoch has ended.
    pub fn epoch(&self, epoch: &Epoch) {
        let metrics = epoch.validation.unwrap_or(epoch.train);
        let prefix = if epoch.validation.is_some() { "val " } else { "" };
        let message = format!("{prefix}loss {:.4} acc {:.4}", metrics.loss, metrics.accuracy);
        self.advance(epoch.number as u64, &message);
    }

    /// So much is done.
    pub fn advance(&self, done: u64, message: &str) {
        match self {
            Self::Bar(bar) => {
                bar.set_position(done);
                bar.set_message(message.to_owned());
            }
            Self::Lines { name, total, told } => {
                // Of something without a known end there is nothing to tell.
                let tenths = (done * 10).checked_div(*total).unwrap_or(0);
                if tenths > told.fetch_max(tenths, Ordering::Relaxed) {
                    tell(format!("{name}: {done}/{total} {message}").trim_end());
                }
            }
            Self::Quiet => {}
        }
    }

    /// It is over: the bar goes.
    pub fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Writes a line to stderr. If nobody is there to read it, the work goes on.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
