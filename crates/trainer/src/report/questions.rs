//! Questions about a study, to be answered before its results are seen.

use model::LayerName;
use serde::Serialize;

use super::{
    group::sets_no_scale,
    quantities::{Scale, gap_floor, layer_name, new_loss, norm},
    sweep::Slider,
};
use crate::results::{
    Group, Row, accuracy_differs, differs,
    statistics::{Spread, rounding_variance},
};

/// The maximum number of questions of the study's own.
const MAX_OWN: usize = 2;

/// Texts of questions about variants: the question, the quantity and its explanation.
const LOSS: [&str; 3] = [
    "Which has the lowest loss on new images?",
    "Loss on new images",
    "Loss also counts how sure each answer is: a sure mistake costs most.",
];
const GAP: [&str; 3] = [
    "Which has the smallest gap?",
    "Gap in points",
    "The gap is what a network has learnt by heart: right on its own images only.",
];
const WRONG_LABELS: [&str; 3] = [
    "Which repeats the fewest wrong labels?",
    "Wrong labels repeated, per cent",
    "A wrong label can only be learnt by heart: nothing in the image tells it.",
];

/// A question whose answer is a variant, or the value of a swept key.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Question {
    text: String,
    /// The quantity that answers it.
    measure: String,
    choices: Vec<Choice>,
    /// Explanation of the quantity, and whether the right answers are close.
    why: String,
}

/// An answer that can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Choice {
    name: String,
    /// The mean of the quantity over the runs, as it is drawn.
    value: f64,
    /// The value as text.
    text: String,
    /// Whether it is best, or not known to differ from the best.
    is_right: bool,
}

/// Groups, each with the name that it has among the choices.
type Named<'a> = Vec<(String, &'a Group<'a>)>;

/// A quantity that is asked for.
struct Asked<'a> {
    text: String,
    measure: &'a str,
    /// Explanation of the quantity, a sentence that holds for any answer.
    why: &'a str,
    scale: Scale,
    is_lowest: bool,
    value: &'a dyn Fn(&Row) -> Option<f64>,
    /// Says for each group whether it differs from the best one; `None` if that cannot be said.
    differs: &'a Differs<'a>,
}

/// Compares groups with one of them.
type Differs<'a> = dyn Fn(&Group<'_>, &[&Group<'_>]) -> Vec<Option<bool>> + 'a;

/// Returns the questions that the shown groups answer: three that can be asked of any study, and some of this one's own.
pub(super) fn questions(
    shown: &[&Group<'_>],
    all: &[Group<'_>],
    sliders: &[Slider],
    layer: Option<LayerName>,
) -> Vec<Question> {
    let variants: Named<'_> =
        shown.iter().map(|group| (group.runs[0].label().to_owned(), *group)).collect();
    let memorised = |row: &Row| row.record.memorised;
    let lowest = |[text, measure, why]: [&str; 3],
                  scale,
                  floor: f64,
                  value: &dyn Fn(&Row) -> Option<f64>| {
        let asked = Asked {
            text: text.to_owned(),
            measure,
            why,
            scale,
            is_lowest: true,
            value,
            differs: &|best, groups| differs(best, groups, value, floor),
        };
        question(&variants, &asked)
    };
    // A network that learns wrong labels has a small gap too.
    let has_wrong = shown.iter().any(|group| group.runs.iter().any(|row| memorised(row).is_some()));
    let weights = [
        &format!("Which has the smallest weights in {}?", layer_name(layer)),
        &format!("Norm of {}", layer_name(layer)),
        "Weights mostly grow in training; penalties, weight decay and constraints hold them down.",
    ];
    let common = [
        lowest(LOSS, Scale::Number, 0.0, &|row| Some(new_loss(row))),
        lowest(GAP, Scale::Points, gap_floor(all), &|row| Some(row.record.gap()))
            .filter(|_| !has_wrong),
        lowest(weights, Scale::Number, 0.0, &|row| norm(row, layer)),
    ];
    let sweeps = sliders.iter().filter_map(|slider| about_values(slider, shown, all));
    let accuracy = Asked {
        text: "Which reads most new images?".to_owned(),
        measure: "New images right, per cent",
        why: "Only right answers count here, not how sure they are.",
        scale: Scale::Points,
        is_lowest: false,
        value: &|row| Some(row.record.test.accuracy),
        differs: &accuracy_differs,
    };
    let wrong = lowest(WRONG_LABELS, Scale::Points, 0.0, &memorised);
    let own = sweeps.chain(wrong).chain(question(&variants, &accuracy));
    common.into_iter().flatten().chain(own.take(MAX_OWN)).collect()
}

/// Asks which value of a swept key is the best one on the held-out images, with all other keys as they are shown.
fn about_values(slider: &Slider, shown: &[&Group<'_>], all: &[Group<'_>]) -> Option<Question> {
    let of = shown.iter().find(|group| group.point().contains_key(&slider.key))?;
    let values = all.iter().filter(|group| group.variant() == of.variant()).filter_map(|group| {
        let mut others = group.point().iter().filter(|(key, _)| **key != slider.key);
        let is_beside = others.all(|(key, value)| of.point().get(key) == Some(value));
        let (_, index) = slider.index(group)?;
        is_beside.then(|| (slider.values[index].clone(), group))
    });
    let held_out = |row: &Row| Some(row.record.validation?.accuracy);
    let images = of.runs[0].record.validation?.images;
    let asked = Asked {
        text: format!("Which {} is best for {}?", slider.label, of.runs[0].label()),
        measure: "Held-out images right, per cent",
        why: "Held-out images decide, so that the test images stay unseen.",
        scale: Scale::Points,
        is_lowest: false,
        value: &held_out,
        differs: &|best, groups| differs(best, groups, &held_out, rounding_variance(images)),
    };
    question(&values.collect(), &asked)
}

/// Asks a question about some groups, without those that set no scale. Returns `None` if the answer is not known, or
/// if more than half of the choices would be right.
fn question(groups: &Named<'_>, asked: &Asked<'_>) -> Option<Question> {
    let groups: Vec<_> = groups.iter().filter(|(_, group)| !sets_no_scale(group.runs)).collect();
    let spreads = groups.iter().map(|(_, group)| group.spread_if_measured(asked.value));
    let means: Vec<f64> =
        spreads.map(|spread| spread.map(|Spread { mean, .. }| mean)).collect::<Option<_>>()?;
    let by = |one: &&usize, other: &&usize| means[**one].total_cmp(&means[**other]);
    let indices: Vec<usize> = (0..means.len()).collect();
    let best = if asked.is_lowest { indices.iter().min_by(by) } else { indices.iter().max_by(by) };
    let best = *best.filter(|_| means.iter().all(|mean| mean.is_finite()))?;
    let compared: Vec<&Group<'_>> = groups.iter().map(|(_, group)| *group).collect();
    let differs = (asked.differs)(compared[best], &compared);
    let mut choices = Vec::new();
    for (index, (name, _)) in groups.iter().enumerate() {
        let is_right = index == best || !differs[index]?;
        let (value, text) = (asked.scale.drawn(means[index]), asked.scale.format(means[index]));
        choices.push(Choice { name: name.clone(), value, text, is_right });
    }
    let right = choices.iter().filter(|choice| choice.is_right).count();
    if 2 * right > choices.len() {
        return None;
    }
    let close = match (right, groups[best].1.runs.len()) {
        (1, _) => "",
        (_, 1) => " These test images do not tell the right ones apart.",
        _ => " The seeds do not tell the right ones apart.",
    };
    let why = format!("{}{close}", asked.why);
    Some(Question { text: asked.text.clone(), measure: asked.measure.to_owned(), choices, why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{groups, tests::row};

    /// Builds the runs of variants with these test accuracies, one for each seed.
    fn rows(variants: &[(&str, &[f64])]) -> Vec<Row> {
        let mut rows = Vec::new();
        for (variant, accuracies) in variants {
            for (seed, accuracy) in (0..).zip(*accuracies) {
                rows.push(row(variant, seed, (1.0, *accuracy), 1.0));
            }
        }
        rows
    }

    /// Returns the questions about the runs, each with its right answers and what is said about them.
    fn asked(rows: &[Row]) -> Vec<(String, Vec<String>, String)> {
        let groups = groups(rows, "none");
        let shown: Vec<&Group<'_>> = groups.iter().collect();
        let questions = questions(&shown, &groups, &[], None);
        let answered = questions.into_iter().map(|Question { text, choices, why, .. }| {
            let right = choices.into_iter().filter(|choice| choice.is_right);
            (text, right.map(|choice| choice.name).collect(), why)
        });
        answered.collect()
    }

    #[test]
    fn right_is_the_best_and_what_the_seeds_do_not_tell_from_it() {
        let none: &[f64] = &[0.80, 0.81, 0.80, 0.81, 0.80];
        let better: &[f64] = &[0.90, 0.91, 0.90, 0.92, 0.90];
        let close: &[f64] = &[0.89, 0.92, 0.90, 0.91, 0.91];
        let found =
            asked(&rows(&[("none", none), ("l2", better), ("dropout", none), ("l1", none)]));
        let [gap, accuracy] = &found[..] else { panic!("{found:?}") };
        assert_eq!(*gap, (GAP[0].to_owned(), vec!["L2".to_owned()], GAP[2].to_owned()));
        assert_eq!((accuracy.0.as_str(), &accuracy.1), ("Which reads most new images?", &gap.1));
        let found =
            asked(&rows(&[("none", none), ("l2", better), ("dropout", close), ("l1", none)]));
        assert_eq!(found[0].1, ["L2", "dropout"]);
        assert_eq!(found[0].2, format!("{} The seeds do not tell the right ones apart.", GAP[2]));
        let mut wrong = rows(&[("none", none), ("l2", better), ("dropout", none), ("l1", none)]);
        for row in &mut wrong {
            row.record.memorised = Some(0.5);
        }
        assert_eq!(asked(&wrong), std::slice::from_ref(accuracy));
        // More than half would be right.
        assert_eq!(asked(&rows(&[("none", none), ("l2", better), ("dropout", close)])), []);
        assert_eq!(asked(&rows(&[("none", none), ("l2", none)])), []);
    }

    #[test]
    fn one_seed_says_nothing_without_predictions() {
        assert_eq!(asked(&rows(&[("none", &[0.8]), ("l2", &[0.9]), ("l1", &[0.7])])), []);
    }
}
