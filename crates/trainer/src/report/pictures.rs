//! Pictures of the first layer: the kernels of its first units by epoch.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use training::FIRST_UNITS;

use super::network::PageNetwork;
use crate::{
    results::Row,
    store::{Error, record::FIRST_LAYER},
};

/// The share of the weights whose magnitude is at most [`Pictures::largest`].
const WITHIN: f64 = 0.995;
/// The least change of a unit that has learnt something, as a part of the largest change of a unit.
const LEARNT: f64 = 0.05;
/// The share of a squared norm that rounding to float16 may make up, with a margin.
const ROUNDING: f64 = 1e-5;

/// Kernels of the first layer's first units, row-major `[inputs, units]`.
#[derive(Debug)]
pub(super) struct Kernels {
    units: usize,
    by_epoch: BTreeMap<usize, Vec<f32>>,
    /// Those of the trained network, which may be those of an earlier epoch.
    trained: Vec<f32>,
}

impl Kernels {
    /// Creates those of a network, without any by epoch.
    pub(super) fn of(network: &PageNetwork) -> Self {
        let width = network.first_layer_units();
        let units = FIRST_UNITS.min(width);
        let trained = network.first_kernel.chunks(width).flat_map(|row| &row[..units]).copied();
        Self { units, by_epoch: BTreeMap::new(), trained: trained.collect() }
    }

    /// Reads those of a run by epoch, if it recorded them.
    pub(super) fn read(&mut self, row: &Row) -> Result<(), Error> {
        let by_epoch = row.record.read_first_layer(&row.folder)?.unwrap_or_default();
        if by_epoch.values().any(|kernel| kernel.len() != self.trained.len()) {
            let reason = format!("its tensors need {} values each", self.trained.len());
            return Err(Error::Malformed { path: row.folder.join(FIRST_LAYER), reason });
        }
        self.by_epoch = by_epoch;
        Ok(())
    }

    /// Returns the units that have learnt something: whose weights are not those before the first step, nor a multiple.
    fn learnt(&self) -> Vec<usize> {
        let Some(start) = self.by_epoch.get(&0) else { return (0..self.units).collect() };
        let changes: Vec<f64> = (0..self.units).map(|unit| self.change(start, unit)).collect();
        let largest = changes.iter().copied().fold(0.0, f64::max);
        (0..self.units).filter(|unit| changes[*unit] > (LEARNT * LEARNT) * largest).collect()
    }

    /// Returns the squared norm of the part of a unit's weights that is not along those at the start; 0 for rounding.
    fn change(&self, start: &[f32], unit: usize) -> f64 {
        let column = |kernel: &[f32]| -> Vec<f64> {
            kernel.iter().skip(unit).step_by(self.units).map(|&weight| weight.into()).collect()
        };
        let dot = |one: &[f64], other: &[f64]| -> f64 {
            one.iter().zip(other).map(|(one, other)| one * other).sum()
        };
        let (start, end) = (column(start), column(&self.trained));
        let along = dot(&start, &end).powi(2) / dot(&start, &start);
        let rest = dot(&end, &end) - if along.is_nan() { 0.0 } else { along };
        if rest < ROUNDING * dot(&end, &end) { 0.0 } else { rest }
    }

    /// Returns pictures of the kernels in which weights of magnitude `largest` or more are 127; of all epochs or only of
    /// the trained network.
    pub(super) fn pictures(&self, largest: f32, has_epochs: bool) -> Pictures {
        #[expect(clippy::cast_possible_truncation, reason = "-127 to 127, and 0 for NaN")]
        let pixel = |weight: &f32| (127.0 * (weight / largest).clamp(-1.0, 1.0)).round() as i8;
        let encoded = |kernel: &[f32]| {
            let pixels: Vec<u8> =
                kernel.iter().map(|weight| pixel(weight).cast_unsigned()).collect();
            BASE64_STANDARD.encode(pixels)
        };
        let by_epoch = self.by_epoch.iter().filter(|_| has_epochs);
        let (epochs, mut kernels): (_, Vec<String>) =
            by_epoch.map(|(epoch, kernel)| (*epoch, encoded(kernel))).unzip();
        kernels.push(encoded(&self.trained));
        Pictures { units: self.units, learnt: self.learnt(), largest, epochs, kernels }
    }
}

/// Pictures of the first layer, by epoch.
#[derive(Debug, Serialize)]
pub(super) struct Pictures {
    /// The number of units.
    units: usize,
    /// The indices of the units that have learnt something.
    learnt: Vec<usize>,
    /// The magnitude of a weight of 127.
    largest: f32,
    epochs: Vec<usize>,
    /// Kernels of each epoch and of the trained network: int8 in base64, row-major `[inputs, units]`.
    kernels: Vec<String>,
}

impl Pictures {
    /// Returns their size on the page.
    pub(super) fn bytes(&self) -> usize {
        self.kernels.iter().map(String::len).sum()
    }
}

#[cfg(test)]
impl Pictures {
    /// Creates pictures of this size on the page.
    pub(crate) fn sample(bytes: usize) -> Self {
        let (learnt, epochs) = (Vec::new(), Vec::new());
        Self { units: 1, learnt, largest: 1.0, epochs, kernels: vec!["A".repeat(bytes)] }
    }
}

/// Returns a magnitude that few weights of the median network exceed.
pub(super) fn largest<'a>(all: impl Iterator<Item = &'a Kernels>) -> f32 {
    let mut of_each: Vec<f32> = all.filter_map(|kernels| largest_of(&kernels.trained)).collect();
    of_each.sort_unstable_by(f32::total_cmp);
    of_each.get(of_each.len() / 2).copied().unwrap_or(1.0)
}

fn largest_of(weights: &[f32]) -> Option<f32> {
    let magnitudes = weights.iter().map(|weight| weight.abs());
    let mut weights: Vec<f32> = magnitudes.filter(|weight| weight.is_finite()).collect();
    weights.sort_unstable_by(f32::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let rank = (WITHIN * weights.len() as f64) as usize;
    weights.get(rank).copied().filter(|weight| *weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates the kernels of three units of two inputs, before the first step and trained.
    fn kernels(trained: [f32; 6]) -> Kernels {
        let by_epoch = BTreeMap::from([(0, vec![1.0, 1.0, 2.0, 1.0, 0.0, 2.0])]);
        Kernels { units: 3, by_epoch, trained: trained.to_vec() }
    }

    #[test]
    fn a_unit_that_only_shrinks_has_learnt_nothing() {
        // The first has turned, the second has halved, the third is 0.
        assert_eq!(kernels([1.0, 0.5, 0.0, -1.0, 0.0, 0.0]).learnt(), [0]);
        // All have changed by rounding only.
        assert_eq!(kernels([1.0, 1.0, 2.0, 1.001, 0.001, 2.0]).learnt(), [0; 0]);
        let mut unknown = kernels([1.0; 6]);
        unknown.by_epoch.remove(&0);
        assert_eq!(unknown.learnt(), [0, 1, 2]);
    }

    #[test]
    fn weights_are_scaled_to_bytes() {
        let all = kernels([0.5, -1.0, 9.0, f32::NAN, -0.25, 0.0]);
        let pictures = all.pictures(1.0, false);
        let bytes = BASE64_STANDARD.decode(&pictures.kernels[0]).unwrap();
        let expected = [64_i8, -127, 127, 0, -32, 0].map(i8::cast_unsigned);
        assert_eq!((bytes.as_slice(), pictures.epochs), (&expected[..], vec![]));
        let pictures = all.pictures(1.0, true);
        assert_eq!((pictures.epochs, pictures.kernels.len()), (vec![0], 2));
        // One that blew up does not set the scale.
        let common = largest([kernels([0.1; 6]), all, kernels([1e12; 6])].iter());
        assert!((common - 9.0).abs() < f32::EPSILON, "{common}");
        assert!((largest([].into_iter()) - 1.0).abs() < f32::EPSILON);
    }
}
