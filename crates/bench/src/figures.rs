//! Times of several runs, and the comparison of two studies' accuracies.

use std::{collections::BTreeMap, fmt};

/// Largest difference in accuracy at which two studies count as the same work.
const TOLERANCE: f64 = 0.02;

/// Accuracies on train and test, 0 to 1, by variant.
pub(crate) type Accuracy = BTreeMap<String, [f64; 2]>;

/// Times of several runs of the same work, in ascending order.
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

    /// Returns the median; the larger of the middle two if their number is even, NaN without times.
    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(min), Some(max)) = (self.0.first(), self.0.last()) else {
            return formatter.write_str("no times");
        };
        let digits = if *max < 10.0 { 3 } else { 1 };
        write!(formatter, "{:>7.digits$} ({min:.digits$} to {max:.digits$})", self.median())
    }
}

/// Describes the first variant that only one of two studies has, or whose accuracies differ by more than 0.02.
pub(crate) fn disagreement(ours: &Accuracy, theirs: &Accuracy) -> Option<String> {
    if let Some(variant) = theirs.keys().find(|variant| !ours.contains_key(*variant)) {
        return Some(format!("it has an additional variant `{variant}`"));
    }
    ours.iter().find_map(|(variant, ours)| {
        let Some(theirs) = theirs.get(variant) else {
            return Some(format!("it lacks the variant `{variant}`"));
        };
        ["train", "test"].iter().zip(ours.iter().zip(theirs)).find_map(|(set, (ours, theirs))| {
            // With `> TOLERANCE` NaN would pass as the same.
            let same = (ours - theirs).abs() <= TOLERANCE;
            let difference =
                || format!("accuracy of `{variant}` on {set} is {theirs:.4}, not {ours:.4}");
            (!same).then(difference)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_time() {
        let mut seconds = Seconds::from(3.0);
        seconds.add(1.0);
        seconds.add(20.0);
        assert_eq!(seconds.median(), 3.0);
        assert_eq!(seconds.to_string(), "    3.0 (1.0 to 20.0)");
    }

    #[test]
    fn different_accuracies_are_reported() {
        let study = |none| Accuracy::from([("none".to_owned(), [0.9, none])]);
        assert_eq!(disagreement(&study(0.9), &study(0.915)), None);
        let reason = disagreement(&study(0.9), &study(0.93)).unwrap();
        assert_eq!(reason, "accuracy of `none` on test is 0.9300, not 0.9000");
        assert!(disagreement(&study(0.9), &study(f64::NAN)).is_some());
        assert!(disagreement(&study(0.9), &Accuracy::new()).is_some());
        assert!(disagreement(&Accuracy::new(), &study(0.9)).is_some());
    }
}
