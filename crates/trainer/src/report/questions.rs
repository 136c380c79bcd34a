//! Questions about a study, to be answered before its results are seen.

use serde::Serialize;

use super::{curves::HELD_OUT, group::Group};

/// A question whose answer is a variant.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Question {
    text: String,
    /// The variants to choose from, in the page's order.
    options: Vec<String>,
    /// The right ones: several if they are equal.
    answers: Vec<String>,
    /// Sentence with the numbers of all variants.
    explanation: String,
    /// The ids of the page's sections that the answer shows.
    reveals: Vec<&'static str>,
}

/// Which variant is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    Largest,
    Smallest,
}

/// A quantity of a group; `None` if it is not known.
type Quantity<'a> = &'a dyn Fn(&Group) -> Option<f64>;

/// Returns the questions that the shown groups answer; none about fewer than two variants.
pub(super) fn questions(shown: &[&Group], layer: &str) -> Vec<Question> {
    let near_zero = |group: &Group| Some(group.weights.as_ref()?.near_zero);
    let error = |group: &Group| Some(group.confidence.as_ref()?.ece.mean);
    let rise = |group: &Group| {
        let lowest = group.curves.at(group.best_epoch?, HELD_OUT)?;
        Some(group.curves.last(HELD_OUT)? - lowest)
    };
    let memorised = |group: &Group| Some(group.memorised?.mean);
    let last = if shown.iter().any(|group| group.memorised.is_some()) {
        question(
            shown,
            "Which variant learns most of the wrong labels by heart?",
            "Share of the wrong labels",
            Asked::Largest,
            &memorised,
            &["wrong-labels", "gap"],
        )
    } else if shown.iter().any(|group| group.best_epoch.is_some()) {
        question(
            shown,
            "Whose loss on the held-out images rises most after its best epoch?",
            "Rise of the loss",
            Asked::Largest,
            &rise,
            &["gap"],
        )
    } else {
        question(
            shown,
            "Which variant fits the training images best, by its loss without penalties?",
            "Cross-entropy on the training images",
            Asked::Smallest,
            &|group| Some(group.cross_entropy_train.mean),
            &["gap"],
        )
    };
    let all = [
        question(
            shown,
            "Which variant has the largest gap between training and test accuracy?",
            "Gap",
            Asked::Largest,
            &|group| Some(group.gap.mean),
            &["accuracy", "sweep"],
        ),
        question(
            shown,
            &format!("Which variant has most weights near 0 in {layer}?"),
            "Share of the weights within 0.001 of 0",
            Asked::Largest,
            &near_zero,
            &["weights"],
        ),
        question(
            shown,
            "Whose confidence is furthest from its accuracy, on the test images?",
            "Expected calibration error",
            Asked::Largest,
            &error,
            &["confidence"],
        ),
        last,
        question(
            shown,
            "Which variant classifies most of the test images correctly?",
            "Test accuracy",
            Asked::Largest,
            &|group| Some(group.acc_test.mean),
            &["results", "summary", "confusion", "misclassified"],
        ),
    ];
    all.into_iter().flatten().collect()
}

/// Asks for the variant with the largest or smallest quantity. Returns `None` unless at least two groups have a finite one.
fn question(
    shown: &[&Group],
    text: &str,
    measure: &str,
    asked: Asked,
    quantity: Quantity<'_>,
    reveals: &[&'static str],
) -> Option<Question> {
    let known: Vec<(&str, f64)> = shown
        .iter()
        .filter_map(|group| Some((group.name.as_str(), quantity(group)?)))
        .filter(|(_, value)| value.is_finite())
        .collect();
    if known.len() < 2 {
        return None;
    }
    let values = known.iter().map(|(_, value)| *value);
    let wanted = match asked {
        Asked::Largest => values.fold(f64::NEG_INFINITY, f64::max),
        Asked::Smallest => values.fold(f64::INFINITY, f64::min),
    };
    let numbers: Vec<String> =
        known.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
    let best = known.iter().filter(|(_, value)| *value == wanted);
    Some(Question {
        text: text.to_owned(),
        options: known.iter().map(|(name, _)| (*name).to_owned()).collect(),
        answers: best.map(|(name, _)| (*name).to_owned()).collect(),
        explanation: format!("{measure}: {}.", numbers.join(", ")),
        reveals: reveals.to_vec(),
    })
}
