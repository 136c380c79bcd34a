//! The setting `jobs`.

use serde::{Serialize, Serializer};
use toml::Value;

use crate::config::values::{self, Parsed};

/// Number of runs that are trained at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// One per core on the CPU, one on a GPU.
    Auto,
    /// A fixed number.
    Count(usize),
}

impl Serialize for Jobs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Count(count) => count.serialize(serializer),
        }
    }
}

impl Jobs {
    /// Parses the setting's value.
    pub(super) fn parse(value: &Value) -> Parsed<Self> {
        if value.as_str() == Some("auto") {
            return Ok(Self::Auto);
        }
        values::count(value)
            .map(Self::Count)
            .map_err(|_| values::expected("\"auto\" or a whole number of 1 or more", value))
    }
}
