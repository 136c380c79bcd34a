//! The verdicts of a study's comparisons in sentences.

use super::{
    Comparison, Summary, Verdict,
    statistics::{Difference, SeedsNeeded},
};
use crate::study::cell_name;

/// The largest number of verdicts that are told; all are in summary.csv.
const MOST: usize = 12;

/// Tells the verdicts of a study's comparisons in a note, a sentence in each line; `None` if there are none.
pub fn verdicts(summaries: &[Summary]) -> Option<String> {
    let compared: Vec<(&Summary, &Comparison)> = summaries
        .iter()
        .filter_map(|summary| Some((summary, summary.difference.as_ref()?)))
        .collect();
    let sentences = compared.iter().filter_map(|(summary, comparison)| {
        let name = cell_name(&summary.variant, &summary.point);
        Some(sentence(&name, comparison, comparison.difference.as_ref()?))
    });
    let mut sentences: Vec<String> = sentences.collect();
    let omitted = sentences.len().saturating_sub(MOST);
    sentences.truncate(MOST);
    if omitted > 0 {
        sentences.push(format!("{omitted} more verdicts are in summary.csv."));
    }
    if !sentences.is_empty() && compared.len() > 1 {
        let count = compared.len();
        sentences.push(format!("p is adjusted for {count} comparisons by Holm's method."));
    }
    sentences.extend(of_networks(&compared));
    (!sentences.is_empty()).then(|| sentences.join("\n"))
}

/// Tells the verdict of a comparison over several seeds.
fn sentence(name: &str, comparison: &Comparison, difference: &Difference) -> String {
    let (other, p) = (&comparison.variant, p_value(comparison.p_adjusted));
    let points = format!("{:+.2} percentage points of test accuracy", 100.0 * difference.mean);
    match comparison.verdict {
        Some(Verdict::Better) => format!("{name} is better than {other}: {points}, p = {p}."),
        Some(Verdict::Worse) => format!("{name} is worse than {other}: {points}, p = {p}."),
        _ => {
            let needed = match comparison.seeds_needed {
                SeedsNeeded::Unknown => String::new(),
                SeedsNeeded::Count(seeds) => format!("; about {seeds} seeds would decide it"),
                SeedsNeeded::OverMost => "; over 1000 seeds would be needed".to_owned(),
            };
            format!("{name} against {other} is undecided: {points}, p = {p}{needed}.")
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
