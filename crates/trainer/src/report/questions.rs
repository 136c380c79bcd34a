//! Questions about a study, to be answered before its results are seen.

use serde::Serialize;

use super::{curves::HELD_OUT, group::Group};

/// A question whose answer is a variant.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Question {
    text: String,
    /// The variants to choose from, in the page's order.
    options: Vec<String>,
    /// The right ones: several if they are equal as the page prints them.
    answers: Vec<String>,
    /// Sentence with the numbers of all variants.
    explanation: String,
    /// The ids of the page's sections that answer it. They are shown once all their questions are answered.
    sections: Vec<&'static str>,
}

/// A question that can be asked of any study.
struct Asked<'a> {
    text: String,
    /// The name of the quantity that answers it.
    measure: &'static str,
    /// Whether the smallest quantity is asked for, not the largest.
    is_smallest: bool,
    /// The quantity of a group; `None` if it is not known.
    quantity: &'a dyn Fn(&Group) -> Option<f64>,
    sections: &'a [&'static str],
}

/// Returns the questions that the shown groups answer.
pub(super) fn questions(shown: &[&Group], layer: &str) -> Vec<Question> {
    let asked = |text: &str, measure, quantity, sections| Asked {
        text: text.to_owned(),
        measure,
        is_smallest: false,
        quantity,
        sections,
    };
    let memorised = asked(
        "Which variant learns most of the wrong labels by heart?",
        "Share of the wrong labels",
        &|group| Some(group.memorised?.mean),
        &["wrong-labels", "gap", "summary", "results"],
    );
    let rise = asked(
        "Whose loss on the held-out images rises most after its best epoch?",
        "Rise of the loss",
        &|group| {
            let best = group.best_epoch.filter(|_| group.stopped.is_none())?;
            Some(group.curves.last(HELD_OUT)? - group.curves.at(best, HELD_OUT)?)
        },
        &["gap", "summary"],
    );
    let fit = Asked {
        is_smallest: true,
        ..asked(
            "Which variant fits the training images best, by its loss without penalties?",
            "Cross-entropy on the training images",
            &|group| Some(group.cross_entropy_train.mean),
            &["gap", "summary", "results"],
        )
    };
    // The last question is about what is most special in the study.
    let last = [memorised, rise, fit].iter().find_map(|asked| question(shown, asked));
    let others = [
        asked(
            "Which variant has the largest gap between training and test accuracy?",
            "Gap",
            &|group| Some(group.gap.mean),
            &["accuracy", "sweep", "gap", "summary", "results"],
        ),
        asked(
            "Which variant classifies most of the test images correctly?",
            "Test accuracy",
            &|group| Some(group.acc_test.mean),
            &[
                "accuracy",
                "sweep",
                "gap",
                "confidence",
                "wrong-labels",
                "summary",
                "results",
                "confusion",
                "misclassified",
            ],
        ),
        asked(
            &format!("Which variant has most weights near 0 in {layer}?"),
            "Share of the weights within 0.001 of 0",
            &|group| Some(group.weights.as_ref()?.near_zero),
            &["weights", "summary"],
        ),
        asked(
            "Whose confidence is furthest from its accuracy, on the test images?",
            "Expected calibration error",
            &|group| Some(group.confidence.as_ref()?.ece.mean),
            &["confidence", "summary"],
        ),
    ];
    others.iter().filter_map(|asked| question(shown, asked)).chain(last).collect()
}

/// Asks a question. Returns `None` unless at least two groups have a quantity, and not all the same one.
fn question(shown: &[&Group], asked: &Asked<'_>) -> Option<Question> {
    let known: Vec<(&str, f64)> = shown
        .iter()
        .filter_map(|group| Some((group.name.as_str(), (asked.quantity)(group)?)))
        .filter(|(_, value)| value.is_finite())
        .collect();
    let text = |value: f64| format!("{value:.4}").replace('-', "−");
    let values = known.iter().map(|(_, value)| *value);
    let wanted = if asked.is_smallest { values.reduce(f64::min) } else { values.reduce(f64::max) }?;
    // What looks equal is equal.
    let (answers, wrong): (Vec<_>, Vec<_>) =
        known.iter().partition(|(_, value)| text(*value) == text(wanted));
    if wrong.is_empty() {
        return None;
    }
    let names = |of: &[(&str, f64)]| of.iter().map(|(name, _)| (*name).to_owned()).collect();
    let numbers: Vec<String> =
        known.iter().map(|(name, value)| format!("{name} {}", text(*value))).collect();
    Some(Question {
        text: asked.text.clone(),
        options: names(&known),
        answers: names(&answers),
        explanation: format!("{}: {}.", asked.measure, numbers.join(", ")),
        sections: asked.sections.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::group::tests::group, *};

    #[test]
    fn what_looks_equal_is_right_and_what_is_all_equal_is_not_asked() {
        let groups = [
            group("none", &[(1.0, 0.8)]),
            group("l2", &[(1.0, 0.80001)]),
            group("l1", &[(0.9, 0.79)]),
        ];
        let shown: Vec<&Group> = groups.iter().collect();
        let asked = questions(&shown, "hidden2");
        let texts: Vec<&str> = asked.iter().map(|question| question.text.as_str()).collect();
        // Nothing is known of weights, confidence and held-out images, and all cross-entropies are equal.
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert_eq!(asked[0].answers, ["none", "l2"]);
        assert_eq!(asked[0].explanation, "Gap: none 0.2000, l2 0.2000, l1 0.1100.");
        assert_eq!(asked[1].answers, ["none", "l2"]);
        assert!(questions(&shown[..1], "hidden2").is_empty());
    }
}
