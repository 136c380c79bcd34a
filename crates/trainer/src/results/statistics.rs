//! Statistics over seeds: means, standard deviations and confidence intervals.

use std::fmt;

use serde::{Serialize, Serializer};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// The confidence level of the intervals.
pub const CONFIDENCE: f64 = 0.95;
/// The probability with which [`Difference::seeds_needed`] seeds show a difference.
const POWER: f64 = 0.8;
/// The magnitude below which a mean difference of accuracies is 0.
const NO_DIFFERENCE: f64 = 1e-12;
/// The largest number of seeds that [`Difference::seeds_needed`] names.
const MOST_SEEDS: u32 = 1000;

/// The mean and the sample standard deviation of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
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

/// The mean of paired differences, its 95 % confidence interval, and the test whether it is 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    pub pairs: usize,
    pub mean: f64,
    /// The lower bound of the interval.
    pub low: f64,
    /// The upper bound of the interval.
    pub high: f64,
    /// The sample standard deviation of the differences, or that of their rounding if it is larger.
    #[serde(skip)]
    pub deviation: f64,
    /// The p value of Student's two-sided t test; 1 if the mean is 0.
    #[serde(skip)]
    pub p: f64,
}

impl Difference {
    /// Computes Student's t interval and test for the mean of the differences, one for each pair. Their variance is not
    /// taken to be less than that of their `rounding`. Otherwise two pairs that happen to differ by the same number of
    /// images would be certain of their difference. Returns `None` for fewer than two pairs.
    pub fn new(differences: &[f64], rounding: f64) -> Option<Self> {
        let pairs = differences.len();
        let Spread { mean, deviation } = Spread::new(differences);
        let deviation = deviation?.max(rounding.sqrt());
        // Differences that cancel may leave a rounding error.
        let mean = if mean.abs() < NO_DIFFERENCE { 0.0 } else { mean };
        let standard_error = deviation / (pairs as f64).sqrt();
        let student = StudentsT::new(0.0, 1.0, pairs as f64 - 1.0).ok()?;
        let margin = student.inverse_cdf(f64::midpoint(1.0, CONFIDENCE)) * standard_error;
        let p = if mean == 0.0 { 1.0 } else { 2.0 * student.sf((mean / standard_error).abs()) };
        Some(Self { pairs, mean, low: mean - margin, high: mean + margin, deviation, p })
    }

    /// Computes the difference of two networks' accuracies on the same images, given the numbers of images that only the one
    /// and only the other network classifies correctly: the interval of Bonett and Price (2012) for paired proportions, and
    /// McNemar's exact test.
    pub fn of_proportions(only_one: usize, only_other: usize, images: usize) -> Self {
        let adjusted = |count: usize| (count as f64 + 1.0) / (images as f64 + 2.0);
        let (one, other) = (adjusted(only_one), adjusted(only_other));
        let centre = one - other;
        let variance = (one + other - centre.powi(2)) / (images as f64 + 2.0);
        let quantile = Normal::standard().inverse_cdf(f64::midpoint(1.0, CONFIDENCE));
        let margin = quantile * variance.sqrt();
        Self {
            pairs: 1,
            mean: (only_one as f64 - only_other as f64) / images as f64,
            low: (centre - margin).max(-1.0),
            high: (centre + margin).min(1.0),
            deviation: variance.sqrt(),
            p: mcnemar(only_one as u64, only_other as u64),
        }
    }

    /// Returns the least number of seeds n ≥ ((t(1 − α/2, n − 1) + t(0.8, n − 1)) · s / |d|)², given the mean d and the
    /// deviation s: with it the difference is found with a probability of 80 %, at the level α = 0.05 / `comparisons`.
    pub fn seeds_needed(&self, comparisons: usize) -> SeedsNeeded {
        if self.mean == 0.0 {
            return SeedsNeeded::Unknown;
        }
        let alpha = (1.0 - CONFIDENCE) / comparisons.max(1) as f64;
        let seeds: Vec<u32> = (2..=MOST_SEEDS).collect();
        // The right side falls as the number of seeds grows.
        let too_few = seeds.partition_point(|&seeds| {
            let student = StudentsT::new(0.0, 1.0, f64::from(seeds) - 1.0);
            student.is_ok_and(|student| {
                let sum = student.inverse_cdf(1.0 - alpha / 2.0) + student.inverse_cdf(POWER);
                f64::from(seeds) < (sum * self.deviation / self.mean).powi(2)
            })
        });
        seeds.get(too_few).map_or(SeedsNeeded::OverMost, |&seeds| SeedsNeeded::Count(seeds))
    }
}

/// Returns the variance of rounding a difference of two accuracies: 1 / (6 · images²). Each is a count of images, and
/// rounding one to a whole number has the variance 1 / 12.
pub fn rounding_variance(images: usize) -> f64 {
    1.0 / (6.0 * (images as f64).powi(2))
}

/// The number of seeds with which a difference would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeedsNeeded {
    /// This number, 2 to 1000.
    Count(u32),
    /// More than 1000.
    OverMost,
    /// No number, as there is no difference.
    Unknown,
}

impl fmt::Display for SeedsNeeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(seeds) => write!(formatter, "{seeds}"),
            Self::OverMost => write!(formatter, "over {MOST_SEEDS}"),
            Self::Unknown => Ok(()),
        }
    }
}

impl Serialize for SeedsNeeded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(seeds) => serializer.serialize_u32(*seeds),
            Self::OverMost => serializer.collect_str(self),
            Self::Unknown => serializer.serialize_none(),
        }
    }
}

/// Adjusts p values for their number by Holm's method (Holm 1979): the k-th smallest of n, from 0, is multiplied by
/// n − k, no adjusted value is below that of a smaller one, and none exceeds 1.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&one, &other| p_values[one].total_cmp(&p_values[other]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, &index) in order.iter().enumerate() {
        let factor = (p_values.len() - rank) as f64;
        largest = largest.max(factor * p_values[index]).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

/// Computes the p value of McNemar's exact test (McNemar 1947), given the numbers of images that only the one and only
/// the other network classifies correctly: two-sided, binomial.
pub fn mcnemar(only_one: u64, only_other: u64) -> f64 {
    let less = only_one.min(only_other);
    let binomial = Binomial::new(0.5, only_one + only_other);
    binomial.map_or(1.0, |binomial| (2.0 * binomial.cdf(less)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [f64; 5] = [0.868, 0.872, 0.861, 0.866, 0.870];
    const DROPOUT: [f64; 5] = [0.876, 0.875, 0.870, 0.871, 0.881];

    /// Variance of rounding that does not matter.
    const NONE_ROUNDED: f64 = 1e-13;

    fn assert_near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "actual {actual}, expected {expected}");
    }

    fn difference(pairs: usize) -> Difference {
        let differences: Vec<f64> =
            DROPOUT.iter().zip(NONE).take(pairs).map(|(dropout, none)| dropout - none).collect();
        Difference::new(&differences, NONE_ROUNDED).unwrap()
    }

    /// Expected values: the formula of Bonett and Price with scipy's normal quantile.
    #[test]
    fn two_networks_have_an_interval_of_paired_proportions() {
        let found = Difference::of_proportions(30, 12, 200);
        assert_near(found.mean, 0.09);
        assert_near(found.low, 0.025_931_857_525);
        assert_near(found.high, 0.152_285_964_257);
        assert_near(found.p, mcnemar(30, 12));
        let equal = Difference::of_proportions(0, 0, 10);
        assert!(equal.mean == 0.0 && equal.low < 0.0 && equal.high > 0.0);
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

    /// Expected values: `scipy.stats.ttest_rel(DROPOUT, NONE).pvalue`, likewise; `multipletests(…, method="holm")` and
    /// `mcnemar(…, exact=True)` of statsmodels 0.14.
    #[test]
    fn p_values_match_scipy_and_statsmodels() {
        assert_near(difference(5).p, 0.007_276_908_700_114_9);
        assert_near(difference(2).p, 0.271_599_497_560_183_76);
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005, 0.2]);
        for (actual, expected) in adjusted.into_iter().zip([0.04, 0.09, 0.09, 0.025, 0.2]) {
            assert_near(actual, expected);
        }
        assert_eq!(holm(&[0.7, 0.6]), [1.0, 1.0]);
        for (only_one, only_other, expected) in [
            (10, 3, 0.092_285_156_25),
            (7, 7, 1.0),
            (1, 0, 1.0),
            (0, 0, 1.0),
            (120, 80, 0.005_685_155_996_750_306),
        ] {
            assert_near(mcnemar(only_one, only_other), expected);
            assert_near(mcnemar(only_other, only_one), expected);
        }
    }

    /// Expected values: the formula with scipy's quantiles.
    #[test]
    fn seeds_needed_match_the_formula() {
        let needed = |comparisons, difference: &Difference| difference.seeds_needed(comparisons);
        assert_eq!(needed(1, &difference(5)), SeedsNeeded::Count(4));
        assert_eq!(needed(5, &difference(5)), SeedsNeeded::Count(6));
        let small = Difference { mean: -0.001, deviation: 0.01, ..difference(5) };
        assert_eq!(needed(5, &small), SeedsNeeded::OverMost);
        let none = Difference::new(&[0.1, -0.1], NONE_ROUNDED).unwrap();
        assert_eq!((none.p, needed(5, &none)), (1.0, SeedsNeeded::Unknown));
        let same = Difference::new(&[0.5, 0.5], NONE_ROUNDED).unwrap();
        assert_eq!(needed(5, &same), SeedsNeeded::Count(2));
    }

    #[test]
    fn fewer_than_two_pairs_have_no_interval() {
        assert_eq!(Difference::new(&[0.1], NONE_ROUNDED), None);
        assert_eq!(Difference::new(&[], NONE_ROUNDED), None);
    }

    /// Expected values: a deviation of 1 / (√6 · 300), and p = 1 − 2 / π · arctan(√12) of Student's t with one degree of
    /// freedom.
    #[test]
    fn equal_differences_are_as_uncertain_as_counts_of_images() {
        let one_image = 1.0 / 300.0;
        let two = Difference::new(&[one_image; 2], rounding_variance(300)).unwrap();
        assert_near(two.deviation, 0.001_360_827_634_879_543);
        assert_near(two.p, 0.178_912_375_022_066_8);
        assert!(two.low < 0.0 && two.high > 2.0 * one_image);
        // A larger deviation stays.
        let others = Difference::new(&[one_image, -one_image], rounding_variance(300)).unwrap();
        assert_near(others.deviation, 2.0_f64.sqrt() * one_image);
    }
}
