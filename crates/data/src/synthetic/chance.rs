//! Chance that falls alike on every machine: a fixed generator, and only arithmetic that IEEE 754
//! lays down to the last bit.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Where one digit gets all its random numbers from.
pub(super) type Chance = Xoshiro256PlusPlus;

/// Another seed is another data set.
const SEED: u64 = 0x0D16_1750_0000_0000;

/// Which of a set's two splits; both come out of the same distribution.
#[derive(Debug, Clone, Copy)]
pub(super) enum Half {
    Train,
    Test,
}

/// The generator of one digit, so that none depends on which were drawn before it.
pub(super) fn of_digit(half: Half, index: u32) -> Chance {
    Chance::seed_from_u64(SEED ^ ((half as u64) << 32) ^ u64::from(index))
}

/// A number with the mean 0 and the standard deviation `spread`, at most 3.5 times as large.
///
/// A sum of uniform numbers, as a normal distribution would need `ln` and `cos`, which differ
/// between platforms.
pub(super) fn around_zero(chance: &mut Chance, spread: f32) -> f32 {
    let sum: f32 = (0..4).map(|_| chance.random::<f32>()).sum();
    // Four uniform numbers add up to 2 on average, with the variance 1/3.
    (sum - 2.0) * 3.0_f32.sqrt() * spread
}
