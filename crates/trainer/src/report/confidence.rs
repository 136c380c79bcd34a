//! Confidence of networks in their predictions on the test images.

use serde::Serialize;

use crate::{results::Row, store::CalibrationBin};

/// The confidence of a group's runs on the test images.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Confidence {
    /// The images of all runs, in bins by confidence. Empty bins have no values.
    bins: Vec<CalibrationBin>,
}

impl Confidence {
    /// Returns the confidence of a group's runs; `None` unless all recorded it.
    pub(super) fn of(runs: &[Row]) -> Option<Self> {
        let recorded: Option<Vec<&[CalibrationBin]>> =
            runs.iter().map(|row| row.record.calibration.as_deref()).collect();
        let recorded = recorded?;
        let count = recorded.first()?.len();
        if recorded.iter().any(|bins| bins.len() != count) {
            return None;
        }
        Some(Self {
            bins: (0..count).map(|bin| pooled(&recorded.iter().map(|bins| &bins[bin]))).collect(),
        })
    }
}

/// Joins the images of several runs' bins of the same confidence.
fn pooled<'a>(bins: &(impl Iterator<Item = &'a CalibrationBin> + Clone)) -> CalibrationBin {
    let images: usize = bins.clone().map(|bin| bin.images).sum();
    let mean = |value: fn(&CalibrationBin) -> Option<f64>| {
        let sum: f64 =
            bins.clone().map(|bin| bin.images as f64 * value(bin).unwrap_or_default()).sum();
        (images > 0).then(|| sum / images as f64)
    };
    CalibrationBin {
        images,
        confidence: mean(|bin| bin.confidence),
        accuracy: mean(|bin| bin.accuracy),
    }
}

/// Computes the expected calibration error: the mean distance of accuracy and confidence over the bins, weighted by their
/// images (Guo et al. 2017).
pub(super) fn calibration_error(bins: &[CalibrationBin]) -> f64 {
    let images: usize = bins.iter().map(|bin| bin.images).sum();
    let distance = |bin: &CalibrationBin| Some((bin.accuracy? - bin.confidence?).abs());
    let distances = bins.iter().map(|bin| bin.images as f64 * distance(bin).unwrap_or_default());
    distances.sum::<f64>() / images as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(images: usize, confidence: f64, accuracy: f64) -> CalibrationBin {
        let value = |value| (images > 0).then_some(value);
        CalibrationBin { images, confidence: value(confidence), accuracy: value(accuracy) }
    }

    #[test]
    fn the_calibration_error_weighs_bins_by_their_images() {
        let bins = [bin(30, 0.5, 0.6), bin(0, 0.0, 0.0), bin(10, 1.0, 0.8)];
        assert!((calibration_error(&bins) - (30.0 * 0.1 + 10.0 * 0.2) / 40.0).abs() < 1e-12);
    }

    #[test]
    fn bins_of_several_runs_are_pooled() {
        let bins = [bin(30, 0.5, 0.6), bin(10, 0.9, 1.0), bin(0, 0.0, 0.0)];
        let pool = pooled(&bins.iter());
        assert_eq!(pool.images, 40);
        assert!((pool.confidence.unwrap() - 0.6).abs() < 1e-12);
        assert!((pool.accuracy.unwrap() - 0.7).abs() < 1e-12);
        assert_eq!(pooled(&bins[2..].iter()), CalibrationBin::default());
    }
}
