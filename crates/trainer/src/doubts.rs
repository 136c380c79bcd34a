//! Doubts about the images of a run: what they cannot answer. They are looked for before training and kept in run.json.

use std::collections::HashSet;

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
    /// Doubts about each part: training, held-out and test images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartDoubts>,
}

/// Doubts about a part of a data set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartDoubts {
    pub part: Part,
    /// Number of its images.
    pub images: usize,
    /// Classes of which only other parts have images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Number of images whose pixels are those of a training image.
    pub repeated: usize,
    /// Class of more than half of the images, with its share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub majority: Option<(String, f64)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
pub enum Part {
    #[default]
    #[strum(to_string = "training")]
    Training,
    #[strum(to_string = "held-out")]
    HeldOut,
    #[strum(to_string = "test")]
    Test,
}

impl Doubts {
    /// Looks at a run's training and held-out images, given by their indices in the file, and at the test images; `None`
    /// without doubts.
    pub fn of(splits: &Splits, train: &[usize], held_out: Option<&[usize]>) -> Option<Self> {
        let classes = splits.shape().classes;
        let all = counts(splits.all().labels().iter().chain(splits.test.labels()), classes);
        let [copies, test_copies] = splits.copies();
        let trained: HashSet<u32> = train.iter().map(|index| copies[*index]).collect();
        let test: Vec<usize> = (0..splits.test.len()).collect();
        let mut parts = Vec::new();
        for (part, indices) in [
            (Part::Training, Some(train)),
            (Part::HeldOut, held_out),
            (Part::Test, Some(test.as_slice())),
        ] {
            let Some(indices) = indices else { continue };
            let (labels, copies) = match part {
                Part::Test => (splits.test.labels(), test_copies),
                _ => (splits.all().labels(), copies),
            };
            let own = counts(indices.iter().map(|index| &labels[*index]), classes);
            let missing = (0..classes).filter(|class| own[*class] == 0 && all[*class] > 0);
            let majority = (0..classes).find(|class| 2 * own[*class] > indices.len());
            let doubts = PartDoubts {
                part,
                images: indices.len(),
                missing: missing.map(|class| splits.class_name(class)).collect(),
                repeated: match part {
                    Part::Training => 0,
                    _ => indices.iter().filter(|index| trained.contains(&copies[**index])).count(),
                },
                majority: majority.filter(|_| part != Part::HeldOut).map(|class| {
                    (splits.class_name(class), own[class] as f64 / indices.len() as f64)
                }),
            };
            let is_small = part == Part::Test && indices.len() < FEW;
            if is_small
                || doubts != (PartDoubts { part, images: indices.len(), ..Default::default() })
            {
                parts.push(doubts);
            }
        }
        let absent = (0..classes).filter(|class| all[*class] == 0);
        let absent = absent.map(|class| splits.class_name(class)).collect();
        let doubts = Self { absent, parts };
        (doubts != Self::default()).then_some(doubts)
    }

    /// Returns whether a part lacks classes that other parts have. Then its accuracy answers nothing about them.
    pub fn lacks_classes(&self) -> bool {
        self.parts.iter().any(|part| !part.missing.is_empty())
    }
}

/// Describes the doubts about some runs, a sentence or two each.
pub(crate) fn notes<'a>(runs: impl Iterator<Item = Option<&'a Doubts>>) -> Vec<String> {
    let runs: Vec<Option<&Doubts>> = runs.collect();
    let mut notes = Vec::new();
    for part in [Part::Training, Part::HeldOut, Part::Test] {
        let parts = runs.iter().flatten().flat_map(|doubts| &doubts.parts);
        let found: Vec<&PartDoubts> = parts.filter(|one| one.part == part).collect();
        let whose = |count: usize| {
            let runs = runs.len();
            if count == runs { String::new() } else { format!(" of {count} of {runs} runs") }
        };

        let lacking = found.iter().filter(|doubts| !doubts.missing.is_empty());
        let missing = distinct(lacking.clone().flat_map(|doubts| doubts.missing.clone()));
        if !missing.is_empty() {
            let advice = match part {
                Part::Training => "Shuffle the files or, with a limit, set data.sample = \"seed\".",
                Part::HeldOut | Part::Test => "Shuffle the files.",
            };
            notes.push(format!(
                "The {part} images{} lack classes that others have: {}. {advice}",
                whose(lacking.count()),
                missing.join(", ")
            ));
        }
        let repeating = found.iter().filter(|doubts| doubts.repeated > 0);
        if let Some(most) = repeating.clone().max_by_key(|doubts| doubts.repeated) {
            notes.push(format!(
                "{} of the {} {part} images{} are training images too, so their accuracy is too high.",
                most.repeated,
                most.images,
                whose(repeating.count())
            ));
        }
        let one_sided = found.iter().filter(|doubts| doubts.majority.is_some());
        if let Some((class, share)) = found.iter().find_map(|doubts| doubts.majority.as_ref()) {
            notes.push(format!(
                "{:.1} % of the {part} images{} are of class {class}: always saying {class} would be right as often.",
                100.0 * share,
                whose(one_sided.count())
            ));
        }
        if let Some(PartDoubts { images, .. }) = found.first().filter(|one| one.images < FEW)
            && part == Part::Test
        {
            let points = 100.0 / *images as f64;
            notes.push(format!(
                "There are {images} test images: one of them is {points:.1} points of accuracy."
            ));
        }
    }
    let absent = distinct(runs.iter().flatten().flat_map(|doubts| doubts.absent.clone()));
    if !absent.is_empty() {
        notes.push(format!("The data set has no image of these classes: {}.", absent.join(", ")));
    }
    notes
}

/// Removes repetitions.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    texts.filter(|text| seen.insert(text.clone())).collect()
}

/// Counts the images of each class.
fn counts<'a>(labels: impl Iterator<Item = &'a u8>, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for label in labels {
        counts[usize::from(*label)] += 1;
    }
    counts
}
