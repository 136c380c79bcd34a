//! The subcommands, a file each: its arguments, and what it does.

mod arguments;
pub(crate) mod backend;
pub(crate) mod backends;
pub(crate) mod completions;
pub(crate) mod configs;
mod error;
pub(crate) mod man;
mod numbers;
pub mod predict;
pub(crate) mod report;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod settings;
pub mod show;
pub(crate) mod summary;

pub use self::error::{Error, advice};
