//! The names of hidden layers in configs: `hidden1`, `hidden2`, …, and `last_hidden`, which is the last one's other
//! name however many there are.

use model::LayerName;

use crate::config::values::{self, Parsed};

/// The last hidden layer's other name.
pub(super) const LAST_HIDDEN: &str = "last_hidden";
/// Up to so many layers are listed one by one.
const MOST_LISTED: usize = 8;

/// Lists the names of all layers of a network with so many hidden ones.
pub(super) fn all_names(depth: usize) -> impl Iterator<Item = String> {
    let own = (0..depth).map(LayerName::Hidden).chain([LayerName::Output]);
    own.map(|layer| layer.to_string()).chain([LAST_HIDDEN.to_owned()])
}

/// Returns a key with its layer under its own name.
pub(super) fn own_name(key: &str, depth: usize) -> String {
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

/// Refuses a hidden layer whose number is over the network's depth. Other names pass.
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
