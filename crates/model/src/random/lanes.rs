//! Many draws at a time.

use rand::Rng;
use rand_xoshiro::{SplitMix64, rand_core::SeedableRng};

/// Generators that run side by side: enough for the compiler to make a loop of them and to take several
/// of its turns in one instruction.
const LANES: usize = 32;
/// Decisions at a time.
pub(super) const DRAWS: usize = 2 * LANES;

/// Xoshiro256++ (Blackman & Vigna 2021), many times over, as Julia draws its arrays.
pub(super) struct Lanes {
    /// The generators' four words, each word of all of them together.
    words: [[u64; LANES]; 4],
}

impl Lanes {
    pub(super) fn new(key: u64) -> Self {
        let mut seeds = SplitMix64::seed_from_u64(key);
        Self { words: std::array::from_fn(|_| std::array::from_fn(|_| seeds.next_u64())) }
    }

    /// Puts what becomes of the next draws in their places, as far as [`DRAWS`] at a time fit: the low
    /// halves of all lanes' words, then their high halves.
    #[expect(clippy::cast_possible_truncation, reason = "a half is meant")]
    pub(super) fn fill(&mut self, places: &mut [f32], value: impl Fn(u32) -> f32) {
        for places in places.chunks_exact_mut(DRAWS) {
            let draws = self.draw();
            let (low, high) = places.split_at_mut(LANES);
            for lane in 0..LANES {
                low[lane] = value(draws[lane] as u32);
                high[lane] = value((draws[lane] >> 32) as u32);
            }
        }
    }

    /// Every lane's next draw.
    #[inline]
    fn draw(&mut self) -> [u64; LANES] {
        let [first, second, third, fourth] = &mut self.words;
        let mut draws = [0; LANES];
        for lane in 0..LANES {
            let sum = first[lane].wrapping_add(fourth[lane]);
            draws[lane] = sum.rotate_left(23).wrapping_add(first[lane]);

            let shifted = second[lane] << 17;
            third[lane] ^= first[lane];
            fourth[lane] ^= second[lane];
            second[lane] ^= third[lane];
            first[lane] ^= fourth[lane];
            third[lane] ^= shifted;
            fourth[lane] = fourth[lane].rotate_left(45);
        }
        draws
    }
}

#[cfg(test)]
mod tests {
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn each_lane_is_xoshiro256_plus_plus() {
        let mut lanes = Lanes::new(7);
        let mut alone: [Xoshiro256PlusPlus; LANES] = std::array::from_fn(|lane| {
            let words = lanes.words.map(|word| word[lane].to_le_bytes());
            Xoshiro256PlusPlus::from_seed(words.concat().try_into().unwrap())
        });
        for _ in 0..100 {
            assert_eq!(lanes.draw(), alone.each_mut().map(Rng::next_u64));
        }
    }
}
