//! Typical training images, and the distance of other images from them.

use data::{Shape, Split};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Side of the patterns to which images are reduced.
const SIDE: usize = 14;
/// Values of a pattern.
const VALUES: usize = SIDE * SIDE;
/// Number of sums of a distance. It divides [`VALUES`].
const LANES: usize = 28;
/// Number of patterns: as many as 100 KB hold.
const PATTERNS: usize = 375;
/// Number of training images that are looked at: half for the patterns, half for the distance.
const LOOKED_AT: usize = 4000;
/// Least number of training images.
const LEAST: usize = 200;
/// Passes of k-means. Later ones change little.
const PASSES: usize = 5;
/// Share of the training images that are nearer than [`TypicalImages::distance`].
const NEARER: f64 = 0.99;
/// Greatest value of a pattern in a file: a hexadecimal digit.
const MOST: f32 = 15.0;

/// Patterns that a network's training images resemble: means of similar images, found by k-means (Lloyd 1982).
///
/// A pattern is an image reduced to 14 × 14 values and a length of 1, so that neither the strength of its ink nor a
/// small shift matters much. An image is unlike the training images if it is farther from the nearest pattern than 99 %
/// of those training images from which no pattern was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypicalImages {
    /// Least distance of an image that is unlike the training images, 0 to 2.
    distance: f32,
    /// Patterns, a hexadecimal digit a value, row by row.
    patterns: Vec<String>,
}

impl TypicalImages {
    /// Finds the typical images of a split; `None` if it has too few images. Labels do not matter.
    pub fn of(split: &Split) -> Option<Self> {
        if split.len() < LEAST {
            return None;
        }
        let count = split.len().min(LOOKED_AT);
        let shape = split.shape();
        let image = |index: usize| pattern(split.image(index * split.len() / count), shape);
        let images: Vec<Pattern> = (0..count / 2).map(|index| image(2 * index)).collect();
        let patterns: Vec<String> = means(&images).iter().map(to_text).collect();
        // The distance is from the patterns as they will be read.
        let typical = Self { distance: 0.0, patterns };
        let read = typical.read().ok()?;
        let others = (0..count / 2).map(|index| nearest(&read, &image(2 * index + 1)).1);
        let mut distances: Vec<f32> = others.collect();
        distances.sort_unstable_by(f32::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of the length"
        )]
        let rank = (NEARER * distances.len() as f64) as usize;
        Some(Self { distance: distances[rank], ..typical })
    }

    /// Returns whether an image `[height * width]` is unlike the training images.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsMismatch`] if the patterns are damaged.
    pub fn is_unlike(&self, image: &[u8], shape: Shape) -> Result<bool, Error> {
        Ok(nearest(&self.read()?, &pattern(image, shape)).1 > self.distance)
    }

    /// Reads the patterns.
    pub(crate) fn read(&self) -> Result<Vec<Pattern>, Error> {
        let patterns: Option<Vec<Pattern>> =
            self.patterns.iter().map(|text| from_text(text)).collect();
        patterns.filter(|patterns| !patterns.is_empty()).ok_or_else(|| {
            let reason = format!("its metadata need patterns of {VALUES} hexadecimal digits");
            Error::WeightsMismatch(reason)
        })
    }
}

/// Values of a pattern, row by row. The sum of their squares is 1, or 0 for an empty image.
type Pattern = [f32; VALUES];

/// Reduces an image: each value is the mean of the part of the image that it covers.
fn pattern(image: &[u8], Shape { width, height, .. }: Shape) -> Pattern {
    let [columns, rows] = [width, height].map(overlaps);
    let mut values = [0.0; VALUES];
    for (value, (row, column)) in
        values.iter_mut().zip((0..VALUES).map(|place| (place / SIDE, place % SIDE)))
    {
        for &(y, tall) in &rows[row] {
            for &(x, wide) in &columns[column] {
                *value += tall * wide * f32::from(image[y * width + x]);
            }
        }
    }
    unit(&values)
}

/// Returns for each of a pattern's rows which of an image's rows it covers, and how much of each.
fn overlaps(length: usize) -> Vec<Vec<(usize, f32)>> {
    let mut rows = Vec::new();
    for part in 0..SIDE {
        let (first, last) = (part * length / SIDE, ((part + 1) * length).div_ceil(SIDE));
        let covered = (first..last).map(|at| {
            // In units of 1 / (SIDE · length).
            let start = (part * length).max(at * SIDE);
            let end = ((part + 1) * length).min((at + 1) * SIDE);
            (at, end.saturating_sub(start) as f32)
        });
        rows.push(covered.collect());
    }
    rows
}

/// Scales values to a length of 1.
fn unit(values: &Pattern) -> Pattern {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.map(|value| if length > 0.0 { value / length } else { 0.0 })
}

/// Returns the means of similar images, of a length of 1.
fn means(images: &[Pattern]) -> Vec<Pattern> {
    let count = PATTERNS.min(images.len() / 2);
    let mut means: Vec<Pattern> =
        (0..count).map(|index| images[index * images.len() / count]).collect();
    for _ in 0..PASSES {
        let mut sums = vec![[0.0; VALUES]; count];
        for image in images {
            let (index, _) = nearest(&means, image);
            for (sum, value) in sums[index].iter_mut().zip(image) {
                *sum += value;
            }
        }
        for (mean, sum) in means.iter_mut().zip(sums) {
            if sum.iter().any(|value| *value > 0.0) {
                *mean = unit(&sum);
            }
        }
    }
    means
}

/// Returns the index of the nearest pattern, and its distance.
fn nearest(patterns: &[Pattern], image: &Pattern) -> (usize, f32) {
    let distances = patterns.iter().map(|pattern| {
        // Many sums at once, so that the compiler can vectorise.
        let mut sums = [0.0; LANES];
        for (one, other) in pattern.as_chunks::<LANES>().0.iter().zip(image.as_chunks::<LANES>().0)
        {
            for lane in 0..LANES {
                sums[lane] += (one[lane] - other[lane]) * (one[lane] - other[lane]);
            }
        }
        sums.iter().sum::<f32>()
    });
    let nearest = distances.enumerate().min_by(|(_, one), (_, other)| one.total_cmp(other));
    nearest.map_or((0, f32::MAX), |(index, square)| (index, square.sqrt()))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 15")]
fn to_text(values: &Pattern) -> String {
    let most = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let digits = values.iter().map(|value| (value / most * MOST).round() as u32);
    digits.filter_map(|digit| char::from_digit(digit, 16)).collect()
}

fn from_text(text: &str) -> Option<Pattern> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let values: Vec<f32> = digits?.into_iter().map(|digit| digit as f32).collect();
    Some(unit(&values.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_resemble_digits_and_stripes_do_not() {
        let digits = data::synthetic();
        let train = digits.train.first(2000);
        let typical = TypicalImages::of(&train).unwrap();
        assert_eq!(TypicalImages::of(&train).unwrap(), typical);
        let shape = train.shape();
        let unlike = |split: &Split| {
            let images = (0..500).map(|index| split.image(index));
            images.filter(|image| typical.is_unlike(image, shape).unwrap()).count()
        };
        assert!(unlike(&digits.test) <= 15, "{}", unlike(&digits.test));
        let stripes: Vec<u8> =
            (0..shape.pixels()).map(|at| if at / 28 % 8 < 3 { 255 } else { 0 }).collect();
        assert!(typical.is_unlike(&stripes, shape).unwrap());
        let size = serde_json::to_string(&typical).unwrap().len();
        assert!((60_000..100_000).contains(&size), "{size}");
    }

    #[test]
    fn few_images_are_not_typical_and_damage_is_refused() {
        assert_eq!(TypicalImages::of(&data::synthetic().test.first(199)), None);
        for pattern in ["", "0123", &"g".repeat(VALUES), &"é".repeat(VALUES)] {
            let typical = TypicalImages { distance: 0.1, patterns: vec![pattern.to_owned()] };
            let error = typical.is_unlike(&[0; 784], Shape::MNIST).unwrap_err();
            assert!(error.to_string().contains("need patterns of 196"), "{error}");
        }
    }

    #[test]
    fn an_image_of_any_size_is_reduced() {
        // The left half is white.
        for (width, height) in [(28, 28), (14, 3), (3, 40), (1, 1), (30, 20)] {
            let shape = Shape { width, height, classes: 2 };
            let image: Vec<u8> = (0..shape.pixels())
                .map(|at| if 2 * (at % width) < width - 1 { 255 } else { 0 })
                .collect();
            let values = pattern(&image, shape);
            let length: f32 = values.iter().map(|value| value * value).sum();
            assert!(width == 1 || (length - 1.0).abs() < 1e-5, "{width} × {height}: {length}");
            assert_eq!(values[SIDE - 1], 0.0);
        }
    }
}
