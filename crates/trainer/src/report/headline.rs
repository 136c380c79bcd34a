//! The report's first lines: what the study shows, in plain words and a few large numbers.

use super::{group::PageGroup, quantities::Help};
use crate::doubts;

/// The minimum training accuracy of a network that has learnt, as a fraction of the range from guessing to 1.
const LEARNT: f64 = 0.2;

/// The largest gap between training and test accuracy of a network that does not overfit.
const SMALL_GAP: f64 = 0.01;
/// The training accuracy from which a network knows its images by heart.
const BY_HEART: f64 = 0.995;

/// The report's first lines.
#[derive(Debug, Default)]
pub(super) struct Headline {
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) numbers: Vec<Number>,
}

/// A large number, with what it counts.
#[derive(Debug)]
pub(super) struct Number {
    pub(super) value: String,
    pub(super) unit: String,
    /// Name of its colour.
    pub(super) class: &'static str,
}

impl Headline {
    /// Describes the groups that are shown unless a slider is moved. The others are compared with the first.
    pub(super) fn new(shown: &[&PageGroup], classes: usize) -> Self {
        let Some((first, others)) = shown.split_first() else {
            return Self { title: "No run has finished yet.".to_owned(), ..Self::default() };
        };
        if first.lacks_classes() {
            let doubts = doubts::notes(first.doubts.iter().map(Option::as_ref));
            let title = "These images cannot answer the question.".to_owned();
            return Self { title, subtitle: doubts.join(" "), numbers: Vec::new() };
        }
        // By the true labels, the gap of a network that learns wrong ones is small.
        let (own, third) = if let Some(share) = first.memorised {
            let repeated = number(&percent(share.mean), "of the wrong labels repeated", "new");
            ("of its own images right, by the true labels", repeated)
        } else {
            let gap = format!("{:.1}", 100.0 * first.gap.mean);
            ("of its own images right", number(&gap, "points of gap", "own"))
        };
        let mut numbers = vec![
            number(&percent(first.acc_train.mean), own, "own"),
            number(&percent(first.acc_test.mean), "of new images right", "new"),
            third,
        ];
        numbers.extend(largest_gain(others).map(|(name, help)| {
            let (kind, class) = match help.verdict {
                Some(_) => ("best sure gain", "gain"),
                None => ("these networks", "own"),
            };
            number(
                &format!("{:+.1}", 100.0 * help.mean),
                &format!("points, {kind} ({name})"),
                class,
            )
        }));
        Self { title: title(first, classes), subtitle: subtitle(first, others), numbers }
    }
}

/// Returns whether a network is clearly better than guessing, on the training images.
pub(super) fn has_learnt(group: &PageGroup, classes: usize) -> bool {
    let guessing = 1.0 / classes as f64;
    group.diverged == 0 && group.acc_train.mean >= guessing + LEARNT * (1.0 - guessing)
}

fn number(value: &str, unit: &str, class: &'static str) -> Number {
    Number { value: value.replace('-', "−"), unit: unit.to_owned(), class }
}

/// Formats a share in per cent: `89.4 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * share)
}

/// Says whether the first variant's network overfits.
fn title(first: &PageGroup, classes: usize) -> String {
    let (own, new) = (first.acc_train.mean, first.acc_test.mean);
    let errors = one_in(1.0 - new);
    if first.diverged > 0 {
        return format!("Training of {} diverged.", first.name);
    }
    if !has_learnt(first, classes) {
        return format!("The network hardly learns: it misreads {errors} new images.");
    }
    if let Some(share) = first.memorised {
        return if share.mean >= 0.5 {
            format!(
                "The network repeats {} of its wrong labels, and misreads {errors} new images.",
                percent(share.mean)
            )
        } else {
            format!("The network sees through most wrong labels, and misreads {errors} new images.")
        };
    }
    if first.gap.mean <= SMALL_GAP {
        return "The plain network does not overfit: it reads new images as well as its own."
            .to_owned();
    }
    if own >= BY_HEART {
        return format!(
            "The network knows its {} images by heart, but misreads {errors} new ones.",
            first.train_images
        );
    }
    format!(
        "The network reads {} of its own images, but only {} of new ones.",
        percent(own),
        percent(new)
    )
}

/// Formats a share of errors: `1 in 9`.
fn one_in(share: f64) -> String {
    match share {
        0.0 => "none of the".to_owned(),
        share if share <= 0.35 => format!("1 in {:.0}", 1.0 / share),
        share => format!("{:.0} in 100", 100.0 * share),
    }
}

/// Names the variants that help for sure.
fn subtitle(first: &PageGroup, others: &[&PageGroup]) -> String {
    let helps: Vec<(&str, &Help)> = others
        .iter()
        .filter_map(|group| Some((group.name.as_str(), group.help.as_ref()?)))
        .collect();
    if helps.is_empty() {
        return String::new();
    }
    let Some((best, help)) = largest_gain(others) else {
        return match (helps.len(), helps.iter().any(|(_, help)| help.verdict.is_some())) {
            (_, false) => format!(
                "No network reads new images better than that of “{}”. One network of each says nothing of the method.",
                first.name
            ),
            (1, true) => format!("{} does not help for sure.", helps[0].0),
            (count, true) => format!("None of {} variants helps for sure.", in_words(count)),
        };
    };
    let points = format!("{:.1}\u{a0}points", 100.0 * help.mean);
    if help.verdict.is_none() {
        return format!(
            "The network of “{best}” reads {points} more of the new images than that of “{}”. One network of each says \
             nothing of the method.",
            first.name
        );
    }
    let sure = helps.iter().filter(|(_, help)| help.is_supported && help.mean > 0.0).count();
    let few = if help.is_provisional { " These are few seeds: more may turn it." } else { "" };
    match (helps.len(), sure) {
        (1, _) => format!("{best} helps for sure, by {points}.{few}"),
        (2, 2) => format!("Both variants help for sure, most of all {best}, by {points}.{few}"),
        (all, sure) if all == sure => format!(
            "All {} variants help for sure, most of all {best}, by {points}.{few}",
            in_words(all)
        ),
        (all, 1) => {
            format!("Of {} variants only {best} helps for sure, by {points}.{few}", in_words(all))
        }
        (all, sure) => format!(
            "Of {} variants {} help for sure, most of all {best}, by {points}.{few}",
            in_words(all),
            in_words(sure)
        ),
    }
}

/// Returns the variant of the largest supported gain over the first one.
fn largest_gain<'a>(others: &[&'a PageGroup]) -> Option<(&'a str, &'a Help)> {
    let helps = others.iter().filter_map(|group| Some((group.name.as_str(), group.help.as_ref()?)));
    let gains = helps.filter(|(_, help)| help.is_supported && help.mean > 0.0);
    gains.max_by(|(_, one), (_, other)| one.mean.total_cmp(&other.mean))
}

fn in_words(count: usize) -> String {
    const WORDS: [&str; 9] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let word = count.checked_sub(1).and_then(|index| WORDS.get(index));
    word.map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{super::group::tests::group, *};

    #[test]
    fn the_title_is_true_of_the_study() {
        let text = |accuracies: (f64, f64)| title(&group("none", &[accuracies]), 10);
        let by_heart = text((1.0, 0.89));
        assert!(by_heart.ends_with("by heart, but misreads 1 in 9 new ones."), "{by_heart}");
        assert_eq!(
            text((0.97, 0.93)),
            "The network reads 97.0\u{a0}% of its own images, but only 93.0\u{a0}% of new ones."
        );
        assert!(text((0.91, 0.905)).starts_with("The plain network does not overfit"));
        assert_eq!(
            text((0.25, 0.2)),
            "The network hardly learns: it misreads 80 in 100 new images."
        );
        let mut noisy = group("none", &[(0.7, 0.68)]);
        noisy.memorised = Some(crate::results::statistics::Spread::new(&[0.98]));
        assert!(title(&noisy, 10).contains("repeats 98.0\u{a0}% of its wrong labels"));
        let mut diverged = group("none", &[(0.1, 0.1)]);
        diverged.diverged = 1;
        assert_eq!(title(&diverged, 10), "Training of none diverged.");
    }

    #[test]
    fn only_supported_gains_are_called_so() {
        let none = group("none", &[(1.0, 0.8)]);
        let helped = |mean, verdict, is_supported| PageGroup {
            help: Some(Help::sample(mean, verdict, is_supported)),
            ..group("dropout", &[(1.0, 0.8)])
        };
        let better = helped(0.02, Some(crate::results::Verdict::Better), true);
        let undecided = helped(0.05, Some(crate::results::Verdict::Undecided), false);
        let network = helped(0.041, None, true);
        assert_eq!(subtitle(&none, &[&better]), "dropout helps for sure, by 2.0\u{a0}points.");
        assert_eq!(
            subtitle(&none, &[&undecided, &better]),
            "Of two variants only dropout helps for sure, by 2.0\u{a0}points."
        );
        assert_eq!(
            subtitle(&none, &[&undecided, &undecided]),
            "None of two variants helps for sure."
        );
        assert!(
            subtitle(&none, &[&network])
                .ends_with("One network of each says nothing of the method.")
        );
        assert_eq!(subtitle(&none, &[&none]), "");
        assert!(largest_gain(&[&undecided]).is_none());
    }
}
