//! `trainer configs`.

use crate::config;

/// Returns the configs that can be named, a line each.
pub(crate) fn execute() -> String {
    let configs = config::descriptions();
    let width = configs.keys().map(String::len).max().unwrap_or(0);
    let lines = configs.iter().map(|(name, description)| {
        format!("{}\n", format!("{name:width$}  {description}").trim_end())
    });
    lines.collect()
}
