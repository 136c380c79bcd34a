//! The names of hidden layers in configs: `hidden1`, `hidden2`, …, and `last_hidden`, which is the last one's other
//! name however many there are.

use std::collections::BTreeSet;

use model::{BlockConfig, LayerName, presets};
use toml::Value;

use super::{Settings, settings::block_settings};
use crate::config::{ConfigError, Entries, Entry, values, values::Parsed};

/// The last hidden layer's other name.
pub(super) const LAST_HIDDEN: &str = "last_hidden";
/// Up to so many layers are listed one by one.
const MOST_LISTED: usize = 8;

/// The names of a hidden layer in a network of some depth.
pub(super) fn names(index: usize, depth: usize) -> Vec<String> {
    let name = LayerName::Hidden(index).to_string();
    let other = (index + 1 == depth).then(|| LAST_HIDDEN.to_owned());
    std::iter::once(name).chain(other).collect()
}

/// Refuses the number of a hidden layer that a network of some depth has not. Other words are not its business.
pub(super) fn check_name(layer: &str, depth: usize) -> Parsed<()> {
    let number = layer.strip_prefix("hidden").and_then(|number| number.parse::<usize>().ok());
    if number.is_none_or(|number| (1..=depth).contains(&number)) {
        return Ok(());
    }
    let last = LayerName::Hidden(depth - 1);
    let mut names: Vec<String> = if depth > MOST_LISTED {
        vec![format!("{} … {last}", LayerName::Hidden(0))]
    } else {
        (0..depth).map(|index| LayerName::Hidden(index).to_string()).collect()
    };
    names.extend([LAST_HIDDEN.to_owned(), LayerName::Output.to_string()]);
    Err(format!("the network has no `{layer}`: its layers are {}", values::listed(&names)))
}

/// The other name of a variant's setting, `variant.NAME.LAYER.…`, in a network of some depth.
pub(super) fn other_name(key: &str, depth: usize) -> Option<String> {
    let mut parts = key.splitn(4, '.');
    let (table, name, layer, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let last = LayerName::Hidden(depth.checked_sub(1)?).to_string();
    let other = match layer {
        LAST_HIDDEN => last.as_str(),
        layer if layer == last => LAST_HIDDEN,
        _ => return None,
    };
    (table == "variant").then(|| format!("{table}.{name}.{other}.{rest}"))
}

/// A variant's settings as one config has to write them, whose network has one of these depths: those that were
/// written, but for what another name has replaced, and those of its preset that nothing has.
pub(super) fn written(
    variant: &str,
    entries: &Entries,
    swept: &BTreeSet<&str>,
    depths: &BTreeSet<usize>,
) -> Result<Settings, ConfigError> {
    let table = format!("variant.{variant}");
    let own = |key: &str| key.strip_prefix(&table).is_some_and(|rest| rest.starts_with('.'));
    let mut settings = Settings::new();
    for (key, entry) in entries.iter().filter(|(key, entry)| own(key) && !entry.value.is_table()) {
        if !is_replaced(key, entry, entries, depths)? {
            settings.insert(key.to_owned(), entry.value.clone());
        }
    }
    let others = |key: &str| depths.iter().filter_map(|&depth| other_name(key, depth)).collect();
    for (key, value) in preset_settings(variant) {
        let key = format!("{table}.{LAST_HIDDEN}.{key}");
        let mut names: Vec<String> = others(&key);
        names.push(key.clone());
        if !names.iter().any(|name| settings.contains_key(name) || swept.contains(name.as_str())) {
            settings.insert(key, value);
        }
    }
    if settings.is_empty() {
        // A plain variant of one's own has to be named to exist.
        settings.insert(table, Value::Table(toml::Table::new()));
    }
    Ok(settings)
}

/// Whether a setting's other name has its value from a higher level.
fn is_replaced(
    key: &str,
    entry: &Entry,
    entries: &Entries,
    depths: &BTreeSet<usize>,
) -> Result<bool, ConfigError> {
    let over = |depth: &usize| {
        let other = entries.get(&other_name(key, *depth)?)?;
        (other.level > entry.level).then_some(other)
    };
    let replacing: Vec<&Entry> = depths.iter().filter_map(over).collect();
    let Some(other) = replacing.first().filter(|_| replacing.len() < depths.len()) else {
        return Ok(!replacing.is_empty());
    };
    Err(ConfigError::Value {
        origin: entry.origin.clone(),
        key: key.to_owned(),
        reason: format!(
            "is replaced under another name, written at {}, at some points of the sweep of network.hidden and not at others: keep one name",
            other.origin
        ),
    })
}

/// What a preset says of the last hidden layer.
fn preset_settings(variant: &str) -> Settings {
    let preset = presets(&[1]).into_iter().find(|preset| preset.name == variant);
    let block = preset.and_then(|preset| preset.network.hidden.into_iter().next());
    let settings = block.map(|block| block_settings(&block)).unwrap_or_default();
    let plain = block_settings(&BlockConfig::plain(1));
    settings.into_iter().filter(|(key, value)| plain.get(key) != Some(value)).collect()
}
