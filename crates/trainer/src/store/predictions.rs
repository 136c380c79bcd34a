//! predictions.safetensors: the label and the predicted class of every test image. Also calibration: the accuracy of
//! predictions by their confidence.

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use training::Predictions;

use super::Error;

/// File name of the predictions.
pub const FILE: &str = "predictions.safetensors";

/// Name of the tensor of labels, u8, `[images]`.
const LABELS: &str = "label";
/// Name of the tensor of predicted classes, u8, `[images]`.
const PREDICTIONS: &str = "predicted";

/// Labels and predicted classes of the test images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPredictions {
    /// Label of each image.
    pub labels: Vec<u8>,
    /// Predicted class of each image; `None` if the network's output was NaN.
    pub predicted: Option<Vec<u8>>,
}

/// Serialises labels and predicted classes as the bytes of a safetensors file.
pub fn to_bytes(labels: &[u8], predicted: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let tensors = [(LABELS, Some(labels)), (PREDICTIONS, predicted)];
    let views: Result<Vec<_>, _> = tensors
        .into_iter()
        .filter_map(|(name, values)| Some((name, values?)))
        .map(|(name, values)| {
            TensorView::new(Dtype::U8, vec![values.len()], values).map(|view| (name, view))
        })
        .collect();
    let bytes = views.and_then(|views| safetensors::serialize(views, None));
    Ok(bytes.map_err(|error| training::Error::Save(error.to_string()))?)
}

impl SavedPredictions {
    /// Parses the bytes of a predictions file.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let values = |name: &str| {
            let view = file.tensor(name).ok()?;
            (view.dtype() == Dtype::U8).then(|| view.data().to_vec())
        };
        let labels = values(LABELS).ok_or_else(|| format!("it has no u8 tensor `{LABELS}`"))?;
        let predicted = values(PREDICTIONS);
        if predicted.as_ref().is_some_and(|predicted| predicted.len() != labels.len()) {
            return Err(format!("`{PREDICTIONS}` and `{LABELS}` differ in length"));
        }
        Ok(Self { labels, predicted })
    }
}

/// Number of bins, as in Guo et al. 2017, "On Calibration of Modern Neural Networks".
const BINS: usize = 15;

/// A bin of predictions by confidence, the probability of the predicted class. Bin i of 15, from 1, holds those above
/// (i − 1) / 15 and up to i / 15.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Number of images.
    pub images: usize,
    /// Mean confidence, 0 to 1; `None` without images.
    pub confidence: Option<f64>,
    /// Share of the images whose predicted class is right; `None` without images.
    pub accuracy: Option<f64>,
}

/// Bins predictions by confidence.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a confidence is at least 0, and the index at most the number of bins"
)]
pub fn calibration(labels: &[u8], predictions: &Predictions) -> Vec<CalibrationBin> {
    // Images, sum of confidences, right predictions.
    let mut sums = [(0, 0.0, 0); BINS];
    let Predictions { classes, confidences } = predictions;
    for ((label, class), confidence) in labels.iter().zip(classes).zip(confidences) {
        let confidence = f64::from(*confidence);
        let index = (confidence * BINS as f64).ceil() as usize;
        let (images, sum, right) = &mut sums[index.clamp(1, BINS) - 1];
        *images += 1;
        *sum += confidence;
        *right += usize::from(label == class);
    }
    let bins = sums.map(|(images, sum, right)| {
        let mean = |sum: f64| (images > 0).then(|| sum / images as f64);
        CalibrationBin { images, confidence: mean(sum), accuracy: mean(right as f64) }
    });
    bins.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let labels = vec![3, 1, 4];
        for predicted in [Some(vec![3, 1, 9]), None] {
            let bytes = to_bytes(&labels, predicted.as_deref()).unwrap();
            let expected = SavedPredictions { labels: labels.clone(), predicted };
            assert_eq!(SavedPredictions::parse(&bytes), Ok(expected));
        }
        assert!(SavedPredictions::parse(b"").is_err());
        let bytes = to_bytes(&labels, Some(&[3])).unwrap();
        assert!(SavedPredictions::parse(&bytes).unwrap_err().contains("differ in length"));
    }

    #[test]
    fn predictions_are_binned_by_confidence() {
        // 0.2 is 3 / 15, the upper end of the third bin; float32 rounds it up, out of that bin.
        let confidences = vec![0.13, 0.19, 0.999, 1.0, 0.2];
        let predictions = Predictions { classes: vec![1, 2, 3, 4, 5], confidences };
        let bins = calibration(&[1, 0, 3, 4, 5], &predictions);
        let images: Vec<usize> = bins.iter().map(|bin| bin.images).collect();
        assert_eq!(images, [0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(bins[0], CalibrationBin::default());
        assert_eq!((bins[1].accuracy, bins[2].accuracy), (Some(1.0), Some(0.0)));
        assert_eq!(bins[14].accuracy, Some(1.0));
        assert!((bins[14].confidence.unwrap() - 0.9995).abs() < 1e-6);
    }
}
