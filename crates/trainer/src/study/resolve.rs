//! From a config's entries to its settings, at one point of a sweep.

use model::{LayerName, NOTEBOOK_HIDDEN, NetworkConfig, Variant};
use toml::Value;

use super::{
    HIDDEN,
    keys::all_keys,
    layers,
    named_entries::{NamedEntries, named_entries, nest},
    ranges::hidden_units,
    refusal,
    schema::{Settings, VariantSettings},
};
use crate::config::{ConfigError, Entries, values, values::Parsed};

/// The settings at one point of a sweep.
pub(super) struct Resolved {
    /// All but the variants' own.
    pub(super) settings: Settings,
    /// The variants that the settings name.
    pub(super) variants: Vec<Variant>,
}

/// Reads the settings and their variants.
pub(super) fn resolve(entries: &Entries) -> Result<Resolved, ConfigError> {
    let hidden = match entries.get(HIDDEN) {
        Some(entry) => hidden_units(&entry.value).map_err(|reason| entry.refuse(HIDDEN, reason))?,
        None => NOTEBOOK_HIDDEN.to_vec(),
    };
    for (key, entry) in entries.iter() {
        check_variant_key(key, hidden.len()).map_err(|reason| entry.refuse(key, reason))?;
    }
    let named = named_entries(entries, hidden.len())?;
    let mut settings = deserialize(&named, hidden.len())?;
    for (key, path) in
        [("data.dir", &mut settings.data.dir), ("fit.weights", &mut settings.fit.weights)]
    {
        if let (Some(path), Some(entry)) = (path, entries.get(key)) {
            *path = entry.origin.folder().join(&path);
        }
    }
    let own = std::mem::take(&mut settings.variant);
    let variants = settings.variants.iter().map(|name| {
        let network = own.get(name).map(|variant| network(variant, &hidden));
        network.map(|network| Variant { name: name.clone(), network }).ok_or_else(|| {
            let known: Vec<&String> = own.keys().collect();
            let known = values::unknown("variant", name, &known);
            let reason = format!("{known}; define more as [variant.NAME]");
            refusal::refuse(named.get("variants"), "variants", reason)
        })
    });
    let variants = variants.collect::<Result<_, _>>()?;
    Ok(Resolved { settings, variants })
}

/// Reads the settings from the entries, each under its layer's own name.
fn deserialize(named: &NamedEntries<'_>, depth: usize) -> Result<Settings, ConfigError> {
    let keys = || {
        let variants =
            named.keys().filter_map(|key| key.strip_prefix("variant.")?.split('.').next());
        all_keys(variants, depth)
    };
    let table = nest(named).map_err(|key| refusal::not_a_table(named, &key, &keys()))?;
    let mut unknown = Vec::new();
    let mut ignored = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
    let input = serde_ignored::Deserializer::new(Value::Table(table), &mut ignored);
    let settings = serde_path_to_error::deserialize(input)
        .map_err(|error| refusal::value(named, &error, &keys()))?;
    match unknown.first() {
        Some(key) => Err(refusal::unknown_key(named, key, &keys())),
        None => Ok(settings),
    }
}

/// Configures a variant's network.
fn network(variant: &VariantSettings, hidden: &[usize]) -> NetworkConfig {
    let layer = |name| variant.layers.get(&name).copied().unwrap_or_default();
    let block = |(index, &units)| layer(LayerName::Hidden(index)).block(units);
    NetworkConfig {
        hidden: hidden.iter().enumerate().map(block).collect(),
        output: layer(LayerName::Output).regularizers(),
    }
}

/// Refuses a variant's name that cannot be a folder's, a layer that the network lacks, and what only hidden layers
/// take.
fn check_variant_key(key: &str, depth: usize) -> Parsed<()> {
    let Some(rest) = key.strip_prefix("variant.") else { return Ok(()) };
    let mut parts = rest.splitn(3, '.');
    check_variant_name(parts.next().unwrap_or_default())?;
    let layer = parts.next().unwrap_or_default();
    layers::check_name(layer, depth)?;
    let part = parts.next().unwrap_or_default();
    let hidden_only = ["batch_norm", "dropout"];
    if layer == LayerName::Output.to_string() && hidden_only.contains(&part) {
        return Err(format!("{layer} is the last layer: only a hidden one takes this"));
    }
    Ok(())
}

/// Refuses a name with other characters than letters, digits, `_` and `-`: it becomes part of a folder's.
fn check_variant_name(name: &str) -> Parsed<()> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(
            "a variant's name takes letters, digits, _ and -, at most 64 of them".to_owned()
        );
    }
    Ok(())
}
