//! Effects: what a variant changes in some quantity, over pairs of runs of the same seed.

use serde::Serialize;

use super::{
    Comparison, Group, Row,
    comparison::{FIRM_PAIRS, compare, observations},
    statistics::{CONFIDENCE, Difference, holm},
};

/// A difference of a quantity from that of the group's reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Effect {
    #[serde(flatten)]
    pub difference: Difference,
    /// The p value, adjusted for the number of effects on the quantity by Holm's method.
    pub p_adjusted: f64,
    pub change: Change,
    /// Whether it rests on few pairs: with more, it may turn.
    pub provisional: bool,
}

/// The direction of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Higher,
    Lower,
    Undecided,
}

/// Returns the effect of each group on a quantity; `None` without a reference or two pairs of runs that have the
/// quantity, and if images lack classes.
/// The variance of a difference is not taken to be less than `floor`.
pub fn effects(
    groups: &[Group<'_>],
    quantity: impl Fn(&Row) -> Option<f64>,
    floor: f64,
) -> Vec<Option<Effect>> {
    let pairs = groups.iter().map(|group| Some((group.reference?, group.runs)));
    compare_all(&pairs.collect::<Vec<_>>(), &quantity, floor)
}

/// Returns for each group whether it differs from another in a quantity; `None` without two pairs of runs.
pub fn differs(
    other: &Group<'_>,
    groups: &[&Group<'_>],
    quantity: &dyn Fn(&Row) -> Option<f64>,
    floor: f64,
) -> Vec<Option<bool>> {
    let pairs: Vec<_> = groups
        .iter()
        .map(|group| (group.runs[0].run != other.runs[0].run).then_some((other.runs, group.runs)))
        .collect();
    let effects = compare_all(&pairs, quantity, floor);
    effects.into_iter().map(|effect| Some(effect?.change != Change::Undecided)).collect()
}

/// Returns for each group whether it differs from another in test accuracy; `None` if that cannot be said.
pub fn accuracy_differs(other: &Group<'_>, groups: &[&Group<'_>]) -> Vec<Option<bool>> {
    let pairs = groups.iter().map(|group| Some((other.runs, group.runs))).collect();
    let comparisons = compare(pairs, other.runs.len() == 1);
    let differs = |found: Comparison| {
        let p = found.p_adjusted.filter(|_| found.is_sound)?;
        Some(p < 1.0 - CONFIDENCE)
    };
    comparisons.into_iter().map(|found| differs(found?)).collect()
}

/// Compares pairs of groups, each given with the one that it is compared with, first.
fn compare_all(
    pairs: &[Option<(&[Row], &[Row])>],
    quantity: &dyn Fn(&Row) -> Option<f64>,
    floor: f64,
) -> Vec<Option<Effect>> {
    let differences: Vec<Option<Difference>> = pairs
        .iter()
        .map(|pair| {
            let (reference, runs) = (*pair)?;
            if reference.iter().chain(runs).any(Row::lacks_classes) {
                return None;
            }
            let pairs = observations(reference, runs);
            let values = pairs.iter().map(|(run, other)| Some(quantity(run)? - quantity(other)?));
            Difference::new(&values.collect::<Option<Vec<f64>>>()?, floor)
        })
        .collect();
    let p_values: Vec<f64> = differences.iter().flatten().map(|difference| difference.p).collect();
    let mut adjusted = holm(&p_values).into_iter();
    let mut effect = |difference: Difference| {
        let p_adjusted = adjusted.next().unwrap_or(1.0);
        let change = match difference.mean {
            _ if p_adjusted >= 1.0 - CONFIDENCE => Change::Undecided,
            mean if mean > 0.0 => Change::Higher,
            _ => Change::Lower,
        };
        let provisional = change != Change::Undecided && difference.pairs < FIRM_PAIRS;
        Effect { difference, p_adjusted, change, provisional }
    };
    differences.into_iter().map(|difference| difference.map(&mut effect)).collect()
}
