//! Many generators side by side, for noise and dropout masks.

use rand::Rng;
use rand_xoshiro::{SplitMix64, rand_core::SeedableRng};

/// Number of generators side by side: enough for the compiler to vectorise the loops over them.
const LANES: usize = 32;
/// Number of draws at a time: both halves of the next word of every lane.
pub(super) const DRAWS: usize = 2 * LANES;

/// Xoshiro256++ generators (Blackman & Vigna 2021) that step together. Julia fills its arrays in the same way.
pub(super) struct Lanes {
    /// The four state words of the generators: `words[i][lane]` is word i of a lane.
    words: [[u64; LANES]; 4],
}

impl Lanes {
    pub(super) fn new(key: u64) -> Self {
        let mut seeds = SplitMix64::seed_from_u64(key);
        Self { words: std::array::from_fn(|_| std::array::from_fn(|_| seeds.next_u64())) }
    }

    /// Fills a slice with a function of the next draws, [`DRAWS`] at a time: the low halves of all lanes' words,
    /// then their high halves. The slice's length has to be a multiple of [`DRAWS`]; a remainder stays unchanged.
    #[expect(clippy::cast_possible_truncation, reason = "each half of a word is a draw")]
    pub(super) fn fill<T>(&mut self, values: &mut [T], function: impl Fn(u32) -> T) {
        for values in values.chunks_exact_mut(DRAWS) {
            let words = self.next_words();
            let (low, high) = values.split_at_mut(LANES);
            for lane in 0..LANES {
                low[lane] = function(words[lane] as u32);
                high[lane] = function((words[lane] >> 32) as u32);
            }
        }
    }

    /// Draws the next word of each lane.
    #[inline]
    fn next_words(&mut self) -> [u64; LANES] {
        let [first, second, third, fourth] = &mut self.words;
        let mut words = [0; LANES];
        for lane in 0..LANES {
            let sum = first[lane].wrapping_add(fourth[lane]);
            words[lane] = sum.rotate_left(23).wrapping_add(first[lane]);

            let shifted = second[lane] << 17;
            third[lane] ^= first[lane];
            fourth[lane] ^= second[lane];
            second[lane] ^= third[lane];
            first[lane] ^= fourth[lane];
            third[lane] ^= shifted;
            fourth[lane] = fourth[lane].rotate_left(45);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn each_lane_is_xoshiro256_plus_plus() {
        let mut lanes = Lanes::new(7);
        let mut reference: [Xoshiro256PlusPlus; LANES] = std::array::from_fn(|lane| {
            let words = lanes.words.map(|word| word[lane].to_le_bytes());
            Xoshiro256PlusPlus::from_seed(words.concat().try_into().unwrap())
        });
        for _ in 0..100 {
            assert_eq!(lanes.next_words(), reference.each_mut().map(Rng::next_u64));
        }
    }
}
