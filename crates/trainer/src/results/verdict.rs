//! The verdicts of a study's comparisons in sentences.

use super::{
    Comparison, Group, Verdict,
    statistics::{Difference, SeedsNeeded},
};

/// Maximum number of verdicts in the note; all are in summary.csv.
const MOST: usize = 12;

/// Formats the verdicts of a study's comparisons as a note, a sentence in each line; `None` if there are none.
pub fn verdicts(groups: &[Group<'_>]) -> Option<String> {
    let compared: Vec<(String, &Comparison)> = groups
        .iter()
        .filter_map(|group| {
            let comparison = group.comparison.as_ref().filter(|one| one.is_sound)?;
            Some((group.label(), comparison))
        })
        .collect();
    let sentences = compared.iter().filter_map(|(name, comparison)| {
        Some(sentence(name, comparison, comparison.difference.as_ref()?))
    });
    let mut sentences: Vec<String> = sentences.collect();
    let count = sentences.len();
    let omitted = sentences.len().saturating_sub(MOST);
    sentences.truncate(MOST);
    if omitted > 0 {
        sentences.push(format!("{omitted} more verdicts are in summary.csv."));
    }
    if count > 1 {
        sentences.push(format!("p is adjusted for {count} comparisons by Holm's method."));
    }
    sentences.extend(of_networks(&compared));
    (!sentences.is_empty()).then(|| sentences.join("\n"))
}

/// Formats the verdict of a comparison over several seeds.
fn sentence(name: &str, comparison: &Comparison, difference: &Difference) -> String {
    let other = &comparison.label;
    let points = format!("{:+.2} percentage points of test accuracy", 100.0 * difference.mean);
    let mut p = comparison.p_adjusted.map_or_else(String::new, p_text);
    if comparison.provisional {
        p += &format!("; provisional, as {} pairs are few", difference.pairs);
    }
    match comparison.verdict {
        Some(Verdict::Better) => format!("{name} is better than {other}: {points}, {p}."),
        Some(Verdict::Worse) => format!("{name} is worse than {other}: {points}, {p}."),
        _ if difference.mean == 0.0 => {
            format!("{name} has the same mean test accuracy as {other}.")
        }
        _ => {
            let needed = match comparison.seeds_needed {
                SeedsNeeded::Unknown => String::new(),
                needed => {
                    format!("; {needed} seeds would show such a difference 4 times in 5")
                }
            };
            format!("{name} against {other} is undecided: {points}, {p}{needed}.")
        }
    }
}

/// Formats the tests of variants with one seed, which compare two networks.
fn of_networks(compared: &[(String, &Comparison)]) -> Option<String> {
    let single: Vec<_> =
        compared.iter().filter(|(_, comparison)| comparison.difference.is_none()).collect();
    let mut tests: Vec<String> = Vec::new();
    for (name, comparison) in single.iter().take(MOST) {
        let p = comparison.p_adjusted.map(p_text);
        tests.push(format!("{name}: {}", p.as_deref().unwrap_or("its predictions cannot be read")));
    }
    if single.len() > MOST {
        tests.push(format!("{} more are in summary.csv", single.len() - MOST));
    }
    let (_, comparison) = single.first()?;
    let other = &comparison.label;
    let adjusted = match single.len() {
        0 | 1 => String::new(),
        count => format!(", p adjusted for {count} comparisons by Holm's method"),
    };
    Some(format!(
        "McNemar's exact test of the predictions against {other}'s{adjusted}:\n\
         {}.\nIt compares these networks, not the methods.",
        tests.join("; ")
    ))
}

/// Formats a p value with three significant digits: `p = 0.0123`.
pub fn p_text(p: f64) -> String {
    let rounded: f64 = format!("{p:.2e}").parse().unwrap_or(p);
    if p < 0.0001 { "p < 0.0001".to_owned() } else { format!("p = {rounded}") }
}
