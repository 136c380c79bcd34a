//! Test images that networks read differently from the first one, and those that most misread.

use base64::{Engine, prelude::BASE64_STANDARD};
use data::Split;
use serde::Serialize;

/// The maximum number of images of a kind.
const SHOWN: usize = 6;

/// A test image that networks misread.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Mistake {
    pub(super) index: usize,
    kind: Kind,
    label: u8,
    /// One byte for each pixel, in base64.
    pixels: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// The first network misreads it, others read it.
    Gained,
    /// The first network reads it, others misread it.
    Lost,
    /// More than half of the networks misread it.
    Hard,
}

/// Returns images of each kind, given the predictions of each network, the first one's first. Those that most of the
/// others read or misread come first, and each image has one kind.
pub(super) fn mistakes(test: &Split, predictions: &[&[u8]]) -> Vec<Mistake> {
    let Some((first, others)) = predictions.split_first() else { return Vec::new() };
    let label = |index: usize| test.labels()[index];
    let errors =
        |index: usize| others.iter().filter(|network| network[index] != label(index)).count();
    let is_read_by_first = |index: usize| first[index] == label(index);
    let mut found: Vec<(usize, Kind)> = Vec::new();
    for kind in [Kind::Gained, Kind::Lost, Kind::Hard] {
        let mut ranked: Vec<(usize, usize)> = (0..test.len())
            .filter(|index| found.iter().all(|(other, _)| other != index))
            .filter_map(|index| {
                let (wrong, right) = (errors(index), others.len() - errors(index));
                let rank = match kind {
                    Kind::Gained => {
                        if is_read_by_first(index) {
                            0
                        } else {
                            right
                        }
                    }
                    Kind::Lost => {
                        if is_read_by_first(index) {
                            wrong
                        } else {
                            0
                        }
                    }
                    Kind::Hard => {
                        let all = wrong + usize::from(!is_read_by_first(index));
                        if 2 * all > predictions.len() { all } else { 0 }
                    }
                };
                (rank > 0).then_some((rank, index))
            })
            .collect();
        ranked.sort_by_key(|&(rank, index)| (usize::MAX - rank, index));
        found.extend(ranked.into_iter().take(SHOWN).map(|(_, index)| (index, kind)));
    }
    let images = found.into_iter().map(|(index, kind)| Mistake {
        index,
        kind,
        label: label(index),
        pixels: BASE64_STANDARD.encode(test.image(index)),
    });
    images.collect()
}

#[cfg(test)]
mod tests {
    use data::Shape;

    use super::*;

    #[test]
    fn images_are_those_on_which_the_first_and_the_others_differ() {
        let shape = Shape { width: 2, height: 1, classes: 5 };
        let test = Split::new(shape, vec![0; 10], vec![1, 2, 3, 4, 0]);
        let predictions: [&[u8]; 3] = [&[1, 0, 0, 4, 0], &[0, 2, 0, 4, 0], &[0, 2, 0, 3, 0]];
        let images = mistakes(&test, &predictions);
        let found: Vec<(usize, Kind)> =
            images.iter().map(|image| (image.index, image.kind)).collect();
        let expected = [(1, Kind::Gained), (0, Kind::Lost), (3, Kind::Lost), (2, Kind::Hard)];
        assert_eq!(found, expected);
        assert_eq!(mistakes(&test, &[]), []);
    }
}
