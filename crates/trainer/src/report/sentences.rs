//! Sentences on what a study shows, with its own numbers.

mod curves;
mod lead;
mod variant;

use self::{curves::about_curves, lead::lead, variant::about_variant};
use super::{group::PageGroup, page_data::PageData};
use crate::doubts;

/// The minimum training accuracy of a network that has learnt, as a fraction of the range from guessing to 1.
const LEARNT: f64 = 0.2;
/// A config of a network that overfits.
const OVERFIT: &str = "overfit";

/// Sentences on what regularisation did in a study.
#[derive(Debug, Default)]
pub(super) struct Sentences {
    /// Whether the network overfits, and what helps.
    pub(super) lead: Vec<String>,
    /// The name of each variant but the first, and what it did.
    pub(super) variants: Vec<(String, Vec<String>)>,
    /// Explanations of the curves by epoch.
    pub(super) curves: Vec<String>,
    /// Whether images are held out.
    pub(super) is_validated: bool,
}

impl Sentences {
    /// Describes the groups that are shown unless a slider is moved, compared with the first one.
    pub(super) fn new(data: &PageData) -> Self {
        let shown: Vec<&PageGroup> = data.shown().collect();
        let Some((first, others)) = shown.split_first() else { return Self::default() };
        let classes = data.class_names.len();
        let doubts = doubts::notes(
            data.groups.iter().flat_map(|group| group.doubts.iter().map(Option::as_ref)),
        );
        let variants = others
            .iter()
            .map(|group| (group.name.clone(), about_variant(group, first, &data.shown_layer)));
        let is_validated = shown.iter().any(|group| group.acc_val.is_some());
        Self {
            lead: doubts.into_iter().chain(lead(first, others, classes)).collect(),
            variants: variants.collect(),
            curves: if first.lacks_classes() {
                Vec::new()
            } else {
                about_curves(&shown, classes, is_validated)
            },
            is_validated,
        }
    }
}

/// Returns whether a network is clearly better than guessing, on the training images.
fn has_learnt(group: &PageGroup, classes: usize) -> bool {
    let guessing = 1.0 / classes as f64;
    group.diverged == 0 && group.acc_train.mean >= guessing + LEARNT * (1.0 - guessing)
}

/// Formats a share in per cent: `89.4 %`.
fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * share)
}

/// Formats a share in per cent with two decimals: `89.41 %`.
fn precise(share: f64) -> String {
    format!("{:.2}\u{a0}%", 100.0 * share)
}

/// Formats a difference of shares: `0.44 points`.
fn points(difference: f64) -> String {
    format!("{:.2}\u{a0}points", 100.0 * difference).replace('-', "−")
}

/// Formats a difference of shares with its sign: `+0.44 points`.
fn signed_points(difference: f64) -> String {
    format!("{:+.2}\u{a0}points", 100.0 * difference).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_in_per_cent_and_points() {
        assert_eq!(percent(0.89411), "89.4\u{a0}%");
        assert_eq!(precise(0.89411), "89.41\u{a0}%");
        assert_eq!(points(-0.0044), "−0.44\u{a0}points");
        assert_eq!(signed_points(0.0044), "+0.44\u{a0}points");
    }
}
