//! Configs as written: TOML files that extend one another, and `--set` arguments, are merged into one flat list
//! of dotted keys, each with its value and its origin. [`Study`](crate::study::Study) validates that list.

pub mod builtin;
mod entries;
mod error;
mod files;
pub(crate) mod values;

pub use entries::{Entries, Entry, Origin};
pub use error::{ConfigError, SettingError};
pub use files::{Config, descriptions, find};
