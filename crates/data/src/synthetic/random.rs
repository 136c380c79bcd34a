//! Random numbers that are the same on every machine: a fixed generator, and only arithmetic that
//! IEEE 754 defines exactly.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Generator of all random numbers of one digit.
pub(super) type Rng = Xoshiro256PlusPlus;

/// Seed of the data set.
const SEED: u64 = 0x0D16_1750_0000_0000;

/// Training or test set, drawn from the same distribution.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subset {
    Train,
    Test,
}

/// Creates the generator of one digit, which does not depend on any digit drawn before.
pub(super) fn of_digit(subset: Subset, index: u32) -> Rng {
    Rng::seed_from_u64(SEED ^ ((subset as u64) << 32) ^ u64::from(index))
}

/// Draws a number of mean 0 and standard deviation `spread`; its magnitude is below 3.5 `spread`.
///
/// It is a sum of uniform numbers. A normal distribution would need `ln` and `cos`, which differ
/// between platforms.
pub(super) fn near_zero(rng: &mut Rng, spread: f32) -> f32 {
    let sum: f32 = (0..4).map(|_| rng.random::<f32>()).sum();
    // The sum of four uniform numbers has mean 2 and variance 1/3.
    (sum - 2.0) * 3.0_f32.sqrt() * spread
}
