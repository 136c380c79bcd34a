//! Statistics over seeds: means, standard deviations and confidence intervals.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The confidence level of the intervals.
const CONFIDENCE: f64 = 0.95;

/// The mean and the sample standard deviation of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation, with divisor n − 1; `None` for fewer than two values.
    pub deviation: Option<f64>,
}

impl Spread {
    /// Computes the mean and the deviation. The mean of no values is NaN.
    pub fn new(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        Self { mean, deviation }
    }
}

/// The mean of paired differences and its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// The number of pairs.
    pub pairs: usize,
    /// The mean difference.
    pub mean: f64,
    /// The lower bound of the interval.
    pub low: f64,
    /// The upper bound of the interval.
    pub high: f64,
}

impl Difference {
    /// Computes Student's t interval for the mean of the differences, one for each pair. Returns `None` for fewer than
    /// two pairs.
    pub fn new(differences: &[f64]) -> Option<Self> {
        let pairs = differences.len();
        let Spread { mean, deviation } = Spread::new(differences);
        let standard_error = deviation? / (pairs as f64).sqrt();
        let student = StudentsT::new(0.0, 1.0, pairs as f64 - 1.0).ok()?;
        let margin = student.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)) * standard_error;
        Some(Self { pairs, mean, low: mean - margin, high: mean + margin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [f64; 5] = [0.868, 0.872, 0.861, 0.866, 0.870];
    const DROPOUT: [f64; 5] = [0.876, 0.875, 0.870, 0.871, 0.881];

    fn assert_near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "actual {actual}, expected {expected}");
    }

    fn difference(pairs: usize) -> Difference {
        let differences: Vec<f64> =
            DROPOUT.iter().zip(NONE).take(pairs).map(|(dropout, none)| dropout - none).collect();
        Difference::new(&differences).unwrap()
    }

    /// Expected values: `numpy.mean(DROPOUT)` and `numpy.std(DROPOUT, ddof=1)`.
    #[test]
    fn mean_and_deviation_match_numpy() {
        let spread = Spread::new(&DROPOUT);
        assert_near(spread.mean, 0.8746);
        assert_near(spread.deviation.unwrap(), 0.004_393_176_527_297_763);
        assert_eq!(Spread::new(&[0.5]), Spread { mean: 0.5, deviation: None });
    }

    /// Expected values: `scipy.stats.ttest_rel(DROPOUT, NONE).confidence_interval(0.95)` of scipy 1.17, for all five
    /// pairs and for the first two.
    #[test]
    fn confidence_interval_matches_scipy() {
        let five = difference(5);
        assert_near(five.mean, 0.0072);
        assert_near(five.low, 0.003_234_443_199_090_37);
        assert_near(five.high, 0.011_165_556_800_909_644);
        let two = difference(2);
        assert_near(two.low, -0.026_265_511_840_436_76);
        assert_near(two.high, 0.037_265_511_840_436_77);
    }

    #[test]
    fn fewer_than_two_pairs_have_no_interval() {
        assert_eq!(Difference::new(&[0.1]), None);
        assert_eq!(Difference::new(&[]), None);
    }

    #[test]
    fn equal_differences_have_an_interval_of_width_zero() {
        let Difference { low, high, .. } = Difference::new(&[0.5, 0.5, 0.5]).unwrap();
        assert_eq!((low, high), (0.5, 0.5));
    }
}
