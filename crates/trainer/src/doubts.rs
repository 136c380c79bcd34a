//! Doubts about the images of a run: what they cannot answer. They are looked for before training and kept in run.json.

use std::collections::HashSet;

use data::Split;
use serde::{Deserialize, Serialize};

use crate::splits::Splits;

/// Number of test images below which a note says how coarse an accuracy is.
const FEW: usize = 100;

/// Doubts about the images of a run. Classes have their names, or else their numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Doubts {
    /// Classes of which the data set has no image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// Most frequent class, if more than half of all images have it, and its share of the test images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub majority: Option<(String, f64)>,
    /// Number of test images, if they are few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub few_test_images: Option<usize>,
    /// Doubts about each part: training, held-out and test images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartDoubts>,
}

/// Doubts about a part of a data set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PartDoubts {
    /// Name of the part: `training`, `held-out` or `test`.
    pub part: String,
    /// Number of its images.
    pub images: usize,
    /// Classes of which only other parts have images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Number of images whose pixels are those of a training image.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: usize,
}

impl Doubts {
    /// Looks at the training images in use, the held-out images and the test images; `None` without doubts.
    pub fn of(splits: &Splits, train: &Split, validation: Option<&Split>) -> Option<Self> {
        let classes = splits.shape().classes;
        let all = counts([splits.all(), &splits.test], classes);
        let named = |is_wanted: &dyn Fn(usize) -> bool| -> Vec<String> {
            (0..classes)
                .filter(|class| is_wanted(*class))
                .map(|class| splits.class_name(class))
                .collect()
        };
        let pixels: HashSet<&[u8]> = (0..train.len()).map(|index| train.image(index)).collect();
        let mut parts = Vec::new();
        for (part, split) in
            [("training", Some(train)), ("held-out", validation), ("test", Some(&splits.test))]
        {
            let Some(split) = split else { continue };
            let own = counts([split], classes);
            let missing = named(&|class| own[class] == 0 && all[class] > 0);
            let repeated = match part {
                "training" => 0,
                _ => (0..split.len()).filter(|index| pixels.contains(split.image(*index))).count(),
            };
            if !missing.is_empty() || repeated > 0 {
                let (part, images) = (part.to_owned(), split.len());
                parts.push(PartDoubts { part, images, missing, repeated });
            }
        }
        let of_test = counts([&splits.test], classes);
        let majority = (0..classes).find(|class| 2 * all[*class] > all.iter().sum());
        let doubts = Self {
            absent: named(&|class| all[class] == 0),
            majority: majority.map(|class| {
                let share = of_test[class] as f64 / splits.test.len().max(1) as f64;
                (splits.class_name(class), share)
            }),
            few_test_images: Some(splits.test.len()).filter(|images| *images < FEW),
            parts,
        };
        (doubts != Self::default()).then_some(doubts)
    }

    /// Returns whether a part lacks classes that other parts have. Then its accuracy answers nothing about them.
    pub fn lacks_classes(&self) -> bool {
        self.parts.iter().any(|part| !part.missing.is_empty())
    }

    /// Describes the doubts, a sentence or two each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for PartDoubts { part, images, missing, repeated } in &self.parts {
            if !missing.is_empty() {
                let missing = missing.join(", ");
                let advice = "Shuffle the files, or take more images.";
                notes.push(format!(
                    "The {part} images lack classes that others have: {missing}. {advice}"
                ));
            }
            if *repeated > 0 {
                notes.push(format!(
                    "{repeated} of the {images} {part} images are training images too, so their accuracy is too high."
                ));
            }
        }
        if let Some((class, share)) = &self.majority {
            notes.push(format!(
                "More than half of all images have the class {class}: a network that always says {class} has an acc_test of \
                 {share:.5}."
            ));
        }
        if let Some(images) = self.few_test_images {
            let points = 100.0 / images as f64;
            notes.push(format!(
                "There are {images} test images: one of them is {points:.1} points of accuracy."
            ));
        }
        if !self.absent.is_empty() {
            notes.push(format!(
                "The data set has no image of the classes {}.",
                self.absent.join(", ")
            ));
        }
        notes
    }
}

/// Removes the repetitions of notes, which runs of one split share.
pub(crate) fn distinct(notes: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    notes.into_iter().filter(|note| seen.insert(note.clone())).collect()
}

/// Counts the images of each class.
fn counts<const N: usize>(splits: [&Split; N], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for label in splits.iter().flat_map(|split| split.labels()) {
        counts[usize::from(*label)] += 1;
    }
    counts
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
