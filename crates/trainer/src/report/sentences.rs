//! What a study shows, in sentences with its own numbers.

use super::{curves::HELD_OUT, group::Group, network::WeightHistogram, page_data::PageData};
use crate::results::{self, Comparison, Row, Summary, Verdict, statistics::Difference};

/// The largest gap between training and test accuracy of a network that does not overfit.
const SMALL_GAP: f64 = 0.01;
/// The training accuracy below which there is nothing to overfit.
const LEARNT: f64 = 0.5;
/// The ratio of the last to the lowest held-out loss from which it has risen.
const RISEN: f64 = 1.02;
/// The relative difference below which two norms count as the same.
const SAME_SIZE: f64 = 0.02;
/// A config of a network that overfits.
const OVERFIT: &str = "overfit";

/// What regularisation did in a study, and why, in sentences.
#[derive(Debug, Default)]
pub(super) struct Sentences {
    /// Whether the network overfits, and what helps.
    pub(super) lead: Vec<String>,
    /// The name of each variant but the first, and what it did.
    pub(super) variants: Vec<(String, Vec<String>)>,
    /// What the curves by epoch need to be said.
    pub(super) curves: Vec<String>,
    /// Whether images are held out.
    pub(super) is_validated: bool,
}

impl Sentences {
    /// Describes the groups that are shown unless a slider is moved. The first one is compared with.
    pub(super) fn new(data: &PageData, summaries: &[Summary], rows: &[Row]) -> Self {
        let shown: Vec<&Group> = data.shown().collect();
        let Some((first, others)) = shown.split_first() else { return Self::default() };
        let comparison = |group: &Group| {
            let is_of = |summary: &&Summary| {
                crate::study::cell_name(&summary.variant, &summary.point) == group.name
            };
            summaries.iter().find(is_of).and_then(|summary| summary.difference.as_ref())
        };
        let of_variant = |group: &&Group| {
            let sentences = variant(group, first, comparison(group), &data.shown_layer);
            (group.name.clone(), sentences)
        };
        let mut lead = vec![overfitting(first)];
        lead.extend(held_out_loss(first));
        lead.extend(helpful(others, first, &comparison));
        let mut curves = Vec::new();
        let is_validated = shown.iter().any(|group| group.acc_val.is_some());
        if !is_validated {
            curves.push(format!(
                "No images are held out, and the test images are looked at only once, after training. So there is no \
                 curve to compare training with, only the final gap above. The config {OVERFIT} holds images out."
            ));
        }
        curves.extend(better_on_test(&shown, rows));
        Self { lead, variants: others.iter().map(of_variant).collect(), curves, is_validated }
    }
}

/// Says whether a network overfits.
fn overfitting(group: &Group) -> String {
    let (name, train, test) = (&group.name, group.acc_train.mean, group.acc_test.mean);
    let numbers = format!(
        "it classifies {} of the training images correctly and {} of the test images",
        percent(train),
        percent(test)
    );
    if !train.is_finite() || train < LEARNT {
        return format!(
            "{name} hardly learns: {numbers}. Where nothing is learnt, nothing is overfitted. The config {OVERFIT} \
             shows a network that is."
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
fn held_out_loss(group: &Group) -> Option<String> {
    let best = group.best_epoch?;
    let (lowest, last) = (group.curves.at(best, HELD_OUT)?, group.curves.last(HELD_OUT)?);
    if last < RISEN * lowest {
        return None;
    }
    let train = group.curves.last("cross_entropy")?;
    Some(format!(
        "Its loss on the held-out images is lowest after epoch {best}, at {lowest:.3}. In the end it is {last:.3}, while \
         that on the training images has fallen to {train:.3}."
    ))
}

/// Names the variants that are better than the first one.
fn helpful<'a>(
    others: &[&Group],
    first: &Group,
    comparison: &impl Fn(&Group) -> Option<&'a Comparison>,
) -> Option<String> {
    let verdict = |group: &Group| comparison(group)?.verdict;
    if others.iter().all(|group| verdict(group).is_none()) {
        return (!others.is_empty()).then(|| {
            "There is one seed of each, so no verdict on which variant is better: another seed may turn it round."
                .to_owned()
        });
    }
    let mut better: Vec<(&str, f64)> = others
        .iter()
        .filter(|group| verdict(group) == Some(Verdict::Better))
        .filter_map(|group| {
            Some((group.name.as_str(), comparison(group)?.difference.as_ref()?.mean))
        })
        .collect();
    better.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let name = &first.name;
    if better.is_empty() {
        return Some(format!(
            "No variant is better than {name} on the test images, as far as these seeds tell."
        ));
    }
    let gains: Vec<String> =
        better.iter().map(|(name, gain)| format!("{name} by {}", points(*gain))).collect();
    Some(format!("Better than {name} on the test images: {}.", gains.join(", ")))
}

/// Says what a variant did, in comparison with the first one.
fn variant(
    group: &Group,
    first: &Group,
    comparison: Option<&Comparison>,
    layer: &str,
) -> Vec<String> {
    if !group.acc_train.mean.is_finite() || !group.cross_entropy_train.mean.is_finite() {
        return vec!["Training diverged: a loss is not a finite number.".to_owned()];
    }
    let name = &first.name;
    let mut sentences = vec![verdict(group, first, comparison), gap(group, first)];
    if let (Some(weights), Some(others)) = (&group.weights, &first.weights) {
        sentences.extend(of_weights(weights, others, layer, name));
    }
    if let (Some(own), Some(other)) = (&group.confidence, &first.confidence) {
        let (sure, right) = (percent(own.mean.mean), percent(group.acc_test.mean));
        let word = if sure == right {
            "Calibrated on average"
        } else if own.mean.mean > group.acc_test.mean {
            "Overconfident"
        } else {
            "Underconfident"
        };
        sentences.push(format!(
            "{word}: {sure} confident on average, {right} right; calibration error {:.3} ({name}: {:.3}).",
            own.ece.mean, other.ece.mean
        ));
    }
    if let (Some(own), Some(other)) = (group.memorised, first.memorised) {
        sentences.push(format!(
            "Learnt {} of the wrong labels by heart ({name}: {}).",
            percent(own.mean),
            percent(other.mean)
        ));
    }
    sentences
}

/// Says whether a variant is better on the test images.
fn verdict(group: &Group, first: &Group, comparison: Option<&Comparison>) -> String {
    let name = &first.name;
    let Some(Comparison {
        verdict: Some(verdict),
        difference: Some(Difference { mean, .. }),
        p_adjusted,
        ..
    }) = comparison
    else {
        return format!(
            "{} of the test images right ({name}: {}). One seed gives no verdict.",
            percent(group.acc_test.mean),
            percent(first.acc_test.mean)
        );
    };
    let p = p_adjusted.map_or_else(String::new, |p| format!(" ({})", results::p_text(p)));
    match verdict {
        Verdict::Better => format!("Better on the test images, by {}{p}.", points(*mean)),
        Verdict::Worse => format!("Worse on the test images, by {}{p}.", points(-mean)),
        Verdict::Undecided => {
            format!("Undecided on the test images: {}{p}.", signed_points(*mean))
        }
    }
}

/// Says what became of the gap: that it is smaller or larger only if the seeds agree on it.
fn gap(group: &Group, first: &Group) -> String {
    let pairs: Vec<f64> =
        group.gaps.iter().filter_map(|(seed, gap)| Some(gap - first.gaps.get(seed)?)).collect();
    let word = match Difference::new(&pairs) {
        Some(difference) if difference.high < 0.0 => "Smaller gap",
        Some(difference) if difference.low > 0.0 => "Larger gap",
        Some(_) => "About the same gap",
        None => "Gap",
    };
    format!(
        "{word} between training and test: {} ({}: {}).",
        points(group.gap.mean),
        first.name,
        points(first.gap.mean)
    )
}

fn of_weights(
    own: &WeightHistogram,
    other: &WeightHistogram,
    layer: &str,
    name: &str,
) -> Option<String> {
    if !own.l2.is_finite() || !other.l2.is_finite() {
        return None;
    }
    let word = if (own.l2 / other.l2 - 1.0).abs() < SAME_SIZE {
        "Weights of the same size"
    } else if own.l2 < other.l2 {
        "Smaller weights"
    } else {
        "Larger weights"
    };
    Some(format!(
        "{word} in {layer}: norm {:.2} ({name}: {:.2}), {} near 0 ({name}: {}).",
        own.l2,
        other.l2,
        percent(own.near_zero),
        percent(other.near_zero)
    ))
}

/// Explains why a variant is better on the test images than in training, where that is so.
fn better_on_test(shown: &[&Group], rows: &[Row]) -> Option<String> {
    let running = |group: &Group| *group.curves.running_acc.last()?;
    let is_better = |group: &&&Group| running(group).is_some_and(|acc| acc < group.acc_test.mean);
    let group = shown.iter().find(is_better)?;
    let (name, running) = (&group.name, running(group)?);
    let (train, test) = (group.acc_train.mean, group.acc_test.mean);
    let mut answer = format!(
        "Why is {name} better on the test images ({}) than the training accuracy that Keras would print ({})? That one is \
         a mean over the batches of the last epoch, while the weights still change",
        precise(test),
        precise(running)
    );
    let row = rows.iter().find(|row| row.variant() == group.variant)?;
    let mut layers = row.run.variant.network.layer_names();
    let has_noise = layers.any(|name| {
        let layer = row.run.variant.network.layer(name);
        layer.is_some_and(|layer| {
            layer.dropout > 0.0 || layer.gaussian_dropout > 0.0 || layer.gaussian_noise > 0.0
        })
    });
    answer += if has_noise { ", and with noise or dropout. " } else { ". " };
    answer += &format!("Evaluated after training, without either, it is {}", precise(train));
    if train >= test {
        return Some(answer + ": above that on the test images.");
    }
    let images = row.record.images.test as f64;
    let deviation = (test * (1.0 - test) / images).sqrt();
    Some(format!(
        "{answer}: still below. Another draw of as many test images would move their accuracy by about {}, so these may just \
         be easier.",
        points(deviation)
    ))
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
        assert_eq!(points(-0.0044), "−0.44\u{a0}points");
        assert_eq!(signed_points(0.0044), "+0.44\u{a0}points");
    }
}
