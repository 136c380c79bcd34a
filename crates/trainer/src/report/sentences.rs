//! Sentences on what a study shows, with its own numbers.

use super::{curves::HELD_OUT, group::Group, network::WeightHistogram, page_data::PageData};
use crate::results::{self, Comparison, Verdict, statistics::Difference};

/// The largest gap between training and test accuracy of a network that does not overfit.
const SMALL_GAP: f64 = 0.01;
/// The part of the way from guessing to certainty that a network has to come if it is to have learnt.
const LEARNT: f64 = 0.2;
/// The ratio of the last to the lowest held-out loss from which it has risen.
const RISEN: f64 = 1.02;
/// The relative difference below which two norms count as the same.
const SAME_SIZE: f64 = 0.02;
/// The number of standard deviations up to which a difference may be one of chance.
const CHANCE: f64 = 2.0;
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
    /// Describes the groups that are shown unless a slider is moved. The first one is compared with.
    pub(super) fn new(data: &PageData) -> Self {
        let shown: Vec<&Group> = data.shown().collect();
        let Some((first, others)) = shown.split_first() else { return Self::default() };
        let classes = data.class_names.len();
        let of_variant =
            |group: &&Group| (group.name.clone(), about_variant(group, first, &data.shown_layer));
        let is_validated = shown.iter().any(|group| group.acc_val.is_some());
        Self {
            lead: lead(first, others, classes),
            variants: others.iter().map(of_variant).collect(),
            curves: about_curves(&shown, classes, is_validated),
            is_validated,
        }
    }
}

/// Says whether the network overfits, and which variants help.
fn lead(first: &Group, others: &[&Group], classes: usize) -> Vec<String> {
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
fn overfitting(group: &Group, classes: usize) -> String {
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

/// Returns whether a network is clearly better than guessing, on the training images.
fn has_learnt(group: &Group, classes: usize) -> bool {
    let guessing = 1.0 / classes as f64;
    group.diverged == 0 && group.acc_train.mean >= guessing + LEARNT * (1.0 - guessing)
}

/// Says when the loss on held-out images was lowest, if it has risen since.
fn held_out_loss(group: &Group) -> Option<String> {
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
fn helpful(first: &Group, others: &[&Group]) -> Option<String> {
    let verdict = |group: &Group| group.comparison.as_ref()?.verdict;
    if others.is_empty() {
        return None;
    }
    if others.iter().all(|group| verdict(group).is_none()) {
        return Some(
            "There are no two seeds to compare, so there is no verdict on which variant is better."
                .to_owned(),
        );
    }
    let gain = |group: &Group| Some(group.comparison.as_ref()?.difference?.mean);
    let mut better: Vec<(&str, f64)> = others
        .iter()
        .filter(|group| verdict(group) == Some(Verdict::Better))
        .filter_map(|group| Some((group.name.as_str(), gain(group)?)))
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
fn about_variant(group: &Group, first: &Group, layer: &str) -> Vec<String> {
    if group.diverged > 0 {
        return vec!["Training diverged: a loss is not a finite number.".to_owned()];
    }
    let name = &first.name;
    let mut sentences = vec![about_accuracy(group, first), about_gap(group, first)];
    if let (Some(weights), Some(others)) = (&group.weights, &first.weights) {
        sentences.extend(about_weights(weights, others, layer, name, group.seed));
    }
    if let (Some(own), Some(other)) = (&group.confidence, &first.confidence) {
        let (sure, right) = (percent(own.mean.mean), percent(group.acc_test.mean));
        let word = if sure == right {
            "On average its confidence is right"
        } else if own.mean.mean > group.acc_test.mean {
            "It is overconfident"
        } else {
            "It is underconfident"
        };
        sentences.push(format!(
            "{word}: {sure} sure on average and right in {right}; its calibration error is {:.3} ({name}: {:.3}).",
            own.ece.mean, other.ece.mean
        ));
    }
    if let (Some(own), Some(other)) = (group.memorised, first.memorised) {
        sentences.push(format!(
            "It gives {} of the wrong labels ({name}: {}).",
            percent(own.mean),
            percent(other.mean)
        ));
    }
    sentences
}

/// Says whether a variant is better on the test images.
fn about_accuracy(group: &Group, first: &Group) -> String {
    let name = &first.name;
    let Some(Comparison {
        verdict: Some(verdict),
        difference: Some(Difference { mean, pairs, .. }),
        p_adjusted,
        ..
    }) = &group.comparison
    else {
        return format!(
            "It classifies {} of the test images correctly ({name}: {}); without two common seeds there is no verdict.",
            percent(group.acc_test.mean),
            percent(first.acc_test.mean)
        );
    };
    let p = p_adjusted.map_or_else(String::new, results::p_text);
    // Seeds that only one of the two has do not count.
    let seeds = if group.gaps.len() == *pairs && first.gaps.len() == *pairs {
        String::new()
    } else {
        format!(", over {pairs} common seeds")
    };
    match verdict {
        Verdict::Better => {
            format!(
                "It is better than {name} on the test images, by {} ({p}{seeds}).",
                points(*mean)
            )
        }
        Verdict::Worse => {
            format!(
                "It is worse than {name} on the test images, by {} ({p}{seeds}).",
                points(-mean)
            )
        }
        Verdict::Undecided => format!(
            "Whether it is better than {name} on the test images is undecided: {} ({p}{seeds}).",
            signed_points(*mean)
        ),
    }
}

/// Says what became of the gap: that it is smaller or larger only if the seeds agree on it.
fn about_gap(group: &Group, first: &Group) -> String {
    let pairs: Vec<f64> =
        group.gaps.iter().filter_map(|(seed, gap)| Some(gap - first.gaps.get(seed)?)).collect();
    let (own, other) = (points(group.gap.mean), points(first.gap.mean));
    let name = &first.name;
    match Difference::new(&pairs) {
        Some(difference) if difference.high < 0.0 => {
            format!(
                "Its gap between training and test accuracy is smaller: {own} ({name}: {other})."
            )
        }
        Some(difference) if difference.low > 0.0 => {
            format!(
                "Its gap between training and test accuracy is larger: {own} ({name}: {other})."
            )
        }
        Some(_) => format!(
            "Whether its gap between training and test accuracy differs is undecided: {own} ({name}: {other})."
        ),
        None => format!("Its gap between training and test accuracy is {own} ({name}: {other})."),
    }
}

/// Says what became of the weights of a layer, in the networks of one seed.
fn about_weights(
    own: &WeightHistogram,
    other: &WeightHistogram,
    layer: &str,
    name: &str,
    seed: u64,
) -> Option<String> {
    if !own.l2.is_finite() || !other.l2.is_finite() || own.seed != other.seed {
        return None;
    }
    let word = if (own.l2 / other.l2 - 1.0).abs() < SAME_SIZE {
        "as large"
    } else if own.l2 < other.l2 {
        "smaller"
    } else {
        "larger"
    };
    Some(format!(
        "With seed {seed} its weights in {layer} are {word}: their norm is {:.2} ({name}: {:.2}), and {} of them are within \
         0.001 of 0 ({name}: {}).",
        own.l2,
        other.l2,
        percent(own.near_zero),
        percent(other.near_zero)
    ))
}

/// Says what the curves by epoch show only with an explanation.
fn about_curves(shown: &[&Group], classes: usize, is_validated: bool) -> Vec<String> {
    let mut sentences = Vec::new();
    if !is_validated {
        sentences.push(format!(
            "No images are held out, and the test images are looked at only once, after training. So there is no curve to \
             compare training with, only the final gap. The config {OVERFIT} holds images out."
        ));
    }
    sentences.extend(shown.iter().find_map(|group| better_on_test(group, classes)));
    sentences.extend(shown.iter().find_map(|group| late_evaluation(group)));
    if shown.iter().any(|group| group.is_monitored) {
        sentences.push(
            "Where early stopping ends runs at different epochs, the curves go as far as all of them do.".to_owned(),
        );
    }
    sentences
}

/// Explains why a variant is better on the test images than in training, where that is so. Wrong labels and weights of an
/// earlier epoch explain it otherwise.
fn better_on_test(group: &Group, classes: usize) -> Option<String> {
    let running = group.curves.last_running_acc()?;
    let (name, train, test) = (&group.name, group.acc_train.mean, group.acc_test.mean);
    let is_plain = group.memorised.is_none() && !group.is_monitored;
    if running >= test || !is_plain || !has_learnt(group, classes) {
        return None;
    }
    let mut layers = group.config.layer_names().filter_map(|name| group.config.layer(name));
    let has_noise = layers.any(|layer| {
        layer.dropout > 0.0 || layer.gaussian_dropout > 0.0 || layer.gaussian_noise > 0.0
    });
    let (while_training, after) = match (has_noise, group.shift > 0) {
        (true, true) => (", with noise or dropout, and on moved images", ", without all that,"),
        (true, false) => (", and with noise or dropout", ", without noise and dropout,"),
        (false, true) => (", and on moved images", ", on the images as they are,"),
        (false, false) => ("", ""),
    };
    let start = format!(
        "Why is {name} better on the test images ({}) than the training accuracy that Keras would print ({})? That one is a \
         mean over the batches of the last epoch, while the weights still change{while_training}. Evaluated after \
         training{after} it is {}",
        precise(test),
        precise(running),
        precise(train)
    );
    if train >= test {
        return Some(start + ", which is more than on the test images.");
    }
    let deviation = (test * (1.0 - test) / group.test_images as f64).sqrt();
    let judged = if test - train <= CHANCE * deviation {
        "so the difference may be one of chance"
    } else {
        "so these test images are easier than the training images"
    };
    Some(format!(
        "{start}, still less. Another draw of as many test images would move their accuracy by about {}, {judged}.",
        points(deviation)
    ))
}

/// Explains why batch normalisation is worse when it is evaluated after the first epochs, where that is so.
fn late_evaluation(group: &Group) -> Option<String> {
    let has_batch_norm = group.config.hidden.iter().any(|block| block.layer.batch_norm);
    let (epoch, running, evaluated) = group.curves.first_losses().filter(|_| has_batch_norm)?;
    (evaluated > running).then(|| {
        format!(
            "In the first epochs {} is worse when it is evaluated than while it trains (after epoch {epoch}: {evaluated:.2}, \
             mean of the epoch {running:.2}). Evaluation uses moving averages of means and variances, which lag behind.",
            group.name
        )
    })
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
    use super::{
        super::{confidence::Confidence, group::tests::group},
        *,
    };
    use crate::results::statistics::Spread;

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
    fn a_gap_is_smaller_only_if_the_seeds_agree() {
        let none = group("none", &[(1.0, 0.80), (1.0, 0.82), (1.0, 0.81)]);
        let text = |accuracies: &[(f64, f64)]| about_gap(&group("l2", accuracies), &none);
        assert!(text(&[(1.0, 0.85), (1.0, 0.87), (1.0, 0.86)]).contains("is smaller: 14.00"));
        assert!(text(&[(1.0, 0.75), (1.0, 0.77), (1.0, 0.76)]).contains("is larger: 24.00"));
        assert!(
            text(&[(1.0, 0.9), (1.0, 0.7), (1.0, 0.84)]).contains("differs is undecided: 18.67")
        );
        assert!(text(&[(1.0, 0.9)]).contains("accuracy is 10.00"));
    }

    #[test]
    fn without_common_seeds_there_is_no_verdict() {
        let text = about_accuracy(&group("l2", &[(1.0, 0.9)]), &group("none", &[(1.0, 0.8)]));
        assert!(text.contains("90.0\u{a0}%") && text.contains("no verdict"), "{text}");
        let (none, l2) = (group("none", &[(1.0, 0.8)]), group("l2", &[(1.0, 0.9)]));
        assert!(helpful(&none, &[&l2]).unwrap().contains("no two seeds"));
        assert_eq!(helpful(&none, &[]), None);
    }

    #[test]
    fn a_better_test_accuracy_is_explained_by_what_differs() {
        let with_running = |accuracies, running| {
            let mut group = group("none", &[accuracies]);
            group.curves.running_acc = vec![Some(running)];
            group
        };
        let text = |group: &Group| better_on_test(group, 10);
        assert_eq!(text(&with_running((0.92, 0.91), 0.915)), None);
        let more = text(&with_running((0.92, 0.91), 0.90)).unwrap();
        assert!(
            more.ends_with("it is 92.00\u{a0}%, which is more than on the test images."),
            "{more}"
        );
        // One standard deviation of 0.91 on 10 000 images is 0.29 points.
        let chance = text(&with_running((0.907, 0.91), 0.90)).unwrap();
        assert!(
            chance.contains("about 0.29\u{a0}points, so the difference may be one of chance"),
            "{chance}"
        );
        let easier = text(&with_running((0.90, 0.91), 0.89)).unwrap();
        assert!(easier.contains("easier than the training images"), "{easier}");
        let mut shifted = with_running((0.92, 0.91), 0.90);
        shifted.shift = 2;
        assert!(text(&shifted).unwrap().contains("on moved images"));
        for explained in [
            Group { is_monitored: true, ..with_running((0.92, 0.91), 0.90) },
            Group { memorised: Some(Spread::new(&[0.5])), ..with_running((0.92, 0.91), 0.90) },
            with_running((0.15, 0.14), 0.12),
        ] {
            assert_eq!(text(&explained), None);
        }
    }

    #[test]
    fn confidence_is_compared_with_accuracy() {
        let text = |sure| {
            let mut own = group("l2", &[(1.0, 0.8)]);
            own.confidence = Some(Confidence::sample(sure));
            about_variant(&own, &own, "hidden2").pop().unwrap()
        };
        assert!(text(0.9).starts_with("It is overconfident: 90.0\u{a0}% sure"));
        assert!(text(0.7).starts_with("It is underconfident"));
        assert!(text(0.8001).starts_with("On average its confidence is right"));
    }

    #[test]
    fn weights_of_different_seeds_are_not_compared() {
        let weights =
            |size: f32, seed| WeightHistogram::new(&[size, size], vec![-1.0, 0.0, 1.0], seed);
        let text = |own, other| about_weights(&own, &other, "hidden2", "none", 0);
        assert!(text(weights(0.1, 0), weights(0.2, 0)).unwrap().contains("are smaller"));
        assert!(text(weights(0.2, 0), weights(0.2, 0)).unwrap().contains("are as large"));
        assert_eq!(text(weights(0.1, 0), weights(0.2, 1)), None);
        assert_eq!(text(weights(f32::NAN, 0), weights(0.2, 0)), None);
    }

    #[test]
    fn shares_are_written_in_per_cent_and_points() {
        assert_eq!(percent(0.89411), "89.4\u{a0}%");
        assert_eq!(precise(0.89411), "89.41\u{a0}%");
        assert_eq!(points(-0.0044), "−0.44\u{a0}points");
        assert_eq!(signed_points(0.0044), "+0.44\u{a0}points");
    }
}
