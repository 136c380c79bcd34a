//! The data set of a study: limited and split into training, validation and test images.

use data::{Digits, Shape, Split};

use super::{DataSettings, InputFiles, Study};

/// Error of a setting that does not fit the data set or the start weights.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct SettingError {
    /// Key of the setting.
    pub key: &'static str,
    /// The problem, and how to solve it.
    pub reason: String,
}

/// Images that a study's runs are trained, validated and tested with.
#[derive(Debug)]
pub struct Splits {
    /// Name of the data set.
    pub name: String,
    /// SHA-256 of the data set, [`Digits::sha256`].
    pub sha256: String,
    /// Number of training images of the data set.
    pub training_images: usize,
    /// Test images, never used for training.
    pub test: Split,
    /// Training images for each combination of `data.limit` and `data.validation_split`, the study's own first.
    training: Vec<TrainingData>,
}

/// Training set of a data set, limited and split.
#[derive(Debug)]
pub struct TrainingData {
    /// Images to train with.
    pub train: Split,
    /// Images held out for validation; `None` if `data.validation_split` is 0.
    pub validation: Option<Split>,
    limit: Option<usize>,
    validation_split: f64,
}

impl TrainingData {
    /// Returns whether these settings give this data.
    fn is_for(&self, settings: &DataSettings) -> bool {
        (self.limit, self.validation_split) == (settings.limit, settings.validation_split)
    }
}

impl Splits {
    /// Splits a data set for a study and for each of its runs.
    pub fn new(digits: Digits, study: &Study) -> Result<Self, SettingError> {
        let mut training: Vec<TrainingData> = Vec::new();
        for settings in
            std::iter::once(&study.settings.data).chain(study.runs.iter().map(|run| &run.data))
        {
            if !training.iter().any(|data| data.is_for(settings)) {
                training.push(limit_and_split(&digits.train, settings)?);
            }
        }
        let Digits { name, sha256, train, test } = digits;
        Ok(Self { name, sha256, training_images: train.len(), test, training })
    }

    /// Returns what identifies the data set, beside start weights.
    pub fn input_files(&self) -> InputFiles {
        let (dataset_sha256, training_images) = (self.sha256.clone(), self.training_images);
        InputFiles { dataset_sha256, training_images, weights_sha256: None }
    }

    /// Returns the shape of the data set.
    pub fn shape(&self) -> Shape {
        self.test.shape()
    }

    /// Returns the training data for the settings of the study or of one of its runs.
    pub fn of(&self, settings: &DataSettings) -> &TrainingData {
        self.training.iter().find(|data| data.is_for(settings)).unwrap_or(&self.training[0])
    }
}

/// Takes the first `limit` images and holds out the last fraction of them for validation, before any shuffling. As in
/// Keras, the number of images to train with is rounded down.
fn limit_and_split(all: &Split, settings: &DataSettings) -> Result<TrainingData, SettingError> {
    let train = all.first(settings.limit.unwrap_or(all.len()).min(all.len()));
    let len = train.len();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the product is at least 0 and at most `len`"
    )]
    let kept = (len as f64 * (1.0 - settings.validation_split)).floor() as usize;
    if kept == 0 {
        return Err(SettingError {
            key: "data.validation_split",
            reason: format!("leaves none of {len} training images to train with; make it smaller"),
        });
    }
    if kept == len && settings.validation_split > 0.0 {
        return Err(SettingError {
            key: "data.validation_split",
            reason: format!(
                "leaves none of {len} training images to validate with; make it larger, or 0"
            ),
        });
    }
    let (train, validation) = train.split_at(kept);
    let (limit, validation_split) = (settings.limit, settings.validation_split);
    let validation = (!validation.is_empty()).then_some(validation);
    Ok(TrainingData { train, validation, limit, validation_split })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits ten training images, each labelled by its index.
    fn split_ten(
        validation_split: f64,
        limit: Option<usize>,
    ) -> Result<TrainingData, SettingError> {
        let labels: Vec<u8> = (0..10).collect();
        let all = Split::new(vec![0; labels.len() * Shape::MNIST.pixels()], labels);
        limit_and_split(&all, &DataSettings { validation_split, limit, ..Default::default() })
    }

    #[test]
    fn the_last_images_are_held_out_for_validation() {
        let data = split_ten(0.25, None).unwrap();
        // Keras keeps floor(10 · 0.75).
        assert_eq!(data.train.labels(), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(data.validation.unwrap().labels(), [7, 8, 9]);
        assert!(split_ten(0.0, None).unwrap().validation.is_none());
    }

    #[test]
    fn the_limit_applies_before_the_split() {
        let data = split_ten(0.5, Some(4)).unwrap();
        assert_eq!(data.train.labels(), [0, 1]);
        assert_eq!(data.validation.unwrap().labels(), [2, 3]);
        assert_eq!(split_ten(0.0, Some(99)).unwrap().train.len(), 10);
    }

    #[test]
    fn a_split_without_training_images_is_an_error() {
        let error = split_ten(0.95, None).unwrap_err();
        let expected = "data.validation_split: leaves none of 10 training images to train with; make it smaller";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_split_without_validation_images_is_an_error() {
        let error = split_ten(1e-300, None).unwrap_err();
        assert!(error.to_string().contains("leaves none of 10 training images to validate with"));
    }
}
