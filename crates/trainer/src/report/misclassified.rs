//! Test images that most networks misclassify.

use base64::{Engine, prelude::BASE64_STANDARD};
use data::Split;
use serde::Serialize;

/// The maximum number of images that are shown.
const SHOWN: usize = 24;

/// A test image that most networks misclassify.
#[derive(Debug, Serialize)]
pub(super) struct Misclassified {
    pub(super) index: usize,
    label: u8,
    /// One byte for each pixel, in base64.
    pixels: String,
}

/// Returns the images that more than half of the networks misclassify, those with most errors first and at most
/// [`SHOWN`], and the number of all such images.
pub(super) fn misclassified(test: &Split, predictions: &[&[u8]]) -> (Vec<Misclassified>, usize) {
    let networks = predictions.len();
    let errors = |index: usize| {
        let label = test.labels()[index];
        predictions.iter().filter(|predictions| predictions[index] != label).count()
    };
    let mut indices: Vec<usize> =
        (0..test.len()).filter(|&index| 2 * errors(index) > networks).collect();
    indices.sort_by_key(|&index| networks - errors(index));
    let images = indices.iter().take(SHOWN).map(|&index| Misclassified {
        index,
        label: test.labels()[index],
        pixels: BASE64_STANDARD.encode(test.image(index)),
    });
    (images.collect(), indices.len())
}

#[cfg(test)]
mod tests {
    use data::Shape;

    use super::*;

    #[test]
    fn images_that_most_networks_misclassify_are_returned() {
        let shape = Shape { width: 2, height: 1, classes: 5 };
        let test = Split::new(shape, vec![0; 8], vec![1, 2, 3, 4]);
        let predictions: [&[u8]; 3] = [&[1, 0, 0, 4], &[0, 0, 0, 4], &[1, 2, 0, 4]];
        let (images, total) = misclassified(&test, &predictions);
        let indices: Vec<usize> = images.iter().map(|image| image.index).collect();
        assert_eq!((indices, total), (vec![2, 1], 2));
    }
}
