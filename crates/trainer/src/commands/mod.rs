//! The subcommands, a file each: its arguments, and what it does.

mod arguments;
pub(crate) mod backends;
pub(crate) mod configs;
mod error;
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
