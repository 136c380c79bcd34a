//! Times of several runs, and whether two studies came to the same.

use std::{collections::BTreeMap, fmt};

/// How far accuracies may lie apart for two studies to count as the same work.
const TOLERANCE: f64 = 0.02;

/// Accuracy on train and test, by variant.
pub(crate) type Accuracy = BTreeMap<String, [f64; 2]>;

/// Times of the same work.
#[derive(Debug, Default)]
pub(crate) struct Seconds(Vec<f64>);

impl From<f64> for Seconds {
    fn from(seconds: f64) -> Self {
        Self(vec![seconds])
    }
}

impl Seconds {
    pub(crate) fn add(&mut self, seconds: f64) {
        self.0.push(seconds);
        self.0.sort_by(f64::total_cmp);
    }

    /// The middle one, the upper of two; NaN without any.
    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(least), Some(most)) = (self.0.first(), self.0.last()) else {
            return formatter.write_str("never run");
        };
        let digits = if *most < 10.0 { 3 } else { 1 };
        write!(formatter, "{:>7.digits$} ({least:.digits$} to {most:.digits$})", self.median())
    }
}

/// The first variant whose accuracies lie apart, in words.
pub(crate) fn disagreement(ours: &Accuracy, theirs: &Accuracy) -> Option<String> {
    if let Some(variant) = theirs.keys().find(|variant| !ours.contains_key(*variant)) {
        return Some(format!("only it has `{variant}`"));
    }
    ours.iter().find_map(|(variant, ours)| {
        let Some(theirs) = theirs.get(variant) else {
            return Some(format!("it has no `{variant}`"));
        };
        ["train", "test"].iter().zip(ours.iter().zip(theirs)).find_map(|(set, (ours, theirs))| {
            // Not `>`, which would let NaN pass.
            let same = (ours - theirs).abs() <= TOLERANCE;
            let difference = || format!("`{variant}` reached {theirs:.4} on {set}, not {ours:.4}");
            (!same).then(difference)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let mut seconds = Seconds::from(3.0);
        seconds.add(1.0);
        seconds.add(20.0);
        assert_eq!(seconds.median(), 3.0);
        assert_eq!(seconds.to_string(), "    3.0 (1.0 to 20.0)");
    }

    #[test]
    fn other_accuracies_are_other_work() {
        let study = |none| Accuracy::from([("none".to_owned(), [0.9, none])]);
        assert_eq!(disagreement(&study(0.9), &study(0.915)), None);
        let why = disagreement(&study(0.9), &study(0.93)).unwrap();
        assert_eq!(why, "`none` reached 0.9300 on test, not 0.9000");
        assert!(disagreement(&study(0.9), &study(f64::NAN)).is_some());
        assert!(disagreement(&study(0.9), &Accuracy::new()).is_some());
        assert!(disagreement(&Accuracy::new(), &study(0.9)).is_some());
    }
}
