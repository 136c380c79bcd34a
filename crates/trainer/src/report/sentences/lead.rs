//! Sentences on whether the network overfits, and what helps.

use super::{
    super::{curves::HELD_OUT, group::PageGroup},
    OVERFIT, has_learnt, percent, points,
};
use crate::results::Verdict;

/// The largest gap between training and test accuracy of a network that does not overfit.
const SMALL_GAP: f64 = 0.01;
/// The ratio of the last to the lowest held-out loss from which it has risen.
const RISEN: f64 = 1.02;

/// Says whether the network overfits, and which variants help.
pub(super) fn lead(first: &PageGroup, others: &[&PageGroup], classes: usize) -> Vec<String> {
    if first.lacks_classes() {
        return Vec::new();
    }
    let mut lead = vec![overfitting(first, classes)];
    lead.extend(held_out_loss(first));
    if first.memorised.is_some() {
        lead.push(
            "Some training labels are wrong, and training accuracy counts them as they are given: a network that is always \
             right would not reach 100\u{a0}% in training."
                .to_owned(),
        );
    }
    lead.extend(helpful(first, others));
    lead
}

/// Says whether a network overfits.
fn overfitting(group: &PageGroup, classes: usize) -> String {
    let name = &group.name;
    if group.diverged > 0 {
        return format!("Training of {name} diverged: a loss is not a finite number.");
    }
    let numbers = format!(
        "it classifies {} of the training images correctly and {} of the test images",
        percent(group.acc_train.mean),
        percent(group.acc_test.mean)
    );
    if !has_learnt(group, classes) {
        return format!(
            "{name} hardly learns: {numbers}, where guessing gives {}. The config {OVERFIT} shows a network that \
             overfits.",
            percent(1.0 / classes as f64)
        );
    }
    if group.gap.mean <= SMALL_GAP {
        return format!(
            "{name} does not overfit: {numbers}. So there is hardly a gap for a regulariser to close. The config \
             {OVERFIT} shows a network with a large one."
        );
    }
    format!("{name} overfits: {numbers}, a gap of {}.", points(group.gap.mean))
}

/// Says when the loss on held-out images was lowest, if it has risen since.
fn held_out_loss(group: &PageGroup) -> Option<String> {
    let best = group.best_epoch.filter(|_| !group.is_monitored)?;
    let (lowest, last) = (group.curves.at(best, HELD_OUT)?, group.curves.last(HELD_OUT)?);
    if last < RISEN * lowest {
        return None;
    }
    let train = group.curves.last("cross_entropy")?;
    Some(format!(
        "Its loss on the held-out images is lowest after epoch {best}, at {lowest:.3}. In the end it is {last:.3}, while \
         that on the training images is {train:.3}."
    ))
}

/// Names the variants that are better than the first one.
fn helpful(first: &PageGroup, others: &[&PageGroup]) -> Option<String> {
    let verdict = |group: &PageGroup| group.comparison.as_ref()?.verdict;
    if others.is_empty() {
        return None;
    }
    if first.is_repeated() && others.iter().any(|group| group.is_repeated()) {
        return Some(
            "The seeds change nothing, so there is no verdict on which variant is better."
                .to_owned(),
        );
    }
    if others.iter().all(|group| verdict(group).is_none()) {
        return Some(
            "There are no two seeds to compare, so there is no verdict on which variant is better."
                .to_owned(),
        );
    }
    let gain = |group: &PageGroup| Some(group.comparison.as_ref()?.difference?.mean);
    let mut better: Vec<(&str, f64)> = others
        .iter()
        .filter(|group| verdict(group) == Some(Verdict::Better))
        .filter_map(|group| Some((group.name.as_str(), gain(group)?)))
        .collect();
    better.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let name = &first.name;
    if better.is_empty() {
        return Some(format!(
            "No variant is better than {name} on the test images, according to these seeds."
        ));
    }
    let gains: Vec<String> =
        better.iter().map(|(name, gain)| format!("{name} by {}", points(*gain))).collect();
    Some(format!("Better than {name} on the test images: {}.", gains.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::{super::super::group::tests::group, *};

    #[test]
    fn overfitting_is_judged_by_the_gap_and_by_guessing() {
        let text =
            |accuracies: (f64, f64), classes| overfitting(&group("none", &[accuracies]), classes);
        assert!(text((1.0, 0.89), 10).starts_with("none overfits: it classifies 100.0\u{a0}%"));
        assert!(text((0.91, 0.905), 10).contains("does not overfit"));
        assert!(text((0.25, 0.2), 10).contains("hardly learns"));
        assert!(text((0.35, 0.3), 10).contains("overfits"));
        assert!(text((0.55, 0.5), 2).contains("guessing gives 50.0\u{a0}%"));
        let mut diverged = group("none", &[(0.1, 0.1)]);
        diverged.diverged = 1;
        assert!(overfitting(&diverged, 10).contains("diverged"));
    }

    #[test]
    fn without_two_seeds_there_is_no_verdict() {
        let (none, l2) = (group("none", &[(1.0, 0.8)]), group("l2", &[(1.0, 0.9)]));
        assert!(helpful(&none, &[&l2]).unwrap().contains("no two seeds"));
        assert_eq!(helpful(&none, &[]), None);
    }
}
