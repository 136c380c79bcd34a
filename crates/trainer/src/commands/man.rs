//! `trainer man`.

use std::iter;

use clap::Command;
use clap_mangen::Man;

/// Returns the manual pages of the program and of its commands, one after another, as roff.
pub(crate) fn execute(program: Command) -> String {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    for command in iter::once(&program).chain(program.get_subcommands()) {
        // Writing to memory does not fail.
        let _ = Man::new(command.clone()).render(&mut pages);
    }
    String::from_utf8_lossy(&pages).into_owned()
}
