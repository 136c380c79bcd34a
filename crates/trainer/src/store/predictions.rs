//! predictions.safetensors: the label and the predicted class of every test image.

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::Error;

/// File name of the predictions.
pub const FILE: &str = "predictions.safetensors";

/// Name of the tensor of labels, u8, `[images]`.
const LABELS: &str = "label";
/// Name of the tensor of predicted classes, u8, `[images]`.
const PREDICTIONS: &str = "predicted";

/// Labels and predicted classes of the test images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predictions {
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

impl Predictions {
    /// Parses the bytes of a predictions file.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let values = |name: &str| {
            let view = file.tensor(name).ok()?;
            (view.dtype() == Dtype::U8).then(|| view.data().to_vec())
        };
        let labels = values(LABELS).ok_or_else(|| format!("it lacks `{LABELS}` as u8"))?;
        let predicted = values(PREDICTIONS);
        if predicted.as_ref().is_some_and(|predicted| predicted.len() != labels.len()) {
            return Err(format!("`{PREDICTIONS}` and `{LABELS}` differ in length"));
        }
        Ok(Self { labels, predicted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let labels = vec![3, 1, 4];
        for predicted in [Some(vec![3, 1, 9]), None] {
            let bytes = to_bytes(&labels, predicted.as_deref()).unwrap();
            let expected = Predictions { labels: labels.clone(), predicted };
            assert_eq!(Predictions::parse(&bytes), Ok(expected));
        }
        assert!(Predictions::parse(b"").is_err());
        let bytes = to_bytes(&labels, Some(&[3])).unwrap();
        assert!(Predictions::parse(&bytes).unwrap_err().contains("differ in length"));
    }
}
