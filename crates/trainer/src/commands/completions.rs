//! `trainer completions`.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    shell: Shell,
}

impl Arguments {
    /// Returns the shell's script for the program.
    pub(crate) fn execute(self, mut program: Command) -> String {
        let (name, mut script) = (program.get_name().to_owned(), Vec::new());
        generate(self.shell, &mut program, name, &mut script);
        String::from_utf8_lossy(&script).into_owned()
    }
}
