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

/// Kernels of the first layer's first units after some epochs. The last ones are those of the trained network.
#[derive(Debug)]
pub(super) struct Kernels {
    units: usize,
    /// Row-major `[inputs, units]`, by epoch.
    by_epoch: BTreeMap<usize, Vec<f32>>,
}

impl Kernels {
    /// Reads those of a run. If the run did not record them, only those of its trained `network`.
    pub(super) fn read(row: &Row, network: &PageNetwork) -> Result<Self, Error> {
        let width = network.first_layer_units();
        let units = FIRST_UNITS.min(width);
        let trained = network.first_kernel.chunks(width).flat_map(|row| &row[..units]).copied();
        let trained: Vec<f32> = trained.collect();
        let mut by_epoch = row.record.read_first_layer(&row.folder)?.unwrap_or_default();
        if by_epoch.values().any(|kernel| kernel.len() != trained.len()) {
            let reason = format!("its tensors need {} values each", trained.len());
            return Err(Error::Malformed { path: row.folder.join(FIRST_LAYER), reason });
        }
        by_epoch.insert(row.record.epochs, trained);
        Ok(Self { units, by_epoch })
    }

    /// Returns the units that have learnt something: whose weights are not those before the first step, nor a multiple.
    fn learnt(&self) -> Vec<usize> {
        let (Some(start), Some((_, end))) = (self.by_epoch.get(&0), self.by_epoch.last_key_value())
        else {
            return (0..self.units).collect();
        };
        let column = |kernel: &[f32], unit: usize| -> Vec<f64> {
            kernel.iter().skip(unit).step_by(self.units).map(|&weight| weight.into()).collect()
        };
        let dot = |one: &[f64], other: &[f64]| -> f64 {
            one.iter().zip(other).map(|(one, other)| one * other).sum()
        };
        // The squared norm of the part of a unit's end that is not along its start.
        let change = |unit: usize| {
            let (start, end) = (column(start, unit), column(end, unit));
            dot(&end, &end) - dot(&start, &end).powi(2) / dot(&start, &start)
        };
        let changes: Vec<f64> = (0..self.units).map(change).collect();
        let largest = changes.iter().copied().fold(0.0, f64::max);
        let has_learnt = |unit: &usize| {
            let change = changes[*unit];
            change > (LEARNT * LEARNT) * largest || change.is_nan()
        };
        (0..self.units).filter(has_learnt).collect()
    }

    /// Returns pictures of the kernels in which weights of magnitude `largest` or more are 127; of all epochs or only of
    /// the trained network.
    pub(super) fn pictures(&self, largest: f32, has_epochs: bool) -> Pictures {
        #[expect(clippy::cast_possible_truncation, reason = "-127 to 127, and 0 for NaN")]
        let pixel = |weight: &f32| (127.0 * (weight / largest).clamp(-1.0, 1.0)).round() as i8;
        let encoded = |kernel: &Vec<f32>| {
            let pixels: Vec<u8> =
                kernel.iter().map(|weight| pixel(weight).cast_unsigned()).collect();
            BASE64_STANDARD.encode(pixels)
        };
        let skipped = if has_epochs { 0 } else { self.by_epoch.len() - 1 };
        let kernels = self.by_epoch.iter().skip(skipped);
        let (epochs, kernels) = kernels.map(|(epoch, kernel)| (*epoch, encoded(kernel))).unzip();
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
    /// Of each epoch, int8 in base64, row-major `[inputs, units]`.
    kernels: Vec<String>,
}

/// Returns a magnitude that the weights of few trained networks exceed, common to several kernels.
pub(super) fn largest<'a>(all: impl Iterator<Item = &'a Kernels>) -> f32 {
    let trained = all.filter_map(|kernels| kernels.by_epoch.last_key_value());
    let weights = trained.flat_map(|(_, kernel)| kernel).map(|weight| weight.abs());
    let mut weights: Vec<f32> = weights.filter(|weight| weight.is_finite()).collect();
    weights.sort_unstable_by(f32::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let rank = (WITHIN * weights.len() as f64) as usize;
    weights.get(rank).copied().filter(|weight| *weight > 0.0).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates the kernels of three units of two inputs, before the first step and after the second epoch.
    fn kernels(end: [f32; 6]) -> Kernels {
        let by_epoch = BTreeMap::from([(0, vec![1.0, 1.0, 2.0, 1.0, 0.0, 2.0]), (2, end.to_vec())]);
        Kernels { units: 3, by_epoch }
    }

    #[test]
    fn a_unit_that_only_shrinks_has_learnt_nothing() {
        // The first has turned, the second has halved, the third is 0.
        assert_eq!(kernels([1.0, 0.5, 0.0, -1.0, 0.0, 0.0]).learnt(), [0]);
        assert_eq!(kernels([f32::NAN; 6]).learnt(), [0, 1, 2]);
        let mut unknown = kernels([1.0; 6]);
        unknown.by_epoch.remove(&0);
        assert_eq!(unknown.learnt(), [0, 1, 2]);
    }

    #[test]
    fn weights_are_scaled_to_bytes() {
        let end = kernels([0.5, -1.0, 9.0, f32::NAN, -0.25, 0.0]);
        let pictures = end.pictures(1.0, false);
        let bytes = BASE64_STANDARD.decode(&pictures.kernels[0]).unwrap();
        let expected = [64_i8, -127, 127, 0, -32, 0].map(i8::cast_unsigned);
        assert_eq!((bytes.as_slice(), pictures.epochs), (&expected[..], vec![2]));
        assert_eq!(end.pictures(1.0, true).epochs, [0, 2]);
        let common = largest([end, kernels([0.1; 6])].iter());
        assert!((common - 9.0).abs() < f32::EPSILON, "{common}");
        assert!((largest([].into_iter()) - 1.0).abs() < f32::EPSILON);
    }
}
