//! The only source of a run's random numbers. Each stream is keyed by (run seed, purpose, step). So it depends on no
//! earlier or concurrent draw, and it is the same on every backend.

mod lanes;
mod normal;

use rand::{Rng, RngExt, SeedableRng, seq::SliceRandom};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

use crate::LayerName;
use lanes::{DRAWS, Lanes};
use normal::fill_normals;

/// Number of normal numbers that are drawn at a time: many, in loops that the compiler vectorises, in the fastest cache.
const NORMALS: usize = 16 * DRAWS;

/// The purpose of a draw. Two purposes never share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A layer's initial kernel; the step is 0.
    Kernel(LayerName),
    /// The order of the training images; the step is the epoch.
    Shuffle,
    /// A layer's dropout mask; the step is the number of training steps done before.
    Dropout(LayerName),
    /// The choice of training images; the step is 0.
    Sample,
    /// The choice of wrong labels; the step is 0.
    LabelNoise,
    /// A layer's Gaussian noise; the step is the number of training steps done before.
    GaussianNoise(LayerName),
    /// The factors of a layer's Gaussian dropout; the step is the number of training steps done before.
    GaussianDropout(LayerName),
    /// The shifts of the training images; the step is the epoch.
    Shift,
}

impl Purpose {
    /// Returns the purpose's part of the key. Changing a number here changes every result.
    fn key(self) -> u64 {
        let of_layer = |layer| match layer {
            LayerName::Hidden(index) => index as u64,
            LayerName::Input => u64::from(u32::MAX) - 1,
            LayerName::Output => u64::from(u32::MAX),
        };
        match self {
            Self::Shuffle => 0,
            Self::Kernel(layer) => 1 << 32 | of_layer(layer),
            Self::Dropout(layer) => 2 << 32 | of_layer(layer),
            Self::Sample => 3 << 32,
            Self::GaussianNoise(layer) => 4 << 32 | of_layer(layer),
            Self::GaussianDropout(layer) => 5 << 32 | of_layer(layer),
            Self::Shift => 6 << 32,
            Self::LabelNoise => 7 << 32,
        }
    }
}

/// Mixes (seed, purpose, step) into one number.
fn key(seed: u64, purpose: Purpose, step: u64) -> u64 {
    // The key is mixed after each word, so that neighbouring keys share no stream.
    [seed, purpose.key(), step]
        .into_iter()
        .fold(0, |key, word| SplitMix64::seed_from_u64(key ^ word).next_u64())
}

/// Creates the generator for (seed, purpose, step).
fn generator(seed: u64, purpose: Purpose, step: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(key(seed, purpose, step))
}

/// Draws Keras's `glorot_uniform` kernel, `[inputs, outputs]` in row-major order: uniform within
/// ±√(6 / (inputs + outputs)) (Glorot & Bengio 2010, eq. 16).
pub fn glorot_uniform(seed: u64, layer: LayerName, inputs: usize, outputs: usize) -> Vec<f32> {
    let limit = (6.0 / (inputs + outputs) as f32).sqrt();
    let mut generator = generator(seed, Purpose::Kernel(layer), 0);
    (0..inputs * outputs).map(|_| (generator.random::<f32>() * 2.0 - 1.0) * limit).collect()
}

/// Draws the order of an epoch's `len` images: a uniform permutation of `0..len`.
pub fn shuffled(seed: u64, epoch: u64, len: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.shuffle(&mut generator(seed, Purpose::Shuffle, epoch));
    order
}

/// Draws which `count` of `len` training images a run uses: the first ones of a uniform permutation of `0..len`, in
/// ascending order. More images of the same seed contain fewer.
pub fn sample(seed: u64, count: usize, len: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.shuffle(&mut generator(seed, Purpose::Sample, 0));
    order.truncate(count);
    order.sort_unstable();
    order
}

/// Draws which `count` of these labels are wrong, and their wrong classes: each is uniform among the other ones of
/// `classes` classes. Returns them with their indices, in ascending order.
///
/// # Panics
///
/// If there are fewer than two classes.
pub fn label_noise(seed: u64, count: usize, labels: &[u8], classes: usize) -> Vec<(usize, u8)> {
    let mut generator = generator(seed, Purpose::LabelNoise, 0);
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.shuffle(&mut generator);
    order.truncate(count);
    order.sort_unstable();
    let last = u8::try_from(classes - 1).unwrap_or(u8::MAX);
    let wrong = order.into_iter().map(|index| {
        let other = generator.random_range(0..last);
        (index, if other < labels[index] { other } else { other + 1 })
    });
    wrong.collect()
}

/// Draws a dropout mask of `len` factors: 0 with probability `rate` (0 or more and below 1), else 1 / (1 − rate).
/// This is inverted dropout, as in Keras (Srivastava et al. 2014).
pub fn dropout_mask(seed: u64, layer: LayerName, step: u64, rate: f64, len: usize) -> Vec<f32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 <= rate < 1, so the product is within u32"
    )]
    let threshold = (rate * (f64::from(u32::MAX) + 1.0)) as u32;
    #[expect(clippy::cast_possible_truncation, reason = "the scale is an f32")]
    let scale = (1.0 / (1.0 - rate)) as f32;
    let mut mask = vec![0.0; len.next_multiple_of(DRAWS)];
    let mut lanes = Lanes::new(key(seed, Purpose::Dropout(layer), step));
    lanes.fill(&mut mask, |draw| if draw >= threshold { scale } else { 0.0 });
    mask.truncate(len);
    mask
}

/// Draws `len` normal numbers of mean 0 and this standard deviation: Keras's `GaussianNoise`.
pub fn gaussian_noise(
    seed: u64,
    layer: LayerName,
    step: u64,
    deviation: f64,
    len: usize,
) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "the noise is an f32")]
    let deviation = deviation as f32;
    normals(key(seed, Purpose::GaussianNoise(layer), step), 0.0, deviation, len)
}

/// Draws `len` factors of Gaussian dropout, for a rate of 0 or more and below 1: normal numbers of mean 1 and variance
/// rate / (1 − rate), as Keras's `GaussianDropout`.
pub fn gaussian_factors(seed: u64, layer: LayerName, step: u64, rate: f64, len: usize) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "the factor is an f32")]
    let deviation = (rate / (1.0 - rate)).sqrt() as f32;
    normals(key(seed, Purpose::GaussianDropout(layer), step), 1.0, deviation, len)
}

/// Draws `len` normal numbers of this mean and standard deviation.
fn normals(key: u64, mean: f32, deviation: f32, len: usize) -> Vec<f32> {
    let mut lanes = Lanes::new(key);
    let (mut draws, mut normals) = ([0; NORMALS], [0.0; NORMALS]);
    let mut values = Vec::with_capacity(len);
    while values.len() < len {
        lanes.fill(&mut draws, |draw| draw);
        fill_normals(&draws, &mut normals, mean, deviation);
        values.extend_from_slice(&normals[..NORMALS.min(len - values.len())]);
    }
    values
}

/// Draws the shifts of `len` images in an epoch, right and down: each uniform in the whole numbers from −`most` to
/// `most`.
pub fn shifts(seed: u64, epoch: u64, most: u8, len: usize) -> Vec<[i16; 2]> {
    let mut generator = generator(seed, Purpose::Shift, epoch);
    let most = i16::from(most);
    let mut shift = || generator.random_range(-most..=most);
    (0..len).map(|_| [shift(), shift()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYER: LayerName = LayerName::Hidden(1);

    fn kept_fraction(mask: &[f32]) -> f64 {
        mask.iter().filter(|&&factor| factor != 0.0).count() as f64 / mask.len() as f64
    }

    /// Returns the fraction of units on which two masks agree.
    fn agreement(one: &[f32], other: &[f32]) -> f64 {
        let agreeing = one.iter().zip(other).filter(|(one, other)| one == other).count();
        agreeing as f64 / one.len() as f64
    }

    #[test]
    fn a_sample_is_uniform_and_contains_smaller_ones() {
        let (small, large) = (sample(0, 100, 1000), sample(0, 300, 1000));
        assert!(small.is_sorted() && large.len() == 300 && large.last() < Some(&1000));
        assert!(small.iter().all(|index| large.contains(index)));
        assert_ne!(small, sample(1, 100, 1000));
        assert_eq!(sample(0, 10, 10), (0..10).collect::<Vec<_>>());
        // Each image is in a tenth of the samples: a binomial count of mean 100 and deviation 9.5.
        let samples: Vec<Vec<usize>> = (0..1000).map(|seed| sample(seed, 2, 20)).collect();
        for image in 0..20 {
            let count = samples.iter().filter(|sample| sample.contains(&image)).count();
            assert!((60..140).contains(&count), "image {image} is in {count} samples");
        }
    }

    #[test]
    fn dropout_keeps_the_expected_fraction_and_scales_it() {
        for rate in [0.1, 0.2, 0.5, 0.9] {
            let mask = dropout_mask(0, LAYER, 0, rate, 250_001);
            assert_eq!(mask.len(), 250_001);
            // Five standard deviations of the kept fraction of 250 001 units.
            let tolerance = 5.0 * (rate * (1.0 - rate) / 250_001.0).sqrt();
            assert!((kept_fraction(&mask) - (1.0 - rate)).abs() < tolerance, "{rate}");
            let scale = 1.0 / (1.0 - rate);
            assert!(
                mask.iter()
                    .all(|&factor| factor == 0.0 || (f64::from(factor) - scale).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn masks_are_independent_between_steps_seeds_and_layers() {
        let mask = |seed, layer, step| dropout_mask(seed, layer, step, 0.5, 100_000);
        let base = mask(0, LAYER, 0);
        assert_eq!(base, mask(0, LAYER, 0));
        for other in [
            mask(1, LAYER, 0),
            mask(0, LAYER, 1),
            mask(0, LayerName::Hidden(0), 0),
            mask(0, LAYER, 1 << 32),
        ] {
            // Independent masks at rate ½ agree on half of the units, with a standard deviation of 0.0016.
            assert!((agreement(&base, &other) - 0.5).abs() < 0.008);
        }
        // Neighbouring units, the two halves of a lane's word, and successive words of a lane.
        for shift in [1, DRAWS / 2, DRAWS] {
            let shifted = agreement(&base[shift..], &base[..base.len() - shift]);
            assert!((shifted - 0.5).abs() < 0.008, "{shift} apart: {shifted}");
        }
    }

    #[test]
    fn gaussian_noise_has_the_moments_of_a_normal_distribution() {
        let values = gaussian_noise(3, LAYER, 5, 0.5, 1_000_001);
        assert_eq!(values.len(), 1_000_001);
        let moment = |power| {
            let powers = values.iter().map(|&value| (f64::from(value) / 0.5).powi(power));
            powers.sum::<f64>() / values.len() as f64
        };
        // Five standard deviations of the moments of a million numbers.
        for (power, expected, variance) in
            [(1, 0.0, 1.0_f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let tolerance = 5.0 * (variance / 1e6).sqrt();
            assert!((moment(power) - expected).abs() < tolerance, "{power}: {}", moment(power));
        }
        // Φ(1), Φ(2) and Φ(3).
        for (limit, expected) in [(1.0, 0.841_345), (2.0, 0.977_250), (3.0, 0.998_650)] {
            let below = values.iter().filter(|&&value| f64::from(value) < limit * 0.5).count();
            assert!((below as f64 / 1e6 - expected).abs() < 0.002, "{limit}: {below}");
        }
        // The two numbers of a pair, and neighbours, are independent.
        for apart in [1, DRAWS / 2, DRAWS, NORMALS / 2] {
            let products = values.iter().zip(&values[apart..]).map(|(one, other)| one * other);
            let correlation = products.map(f64::from).sum::<f64>() / 0.25 / 1e6;
            assert!(correlation.abs() < 0.005, "{apart} apart: {correlation}");
        }
        let other = |seed, layer, step| gaussian_noise(seed, layer, step, 0.5, 64);
        assert_eq!(other(3, LAYER, 5), values[..64]);
        for other in [other(4, LAYER, 5), other(3, LAYER, 6), other(3, LayerName::Input, 5)] {
            assert_ne!(other, values[..64]);
        }
    }

    #[test]
    fn gaussian_factors_have_mean_1_and_the_variance_of_dropout() {
        let factors = gaussian_factors(3, LAYER, 5, 0.2, 1_000_000);
        let mean = factors.iter().map(|&factor| f64::from(factor)).sum::<f64>() / 1e6;
        let squares = factors.iter().map(|&factor| (f64::from(factor) - 1.0).powi(2));
        let variance = squares.sum::<f64>() / 1e6;
        assert!(
            (mean - 1.0).abs() < 0.0025 && (variance - 0.25).abs() < 0.002,
            "{mean} {variance}"
        );
    }

    #[test]
    fn wrong_labels_are_uniform_among_the_other_classes() {
        let labels: Vec<u8> = (0..10).cycle().take(50_000).collect();
        let wrong = label_noise(3, 20_000, &labels, 10);
        assert_eq!(wrong.len(), 20_000);
        assert!(wrong.is_sorted_by(|(one, _), (next, _)| one < next));
        let mut counts = [[0; 10]; 10];
        for &(index, class) in &wrong {
            counts[usize::from(labels[index])][usize::from(class)] += 1;
        }
        for (truth, counts) in counts.iter().enumerate() {
            for (class, &count) in counts.iter().enumerate() {
                // A binomial count of mean 222 and deviation 15.
                let expected = if class == truth { 0..1 } else { 145..300 };
                assert!(expected.contains(&count), "{truth} as {class}: {count}");
            }
        }
        assert_ne!(wrong, label_noise(4, 20_000, &labels, 10));
    }

    #[test]
    fn shifts_are_uniform() {
        let shifts = shifts(3, 1, 2, 50_000);
        for right in -2..=2 {
            for down in -2..=2 {
                let count = shifts.iter().filter(|shift| **shift == [right, down]).count();
                // A binomial count of mean 2000 and deviation 44.
                assert!((1780..2220).contains(&count), "{right}, {down}: {count}");
            }
        }
        assert_ne!(shifts, super::shifts(3, 2, 2, 50_000));
    }

    #[test]
    fn the_streams_have_not_changed() {
        // Other streams give other results: whoever changes a number here has to increase the trainer's `NUMERICS`.
        let mask = dropout_mask(7, LAYER, 3, 0.5, 64);
        let decisions =
            mask.iter().rev().fold(0_u64, |bits, &unit| bits << 1 | u64::from(unit != 0.0));
        assert_eq!(decisions, 0x6BEA_14B4_9810_1095);
        assert_eq!(shuffled(7, 1, 8), [6, 0, 2, 7, 3, 5, 4, 1]);
        assert_eq!(shifts(7, 1, 2, 3), [[1, 1], [2, 0], [1, 2]]);
        assert_eq!(gaussian_noise(7, LAYER, 3, 1.0, 2), [0.740_124_1, 1.082_957_3]);
        assert_eq!(gaussian_factors(7, LAYER, 3, 0.5, 2), [0.037_820_1, 2.024_320_6]);
        assert_eq!(glorot_uniform(7, LAYER, 1, 2), [1.375_955_7, 0.315_508_93]);
        assert_eq!(glorot_uniform(7, LayerName::Output, 1, 2), [0.659_996_4, 0.347_790_57]);
    }

    #[test]
    fn glorot_uniform_has_the_expected_bound_and_moments() {
        let kernel = glorot_uniform(3, LAYER, 300, 200);
        let limit = (6.0_f64 / 500.0).sqrt();
        let values: Vec<f64> = kernel.iter().map(|&value| f64::from(value)).collect();
        let mean = values.iter().sum::<f64>() / 60_000.0;
        let variance = values.iter().map(|value| value * value).sum::<f64>() / 60_000.0;
        assert!(values.iter().all(|value| value.abs() <= limit));
        assert!(values.iter().any(|value| value.abs() > 0.999 * limit));
        // The variance of the distribution is limit² / 3, the standard deviation of a mean of n limit / √(3 n).
        assert!(mean.abs() < 5.0 * limit / (3.0 * 60_000.0_f64).sqrt(), "{mean}");
        assert!((variance / (limit * limit / 3.0) - 1.0).abs() < 0.02, "{variance}");
        assert_ne!(kernel, glorot_uniform(4, LAYER, 300, 200));
        assert_ne!(kernel, glorot_uniform(3, LayerName::Output, 300, 200));
    }

    #[test]
    fn each_epoch_has_its_own_permutation_of_the_images() {
        let mut order = shuffled(0, 1, 1000);
        assert_ne!(order, shuffled(0, 2, 1000));
        assert_ne!(order, shuffled(1, 1, 1000));
        assert_eq!(order, shuffled(0, 1, 1000));
        let unmoved = order.iter().enumerate().filter(|(index, image)| index == *image).count();
        assert!(unmoved < 10, "{unmoved} of 1000 images kept their index");
        order.sort_unstable();
        assert!(order.into_iter().eq(0..1000));
    }
}
