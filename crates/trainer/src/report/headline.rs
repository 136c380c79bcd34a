//! The report's first lines: what the first variant shows, in plain words and a few large numbers.

use serde::Serialize;

use super::group::PageGroup;
use crate::doubts;

/// The minimum training accuracy of a network that has learnt, as a fraction of the range from guessing to 1.
const LEARNT: f64 = 0.2;

/// The largest gap between training and test accuracy of a network that does not overfit.
const SMALL_GAP: f64 = 0.01;
/// The training accuracy from which a network knows its images by heart.
const BY_HEART: f64 = 0.995;

/// The report's first lines.
#[derive(Debug, Serialize)]
pub(super) struct Headline {
    pub(super) title: String,
    /// Why the images cannot answer, if they cannot.
    pub(super) doubts: String,
    numbers: Vec<Number>,
}

/// A large number, with what it counts.
#[derive(Debug, Serialize)]
struct Number {
    value: String,
    unit: String,
    /// Name of its colour.
    class: &'static str,
}

impl Headline {
    /// Describes a group of the first variant.
    pub(super) fn new(group: &PageGroup, classes: usize) -> Self {
        if group.lacks_classes() {
            let doubts = doubts::notes(group.doubts.iter().map(Option::as_ref));
            let title = "These images cannot answer the question.".to_owned();
            return Self { title, doubts: doubts.join(" "), numbers: Vec::new() };
        }
        // By the true labels, the gap of a network that learns wrong ones is small.
        let (own, third) = if let Some(share) = group.memorised {
            let repeated = number(&percent(share.mean), "of the wrong labels repeated", "new");
            ("of its own images right, by the true labels", repeated)
        } else {
            let gap = format!("{:.1}", 100.0 * group.gap.mean);
            ("of its own images right", number(&gap, "points of gap", "own"))
        };
        let numbers = vec![
            number(&percent(group.acc_train.mean), own, "own"),
            number(&percent(group.acc_test.mean), "of new images right", "new"),
            third,
        ];
        Self { title: title(group, classes), doubts: String::new(), numbers }
    }
}

/// Returns whether a network is clearly better than guessing, on the training images.
fn has_learnt(group: &PageGroup, classes: usize) -> bool {
    let guessing = 1.0 / classes as f64;
    !group.diverged && group.acc_train.mean >= guessing + LEARNT * (1.0 - guessing)
}

fn number(value: &str, unit: &str, class: &'static str) -> Number {
    Number { value: value.replace('-', "−"), unit: unit.to_owned(), class }
}

/// Formats a share in per cent: `89.4 %`.
fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * share)
}

/// Says whether the first variant's network overfits.
fn title(first: &PageGroup, classes: usize) -> String {
    let (own, new) = (first.acc_train.mean, first.acc_test.mean);
    let errors = one_in(1.0 - new);
    if first.diverged {
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
        diverged.diverged = true;
        assert_eq!(title(&diverged, 10), "Training of none diverged.");
    }
}
