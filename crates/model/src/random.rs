//! The only source of a run's random numbers. Each stream is keyed by (run seed, purpose, step). So it depends on no
//! earlier or concurrent draw, and it is the same on every backend.

mod lanes;

use rand::{Rng, RngExt, SeedableRng, seq::SliceRandom};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

use crate::LayerName;
use lanes::{DRAWS, Lanes};

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
}

impl Purpose {
    /// Returns the purpose's part of the key. Changing a number here changes every result.
    fn key(self) -> u64 {
        let of_layer = |layer| match layer {
            LayerName::Hidden(index) => index as u64,
            LayerName::Output => u64::from(u32::MAX),
        };
        match self {
            Self::Shuffle => 0,
            Self::Kernel(layer) => 1 << 32 | of_layer(layer),
            Self::Dropout(layer) => 2 << 32 | of_layer(layer),
            Self::Sample => 3 << 32,
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
    let factor = |draw: u32| if draw >= threshold { scale } else { 0.0 };
    let mut mask = vec![0.0; len.next_multiple_of(DRAWS)];
    Lanes::new(key(seed, Purpose::Dropout(layer), step)).fill(&mut mask, factor);
    mask.truncate(len);
    mask
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
    fn the_streams_have_not_changed() {
        // Other streams give other results: whoever changes a number here has to increase the trainer's `NUMERICS`.
        let mask = dropout_mask(7, LAYER, 3, 0.5, 64);
        let decisions =
            mask.iter().rev().fold(0_u64, |bits, &unit| bits << 1 | u64::from(unit != 0.0));
        assert_eq!(decisions, 0x6BEA_14B4_9810_1095);
        assert_eq!(shuffled(7, 1, 8), [6, 0, 2, 7, 3, 5, 4, 1]);
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
