//! A config as written: TOML files that extend one another, and `--set`, become one flat list of
//! dotted keys, each with its value and where it was written. [`Study`](crate::study::Study) reads
//! that list and refuses what is wrong in it.

pub mod builtin;
mod entries;
mod error;
mod files;
pub(crate) mod values;

pub use entries::{Entries, Entry, Origin};
pub use error::ConfigError;
pub use files::{Config, descriptions, find};
