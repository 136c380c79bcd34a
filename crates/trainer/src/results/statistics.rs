//! What several seeds say together.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Of a difference, the share of intervals that hold the true one.
const CONFIDENCE: f64 = 0.95;

/// A mean and how far the values lie around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// The sample standard deviation, its divisor n − 1; `None` of one value.
    pub deviation: Option<f64>,
}

impl Spread {
    /// Of one value or more; the mean of none is NaN.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        Self { mean, deviation }
    }
}

/// A mean difference of pairs, and where the true one lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// How many pairs there are.
    pub pairs: usize,
    /// Their mean difference.
    pub mean: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl Difference {
    /// Student's interval of the mean of these differences, one a pair; `None` of fewer than two.
    pub fn of(differences: &[f64]) -> Option<Self> {
        let pairs = differences.len();
        let Spread { mean, deviation } = Spread::of(differences);
        let error = deviation? / (pairs as f64).sqrt();
        let student = StudentsT::new(0.0, 1.0, pairs as f64 - 1.0).ok()?;
        let half = student.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)) * error;
        Some(Self { pairs, mean, low: mean - half, high: mean + half })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [f64; 5] = [0.868, 0.872, 0.861, 0.866, 0.870];
    const DROPOUT: [f64; 5] = [0.876, 0.875, 0.870, 0.871, 0.881];

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }

    fn difference(pairs: usize) -> Difference {
        let differences: Vec<f64> =
            DROPOUT.iter().zip(NONE).take(pairs).map(|(dropout, none)| dropout - none).collect();
        Difference::of(&differences).unwrap()
    }

    /// numpy.mean and numpy.std with ddof=1.
    #[test]
    fn a_spread_is_numpys() {
        let spread = Spread::of(&DROPOUT);
        assert_near(spread.mean, 0.8746);
        assert_near(spread.deviation.unwrap(), 0.004_393_176_527_297_763);
        assert_eq!(Spread::of(&[0.5]), Spread { mean: 0.5, deviation: None });
    }

    /// `scipy.stats.ttest_rel(DROPOUT, NONE).confidence_interval(0.95)`, scipy 1.17: of all five, and of two.
    #[test]
    fn an_interval_is_scipys() {
        let five = difference(5);
        assert_near(five.mean, 0.0072);
        assert_near(five.low, 0.003_234_443_199_090_37);
        assert_near(five.high, 0.011_165_556_800_909_644);
        let two = difference(2);
        assert_near(two.low, -0.026_265_511_840_436_76);
        assert_near(two.high, 0.037_265_511_840_436_77);
    }

    #[test]
    fn one_pair_has_no_interval() {
        assert_eq!(Difference::of(&[0.1]), None);
        assert_eq!(Difference::of(&[]), None);
    }

    #[test]
    fn equal_differences_have_an_interval_of_no_width() {
        let Difference { low, high, .. } = Difference::of(&[0.5, 0.5, 0.5]).unwrap();
        assert_eq!((low, high), (0.5, 0.5));
    }
}
