//! The names of layers in config keys. The last hidden layer has two: its own, such as `hidden2`, and the alias
//! `last_hidden`, which stays valid when the number of hidden layers changes.
//!
//! The `depth` of a network is the number of its hidden layers.

use model::LayerName;

use crate::config::values::{self, Parsed};

/// Alias of the last hidden layer.
pub(super) const LAST_HIDDEN: &str = "last_hidden";
/// Maximum number of hidden layers that an error lists one by one.
const MAX_LISTED: usize = 8;

/// Lists the names of all layers, the alias included.
pub(super) fn all_names(depth: usize) -> impl Iterator<Item = String> {
    let own = (0..depth).map(LayerName::Hidden).chain([LayerName::Input, LayerName::Output]);
    own.map(|layer| layer.to_string()).chain([LAST_HIDDEN.to_owned()])
}

/// Replaces the alias in a key by the layer's own name.
pub(super) fn canonical_key(key: &str, depth: usize) -> String {
    let mut parts = key.splitn(4, '.');
    let (table, variant, layer) = (parts.next(), parts.next(), parts.next());
    match (table, variant, layer, depth.checked_sub(1)) {
        (Some("variant"), Some(variant), Some(LAST_HIDDEN), Some(last)) => {
            let rest = parts.next().map_or(String::new(), |rest| format!(".{rest}"));
            format!("variant.{variant}.{}{rest}", LayerName::Hidden(last))
        }
        _ => key.to_owned(),
    }
}

/// Returns an error if a hidden layer's number exceeds the depth. Accepts all other names.
pub(super) fn check_name(layer: &str, depth: usize) -> Parsed<()> {
    let number = layer.strip_prefix("hidden").and_then(|number| number.parse::<usize>().ok());
    if number.is_none_or(|number| (1..=depth).contains(&number)) {
        return Ok(());
    }
    let last = LayerName::Hidden(depth - 1);
    let mut names: Vec<String> = if depth > MAX_LISTED {
        vec![format!("{} … {last}", LayerName::Hidden(0))]
    } else {
        (0..depth).map(|index| LayerName::Hidden(index).to_string()).collect()
    };
    names.insert(0, LayerName::Input.to_string());
    names.extend([LAST_HIDDEN.to_owned(), LayerName::Output.to_string()]);
    Err(format!("the network has no `{layer}`: its layers are {}", values::listed(&names)))
}

/// Returns the other key of a setting of the last hidden layer; `None` for all other settings.
pub(super) fn alias_of(key: &str, depth: usize) -> Option<String> {
    let mut parts = key.splitn(4, '.');
    let (table, name, layer, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let last = LayerName::Hidden(depth.checked_sub(1)?).to_string();
    let alias = match layer {
        LAST_HIDDEN => last.as_str(),
        layer if layer == last => LAST_HIDDEN,
        _ => return None,
    };
    (table == "variant").then(|| format!("{table}.{name}.{alias}.{rest}"))
}
