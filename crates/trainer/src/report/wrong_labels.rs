//! Training images with wrong labels, and networks' predictions for them.

use base64::{Engine, prelude::BASE64_STANDARD};
use data::Split;
use serde::Serialize;
use training::{SavedModel, predicted_class};

use crate::{
    results::Row,
    splits::{ChangedLabel, Splits},
    store::Error,
};

/// The number of images that are shown.
const SHOWN: usize = 12;

/// Training images with wrong labels of a run, which other runs may share.
#[derive(Debug)]
pub(super) struct MislabelledImages {
    changes: Vec<ChangedLabel>,
    split: Split,
}

/// A training image with a wrong label.
#[derive(Debug, Serialize)]
pub(super) struct WrongImage {
    /// The index in the training file.
    index: usize,
    truth: u8,
    given: u8,
    /// One byte for each pixel, in base64.
    pixels: String,
}

impl MislabelledImages {
    /// Chooses some of the images whose labels a run changed, evenly. `None` if it changed none.
    pub(super) fn read(row: &Row, splits: &Splits) -> Result<Option<Self>, Error> {
        let Some(changes) = row.record.read_changed_labels(&row.folder)? else { return Ok(None) };
        let count = changes.len().min(SHOWN);
        let chosen: Vec<ChangedLabel> =
            (0..count).map(|index| changes[index * changes.len() / count]).collect();
        let indices: Vec<usize> = chosen.iter().map(|change| change.index).collect();
        let split = splits.training_images(&indices);
        Ok(split.map(|split| Self { changes: chosen, split }))
    }

    pub(super) fn images(&self) -> Vec<WrongImage> {
        let images = self.changes.iter().enumerate().map(|(index, change)| WrongImage {
            index: change.index,
            truth: change.truth,
            given: change.given,
            pixels: BASE64_STANDARD.encode(self.split.image(index)),
        });
        images.collect()
    }

    /// Returns the class that a network predicts for each image; `None` if its output is NaN.
    pub(super) fn predictions(&self, network: &SavedModel) -> Vec<Option<usize>> {
        let probabilities = network.probabilities(&self.split).unwrap_or_default();
        probabilities.iter().map(|of_classes| predicted_class(of_classes)).collect()
    }
}
