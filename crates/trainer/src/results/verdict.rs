//! The verdicts of a study's comparisons in sentences.

use super::{
    Comparison, Summary, Verdict,
    statistics::{Difference, SeedsNeeded},
};
use crate::study::cell_name;

/// The largest number of verdicts that are told; all are in summary.csv.
const MOST: usize = 12;

/// Tells the verdict of each comparison in a sentence.
pub fn verdicts(summaries: &[Summary]) -> Vec<String> {
    let compared =
        || summaries.iter().filter_map(|summary| Some((summary, summary.difference.as_ref()?)));
    let count = compared().count();
    let sentences = compared().filter_map(|(summary, comparison)| {
        let name = cell_name(&summary.variant, &summary.point);
        Some(sentence(&name, comparison, comparison.difference.as_ref()?, count))
    });
    let mut sentences: Vec<String> = sentences.collect();
    sentences.extend(of_networks(&compared().collect::<Vec<_>>()));
    let omitted = sentences.len().saturating_sub(MOST);
    sentences.truncate(MOST);
    if omitted > 0 {
        sentences.push(format!("{omitted} more verdicts are in summary.csv."));
    }
    sentences
}

/// Tells the verdict of one of `count` comparisons over several seeds.
fn sentence(name: &str, comparison: &Comparison, difference: &Difference, count: usize) -> String {
    let other = &comparison.variant;
    let Difference { mean, low, high, .. } = difference.map(|accuracy| 100.0 * accuracy);
    let adjusted = if count > 1 {
        format!(" after Holm's adjustment for {count} comparisons")
    } else {
        String::new()
    };
    let numbers = format!(
        "{mean:+.2} percentage points of test accuracy (95 % interval {low:+.2} to {high:+.2}), p = {}{adjusted}",
        p_value(comparison.p_adjusted)
    );
    match comparison.verdict {
        Some(Verdict::Better) => format!("{name} is better than {other}: {numbers}."),
        Some(Verdict::Worse) => format!("{name} is worse than {other}: {numbers}."),
        _ if mean == 0.0 => format!("{name} and {other} have the same test accuracy."),
        _ => {
            let needed = match comparison.seeds_needed {
                SeedsNeeded::Unknown => String::new(),
                needed => format!(" About {needed} seeds would decide such a difference."),
            };
            format!("{name} against {other} is undecided: {numbers}.{needed}")
        }
    }
}

/// Tells in one sentence the tests of variants with one seed, which compare two networks.
fn of_networks(compared: &[(&Summary, &Comparison)]) -> Option<String> {
    let single = compared.iter().filter(|(_, comparison)| comparison.difference.is_none());
    let tests: Vec<String> = single
        .clone()
        .take(MOST)
        .map(|(summary, comparison)| {
            let name = cell_name(&summary.variant, &summary.point);
            format!("{name} {}", p_value(comparison.p_adjusted))
        })
        .collect();
    let (_, Comparison { variant, .. }) = single.into_iter().next()?;
    Some(format!(
        "McNemar's exact test of the predictions against {variant}'s, p after Holm's adjustment: {}. It speaks of \
         these networks, not of the methods.",
        tests.join(", ")
    ))
}

/// Formats a p value with two significant digits.
fn p_value(p: f64) -> String {
    if p < 0.0001 { "below 0.0001".to_owned() } else { format!("{:?}", round(p)) }
}

fn round(p: f64) -> f64 {
    format!("{p:.1e}").parse().unwrap_or(p)
}
