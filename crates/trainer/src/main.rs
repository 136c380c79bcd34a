//! The command line: parses, calls, prints, sets the exit code.
#![expect(clippy::print_stderr, reason = "this is where errors are told")]

mod cli;

use std::{
    error::Error as _,
    io::{self, ErrorKind, Write},
    iter,
    process::ExitCode,
};

use clap::Parser;
use trainer::error::Error;

fn main() -> ExitCode {
    // A failure inside is one line as any other, without a backtrace.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|location| format!(" at {location}"));
        let message = panic.payload_as_str().unwrap_or("no message");
        eprintln!("error: internal failure{}: {message}", place.unwrap_or_default());
    }));
    match cli::Arguments::parse().command.execute() {
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
        // Whoever reads it has had enough, as `head` has.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write to stdout: {error}");
            ExitCode::FAILURE
        }
        Ok(()) => ExitCode::SUCCESS,
    }
}

/// Writes an error, its causes and what to do to stderr.
fn report(error: &Error) {
    eprintln!("error: {error}");
    for cause in iter::successors(error.source(), |&cause| cause.source()) {
        eprintln!("  because: {cause}");
    }
    if let Some(advice) = error.advice() {
        eprintln!("  {advice}");
    }
}
