//! The program: parses the command line, executes the command, prints its output or error, sets the exit code.

use std::{
    io::{self, ErrorKind, Write},
    iter,
    process::ExitCode,
};

use clap::Parser;
use trainer::{
    cli::Arguments,
    commands::{Error, advice},
    runner::{self, tell},
};

fn main() -> ExitCode {
    // A panic is reported in one line, without a backtrace.
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map_or(String::new(), |location| format!(" at {location}"));
        tell(format!("internal failure{at}: {}", panic.payload_as_str().unwrap_or("no message")));
    }));
    match Arguments::parse().execute() {
        Ok(text) => print(&text),
        Err(error) => {
            report(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Writes a command's result to stdout.
fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        // The reader has closed the pipe, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            tell(format!("error: cannot write to stdout: {error}"));
            ExitCode::FAILURE
        }
        Ok(()) => ExitCode::SUCCESS,
    }
}

/// Writes an error, its causes and what to do to stderr.
fn report(error: &Error) {
    if let Error::Runner(runner::Error::Runs { failures }) = error {
        for (run, error) in failures {
            report_one(&format!("{run}: {error}"), error, advice(error));
        }
    } else {
        report_one(&error.to_string(), error, error.advice());
    }
}

fn report_one(message: &str, error: &dyn std::error::Error, advice: Option<String>) {
    tell(format!("error: {message}"));
    for cause in iter::successors(error.source(), |&cause| cause.source()) {
        tell(format!("  because: {cause}"));
    }
    if let Some(advice) = advice {
        tell(format!("  {advice}"));
    }
}
