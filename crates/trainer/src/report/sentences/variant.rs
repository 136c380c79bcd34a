//! Sentences on the results of a variant, compared with the first one.

use std::collections::HashSet;

use super::{
    super::{group::PageGroup, network::WeightHistogram},
    percent, points, signed_points,
};
use crate::results::{
    self, Comparison, Verdict,
    statistics::{Difference, rounding_variance},
};

/// The relative difference below which two norms count as the same.
const SAME_SIZE: f64 = 0.02;

/// Describes the results of a variant, compared with the first one.
pub(super) fn about_variant(group: &PageGroup, first: &PageGroup, layer: &str) -> Vec<String> {
    if group.diverged > 0 {
        return vec!["Training diverged: a loss is not a finite number.".to_owned()];
    }
    let name = &first.name;
    let mut sentences = vec![about_accuracy(group, first)];
    if !group.lacks_classes() {
        sentences.push(about_gap(group, first));
    }
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
fn about_accuracy(group: &PageGroup, first: &PageGroup) -> String {
    let name = &first.name;
    let Some(Comparison {
        verdict: Some(verdict),
        difference: Some(Difference { mean, pairs, .. }),
        p_adjusted,
        provisional,
        ..
    }) = &group.comparison
    else {
        let reason = if group.lacks_classes() {
            "as the images lack classes"
        } else if group.is_repeated() && first.is_repeated() {
            "as the seeds change nothing"
        } else {
            "without two common seeds"
        };
        return format!(
            "It classifies {} of the test images correctly ({name}: {}); {reason} there is no verdict.",
            percent(group.acc_test.mean),
            percent(first.acc_test.mean)
        );
    };
    let p = p_adjusted.map_or_else(String::new, results::p_text);
    // Seeds that only one of the two has do not count.
    let seeds = if *provisional {
        format!(", provisional: {pairs} seeds are few")
    } else if group.gaps.len() == *pairs && first.gaps.len() == *pairs {
        String::new()
    } else {
        format!(", over {pairs} common seeds")
    };
    let than = format!("than {name} on the test images");
    let verdict = match verdict {
        Verdict::Better => format!("It is better {than}, by {}", points(*mean)),
        Verdict::Worse => format!("It is worse {than}, by {}", points(-mean)),
        Verdict::Undecided => {
            format!("Whether it is better {than} is undecided: {}", signed_points(*mean))
        }
    };
    format!("{verdict} ({p}{seeds}).")
}

/// Describes the change of the gap. It is called smaller or larger only if the seeds agree.
fn about_gap(group: &PageGroup, first: &PageGroup) -> String {
    // Pairs of the same weights are one observation.
    let mut seen = HashSet::new();
    let mut pairs: Vec<f64> = Vec::new();
    for (seed, gap) in &group.gaps {
        let Some(other) = first.gaps.get(seed) else { continue };
        let weights = [group.checksums.get(seed), first.checksums.get(seed)];
        if weights.contains(&None) || seen.insert(weights) {
            pairs.push(gap - other);
        }
    }
    let rounding = rounding_variance(group.test_images) + rounding_variance(group.train_images);
    let (own, other) = (points(group.gap.mean), points(first.gap.mean));
    let name = &first.name;
    let gap = "gap between training and test accuracy";
    let verdict = match Difference::new(&pairs, rounding) {
        Some(difference) if difference.high < 0.0 => format!("Its {gap} is smaller:"),
        Some(difference) if difference.low > 0.0 => format!("Its {gap} is larger:"),
        Some(_) => format!("Whether its {gap} differs is undecided:"),
        None => format!("Its {gap} is"),
    };
    format!("{verdict} {own} ({name}: {other}).")
}

/// Describes the change of a layer's weights, in the networks of one seed.
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

#[cfg(test)]
mod tests {
    use super::{
        super::super::{confidence::Confidence, group::tests::group},
        *,
    };

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
}
