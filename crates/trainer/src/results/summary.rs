//! What the seeds of each variant say together.

use serde::Serialize;

use super::{
    diverged,
    statistics::{Difference, Spread},
};
use crate::{store::record::Record, study::KeyValues};

/// A variant at a point of the sweep, over its seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Its name.
    pub variant: String,
    /// Where it stands in the sweep.
    #[serde(skip_serializing_if = "KeyValues::is_empty")]
    pub point: KeyValues,
    /// How many of its runs have finished.
    pub n: usize,
    /// Of the accuracies on the training images.
    pub acc_train: Spread,
    /// Of the accuracies on the test images.
    pub acc_test: Spread,
    /// Of the share of the accuracy that is lost on the test images.
    pub pct_diff: Spread,
    /// How much higher its accuracy on the test images is than the first variant's, at the same point as far as
    /// that has it; `None` of the first itself, or where fewer than two seeds are common to both.
    pub difference: Option<Against>,
}

/// A difference to another variant. Runs of one seed are a pair: they share first weights and batches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Against {
    /// The other variant.
    pub variant: String,
    /// By how much.
    #[serde(flatten)]
    pub difference: Difference,
}

/// Each variant's summary, in the order in which they come, compared with the `first` of the study.
pub fn summaries(records: &[Record], first: &str) -> Vec<Summary> {
    let cells: Vec<&[Record]> = cells(records).collect();
    let summary = |runs: &&[Record]| Summary {
        variant: runs[0].variant.clone(),
        point: runs[0].point.clone(),
        n: runs.len(),
        acc_train: spread(runs, |run| run.acc_train),
        acc_test: spread(runs, |run| run.acc_test),
        pct_diff: spread(runs, Record::pct_diff),
        difference: reference(&cells, first, &runs[0]).and_then(|first| against(first, runs)),
    };
    cells.iter().map(summary).collect()
}

/// The runs of each variant at each point, which differ by their seeds.
pub fn cells(records: &[Record]) -> impl Iterator<Item = &[Record]> {
    records.chunk_by(Record::is_beside)
}

/// Those runs of the first variant that a run is compared with: the first at its point, variants' own
/// settings aside.
fn reference<'a>(cells: &[&'a [Record]], first: &str, run: &Record) -> Option<&'a [Record]> {
    let shared = |record: &Record| -> KeyValues {
        let shared = record.point.iter().filter(|(key, _)| !key.starts_with("variant."));
        shared.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let point = shared(run);
    let is_it = |cell: &&[Record]| cell[0].variant == first && shared(&cell[0]) == point;
    cells.iter().copied().find(is_it)
}

/// Whether a variant has runs of several seeds.
pub fn has_several_seeds(records: &[Record]) -> bool {
    records.windows(2).any(|pair| pair[0].is_beside(&pair[1]))
}

fn spread(runs: &[Record], value: impl Fn(&Record) -> f64) -> Spread {
    Spread::of(&runs.iter().map(value).collect::<Vec<_>>())
}

fn against(first: &[Record], runs: &[Record]) -> Option<Against> {
    let variant = first[0].variant.clone();
    if first[0].is_beside(&runs[0]) {
        return None;
    }
    let differences = runs.iter().filter_map(|run| {
        let pair = first.iter().find(|other| other.seed == run.seed)?;
        if diverged(run) || diverged(pair) {
            return None;
        }
        Some(run.acc_test - pair.acc_test)
    });
    let difference = Difference::of(&differences.collect::<Vec<_>>())?;
    Some(Against { variant, difference })
}

#[cfg(test)]
mod tests {
    use super::{super::tests::record, *};

    #[test]
    fn only_runs_of_one_seed_are_pairs() {
        let run = |variant, seed, acc_test| record(variant, seed, (1.0, acc_test), 1.0);
        let records = [
            run("none", 0, 0.5),
            run("none", 1, 0.6),
            run("none", 3, 0.9),
            run("l1", 1, 0.8),
            run("l1", 2, 0.1),
            run("l1", 3, 1.0),
            run("l2", 7, 0.5),
        ];
        assert!(super::summaries(&records, "dropout").iter().all(|one| one.difference.is_none()));
        let summaries = summaries(&records, "none");
        let counts: Vec<(&str, usize)> =
            summaries.iter().map(|summary| (summary.variant.as_str(), summary.n)).collect();
        assert_eq!(counts, [("none", 3), ("l1", 3), ("l2", 1)]);
        assert_eq!(summaries[0].difference, None);
        let against = summaries[1].difference.as_ref().unwrap();
        assert_eq!((against.variant.as_str(), against.difference.pairs), ("none", 2));
        assert!((against.difference.mean - 0.15).abs() < 1e-12);
        assert_eq!(summaries[2].difference, None);
    }
}
