//! Questions about a study, to be answered before its results are seen.

use serde::Serialize;

use super::{curves::HELD_OUT, group::PageGroup, sweep::Slider};
use crate::results::statistics::Spread;

/// The ids of the page's sections that show results.
const SECTIONS: [&str; 9] = [
    "first",
    "effects",
    "wrong-labels",
    "sweep",
    "curves",
    "mistakes",
    "confidence",
    "weights",
    "results",
];
/// The maximum number of questions about swept keys.
const MAX_SWEPT: usize = 2;
/// The number of standard errors of a difference up to which two quantities count as equal.
const ERRORS: f64 = 2.0;
/// The relative error of a quantity of one network, whose spread over seeds is not known.
const NETWORK_ERROR: f64 = 0.02;

/// Groups, each with the name that it has among the options.
type Named<'a> = Vec<(String, &'a PageGroup)>;

/// A question whose answer is a variant, or the value of a swept key.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Question {
    text: String,
    /// The options, in the page's order.
    options: Vec<String>,
    /// The right ones: several if they are too close to tell apart.
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
    /// Whether the quantity is a share, written in per cent.
    is_share: bool,
    /// Whether the smallest quantity is asked for, not the largest.
    is_smallest: bool,
    /// The quantity of a group; `None` if it is not known.
    quantity: &'a dyn Fn(&PageGroup) -> Option<Quantity>,
    sections: &'a [&'static str],
}

/// A number with its uncertainty.
#[derive(Debug, Clone, Copy)]
struct Quantity {
    value: f64,
    /// Standard error of the mean over the seeds, or of a share of the test images.
    error: f64,
}

impl Quantity {
    /// Creates the mean of a group's runs. Of one run the error is that of the share of its test images.
    fn of_runs(spread: Spread, group: &PageGroup) -> Self {
        let Spread { mean: value, deviation } = spread;
        let (runs, images) = (group.gaps.len() as f64, group.test_images.max(1) as f64);
        let share = group.acc_test.mean;
        let error = match deviation {
            Some(deviation) => deviation / runs.sqrt(),
            None => (share * (1.0 - share) / images).sqrt(),
        };
        Self { value, error }
    }

    /// Creates a quantity of one network.
    fn of_network(value: f64) -> Self {
        Self { value, error: NETWORK_ERROR * value.abs() }
    }

    /// Returns whether another quantity is as likely to be the larger one, as far as one can tell.
    fn is_near(self, other: Self) -> bool {
        (self.value - other.value).abs() <= ERRORS * self.error.hypot(other.error)
    }
}

/// Returns the questions that the shown groups answer. The last one has all sections that no other has.
pub(super) fn questions(
    shown: &[&PageGroup],
    groups: &[PageGroup],
    sliders: &[Slider],
    layer: &str,
) -> Vec<Question> {
    let variants: Named<'_> = shown.iter().map(|group| (group.name.clone(), *group)).collect();
    let asked = |text: &str, measure, quantity, sections| Asked {
        text: text.to_owned(),
        measure,
        is_share: true,
        is_smallest: false,
        quantity,
        sections,
    };
    let memorised = asked(
        "Which variant gives most of the wrong labels?",
        "Wrong labels given, per cent",
        &|group| Some(Quantity::of_runs(group.memorised?, group)),
        &["wrong-labels", "curves", "first", "effects", "results"],
    );
    let rise = Asked {
        is_share: false,
        ..asked(
            "Whose loss on the held-out images rises most after its best epoch?",
            "Rise of the loss",
            &|group| {
                let best = group.best_epoch.filter(|_| !group.is_monitored)?;
                let rise = group.curves.last(HELD_OUT)? - group.curves.at(best, HELD_OUT)?;
                Some(Quantity::of_network(rise))
            },
            &["curves", "first", "effects"],
        )
    };
    let fit = Asked {
        is_share: false,
        is_smallest: true,
        ..asked(
            "Which variant fits the training images best, by its loss without penalties?",
            "Cross-entropy on the training images",
            &|group| Some(Quantity::of_network(group.cross_entropy_train.mean)),
            &["curves", "first", "effects", "results"],
        )
    };
    // The last question is about what is most special in the study.
    let last = [memorised, rise, fit].iter().find_map(|asked| question(&variants, asked));
    let others = [
        asked(
            "Which variant has the largest gap between training and test accuracy?",
            "Gap in points",
            &|group| Some(Quantity::of_runs(group.gap, group)),
            &["sweep", "curves", "first", "effects", "results"],
        ),
        asked(
            "Which variant classifies most of the test images correctly?",
            "Test images right, per cent",
            &|group| Some(Quantity::of_runs(group.acc_test, group)),
            &["sweep", "curves", "confidence", "wrong-labels", "first", "effects", "results"],
        ),
        asked(
            &format!("Which variant has most weights near 0 in {layer}?"),
            "Weights within 0.001 of 0, per cent",
            &|group| Some(Quantity::of_network(group.weights.as_ref()?.near_zero)),
            &["weights"],
        ),
        asked(
            "Whose confidence is furthest from its accuracy, on the test images?",
            "Mean distance, in points",
            &|group| Some(Quantity::of_runs(group.confidence.as_ref()?.ece, group)),
            &["confidence", "effects"],
        ),
    ];
    let others = others.iter().filter_map(|asked| question(&variants, asked));
    let of_sweep = sliders.iter().filter_map(|slider| about_values(slider, shown, groups));
    let mut questions: Vec<Question> = of_sweep.take(MAX_SWEPT).chain(others).chain(last).collect();
    let asked: Vec<&str> = questions.iter().flat_map(|other| other.sections.clone()).collect();
    if let Some(last) = questions.last_mut() {
        last.sections.extend(SECTIONS.iter().filter(|section| !asked.contains(section)));
    }
    questions
}

/// Asks which value of a swept key is the best one on the held-out images, with all other keys as they are shown.
fn about_values(slider: &Slider, shown: &[&PageGroup], groups: &[PageGroup]) -> Option<Question> {
    let of = shown.iter().find(|group| group.point.contains_key(&slider.key))?;
    let values = groups.iter().filter(|group| group.variant == of.variant).filter_map(|group| {
        let mut others = group.point.iter().filter(|(key, _)| **key != slider.key);
        let is_beside = others.all(|(key, index)| of.point.get(key) == Some(index));
        let value = slider.values.get(*group.point.get(&slider.key)?)?;
        is_beside.then(|| (value.clone(), group))
    });
    let asked = Asked {
        text: format!(
            "Which {} makes {} most accurate on the held-out images?",
            slider.label, of.label
        ),
        measure: "Held-out images right, per cent",
        is_share: true,
        is_smallest: false,
        quantity: &|group| Some(Quantity::of_runs(group.acc_val?, group)),
        sections: &["sweep", "first", "results"],
    };
    question(&values.collect(), &asked)
}

/// Asks a question about some groups. Returns `None` unless at least two groups have a quantity, and one is clearly not the right one.
fn question(groups: &Named<'_>, asked: &Asked<'_>) -> Option<Question> {
    let known: Vec<(&str, Quantity)> = groups
        .iter()
        .filter_map(|(name, group)| Some((name.as_str(), (asked.quantity)(group)?)))
        .filter(|(_, quantity)| quantity.value.is_finite())
        .collect();
    let by = |(_, one): &&(&str, Quantity), (_, other): &&(&str, Quantity)| {
        one.value.total_cmp(&other.value)
    };
    let wanted = if asked.is_smallest { known.iter().min_by(by) } else { known.iter().max_by(by) };
    let (_, wanted) = *wanted?;
    let (answers, wrong): (Vec<_>, Vec<_>) =
        known.iter().partition(|(_, quantity)| quantity.is_near(wanted));
    if wrong.is_empty() {
        return None;
    }
    let names = |of: &[(&str, Quantity)]| of.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut numbers = Vec::new();
    for (name, Quantity { value, .. }) in &known {
        let number =
            if asked.is_share { format!("{:.1}", 100.0 * value) } else { format!("{value:.3}") };
        numbers.push(format!("{name} {}", number.replace('-', "−")));
    }
    let close = if answers.len() > 1 { " Those named are too close to tell apart." } else { "" };
    Some(Question {
        text: asked.text.clone(),
        options: names(&known),
        answers: names(&answers),
        explanation: format!("{}: {}.{close}", asked.measure, numbers.join(", ")),
        sections: asked.sections.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::group::tests::group, *};

    fn asked(shown: &[&PageGroup]) -> Vec<Question> {
        questions(shown, &[], &[], "hidden2")
    }

    #[test]
    fn values_of_a_swept_key_are_asked_for() {
        let slider = Slider {
            key: "l2".to_owned(),
            label: "l2".to_owned(),
            values: ["0.1", "1.0"].map(str::to_owned).to_vec(),
        };
        let at = |index, accuracy| PageGroup {
            point: [("l2".to_owned(), index)].into(),
            acc_val: Some(Spread::new(&[accuracy])),
            ..group("l2", &[(1.0, 0.8)])
        };
        let groups = [at(0, 0.7), at(1, 0.8)];
        let found = questions(&[&groups[0]], &groups, &[slider], "hidden2");
        assert_eq!(found[0].text, "Which l2 makes L2 most accurate on the held-out images?");
        assert_eq!(
            (found[0].options.join(" "), found[0].answers.join(" ")),
            ("0.1 1.0".into(), "1.0".into())
        );
    }

    #[test]
    fn what_is_close_is_right_and_what_is_all_close_is_not_asked() {
        // A standard deviation of 0.8 on 10 000 images is 0.004.
        let groups = [
            group("none", &[(1.0, 0.8)]),
            group("l2", &[(1.0, 0.803)]),
            group("l1", &[(0.9, 0.75)]),
        ];
        let shown: Vec<&PageGroup> = groups.iter().collect();
        let found = asked(&shown);
        // Nothing is known of weights, confidence and held-out images, and all cross-entropies are equal.
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].answers, ["none", "L2"]);
        let expected =
            "Gap in points: none 20.0, L2 19.7, L1 15.0. Those named are too close to tell apart.";
        assert_eq!(found[0].explanation, expected);
        assert_eq!(found[1].answers, ["none", "L2"]);
        // What no question is about is hidden until the last one is answered.
        assert!(found[1].sections.contains(&"weights") && !found[0].sections.contains(&"weights"));
        assert!(asked(&shown[..1]).is_empty());
        assert!(asked(&shown[..2]).is_empty());
    }

    #[test]
    fn with_several_seeds_the_spread_decides() {
        let wide =
            [group("none", &[(1.0, 0.7), (1.0, 0.9)]), group("l2", &[(1.0, 0.8), (1.0, 0.9)])];
        assert!(asked(&wide.iter().collect::<Vec<_>>()).is_empty());
        let narrow =
            [group("none", &[(1.0, 0.80), (1.0, 0.81)]), group("l2", &[(1.0, 0.89), (1.0, 0.90)])];
        let found = asked(&narrow.iter().collect::<Vec<_>>());
        assert_eq!((&found[0].answers[0], &found[1].answers[0]), (&"none".into(), &"L2".into()));
    }
}
