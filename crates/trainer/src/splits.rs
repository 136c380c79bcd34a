//! The data set of a study: limited and split into training, validation and test images.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, OnceLock},
};

use data::{ImageSet, Preparation, Shape, Split};
use model::random::{label_noise, sample};
use training::{InputFormat, Pixels, TypicalImages};

use crate::{
    config::SettingError,
    doubts::{self, Doubts},
    study::{DataSettings, InputFiles, Run, Sample, Study},
};

/// Images that a study's runs are trained, validated and tested with.
#[derive(Debug)]
pub struct Splits {
    /// Name of the data set.
    pub name: String,
    /// SHA-256 of the data set, [`ImageSet::sha256`].
    pub sha256: String,
    /// Names of the classes; empty if they have none but their numbers.
    pub class_names: Vec<String>,
    /// Preparation of a picture as the images were prepared.
    pub preparation: Preparation,
    /// Test images, never used for training.
    pub test: Split,
    /// All training images.
    all: Arc<Split>,
    /// [`Splits::copies`], once they are needed.
    copies: OnceLock<[Vec<u32>; 2]>,
    /// Training data of each division, with its settings. Those that are sampled are of seed 0.
    shared: Vec<(DataSettings, Arc<TrainingData>)>,
}

/// Training images of a run.
#[derive(Debug, Clone)]
pub struct TrainingData {
    /// Images to train with.
    pub train: Arc<Split>,
    /// Images held out for validation; `None` if there are none.
    pub validation: Option<Arc<Split>>,
    /// Training images with wrong labels; `None` if there are none.
    pub wrong: Option<WrongLabels>,
    /// Doubts about the images; `None` without any.
    pub doubts: Option<Doubts>,
    /// Typical images of those to train with, once a run has needed them.
    typical: Arc<OnceLock<Option<TypicalImages>>>,
}

/// Training images whose labels were replaced by other classes.
#[derive(Debug, Clone)]
pub struct WrongLabels {
    /// The changes, in the order of the images.
    pub changes: Vec<ChangedLabel>,
    /// The images with their wrong labels.
    pub given: Split,
}

impl WrongLabels {
    /// Copies the images with their true labels.
    pub fn true_labels(&self) -> Split {
        self.given.relabelled(self.changes.iter().map(|change| change.truth).enumerate())
    }
}

/// Label that was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedLabel {
    /// Index of the image in the training file, from 0.
    pub index: usize,
    /// Class of the image.
    pub truth: u8,
    /// Class that its label says.
    pub given: u8,
}

impl Splits {
    /// Splits a data set for a study and for each of its runs.
    pub fn new(images: ImageSet, study: &Study) -> Result<Self, SettingError> {
        Self::split(images, study).map_err(|error| study.locate(error))
    }

    fn split(images: ImageSet, study: &Study) -> Result<Self, SettingError> {
        study.check_sizes(images.train.shape())?;
        let images = if study.settings.backend.is_cpu() { images.with_sparse() } else { images };
        let ImageSet { name, class_names, sha256, train: all, test } = images;
        let preparation = Preparation::of(&test);
        let (all, shared) = (Arc::new(all), Vec::new());
        let copies = OnceLock::new();
        let mut splits = Self { name, sha256, class_names, preparation, test, all, copies, shared };
        let runs = study.runs.iter().map(|run| &run.data);
        for settings in std::iter::once(&study.settings.data).chain(runs) {
            if splits.find(settings).is_none() {
                // Whether it fails does not depend on the seed.
                let data = Arc::new(splits.cut(settings, 0)?);
                splits.shared.push((settings.clone(), data));
            }
        }
        Ok(splits)
    }

    /// Returns what identifies the data set, beside start weights.
    pub fn input_files(&self) -> InputFiles {
        InputFiles {
            dataset_sha256: self.sha256.clone(),
            training_images: self.all.len(),
            classes: Some(self.shape().classes).filter(|classes| *classes != Shape::MNIST.classes),
            weights_sha256: None,
        }
    }

    /// Copies the training images at these indices of the file, with their true labels. Returns `None` if there is no
    /// such image.
    pub fn training_images(&self, indices: &[usize]) -> Option<Split> {
        let are_known = indices.iter().all(|&index| index < self.all.len());
        are_known.then(|| self.all.select(indices))
    }

    /// Returns the format of the images with pixels of this range.
    pub fn input_format(&self, pixels: Pixels) -> InputFormat {
        let Shape { width, height, .. } = self.shape();
        let class_names = self.class_names.clone();
        InputFormat {
            class_names,
            height,
            pixels,
            preparation: self.preparation,
            typical: None,
            width,
        }
    }

    /// Returns all training images, those that no run uses included.
    pub fn all(&self) -> &Split {
        &self.all
    }

    /// Returns the name of a class, or else its number.
    pub fn class_name(&self, class: usize) -> String {
        self.class_names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    /// Returns for each image of the training file and of the test file a number that those with the same pixels share.
    pub fn copies(&self) -> &[Vec<u32>; 2] {
        self.copies.get_or_init(|| {
            let mut numbers: HashMap<&[u8], u32> = HashMap::new();
            [&self.all, &self.test].map(|split: &Split| {
                let images = (0..split.len()).map(|index| split.image(index));
                images
                    .map(|image| {
                        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                        *numbers.entry(image).or_insert(next)
                    })
                    .collect()
            })
        })
    }

    /// Describes the doubts about the images of some runs.
    pub fn notes<'a>(
        &self,
        runs: impl Iterator<Item = &'a Run>,
    ) -> Result<Vec<String>, SettingError> {
        let (mut known, mut of_runs) = (HashMap::new(), Vec::new());
        for Run { data, seed, .. } in runs {
            let DataSettings { limit, sample, validation_split, validation, .. } = data;
            let seed = if *sample == Sample::First { 0 } else { *seed };
            let key = format!("{limit:?} {sample} {validation_split} {validation:?} {seed}");
            if let Entry::Vacant(entry) = known.entry(key.clone()) {
                let (train, held_out) = self.parts(data, seed)?;
                entry.insert(Doubts::of(self, &train, held_out.as_deref()));
            }
            of_runs.push(key);
        }
        Ok(doubts::notes(of_runs.iter().map(|key| known[key].as_ref())))
    }

    /// Returns the shape of the data set.
    pub fn shape(&self) -> Shape {
        self.test.shape()
    }

    /// Returns the training data for the settings of the study or of one of its runs, from a seed.
    pub fn of(
        &self,
        settings: &DataSettings,
        seed: u64,
    ) -> Result<Arc<TrainingData>, SettingError> {
        let available = available(self.all.len(), settings)?;
        let is_sampled = settings.sample == Sample::Seed
            && settings.limit.is_some_and(|limit| limit < available);
        match self.find(settings) {
            Some(shared) if !is_sampled && settings.label_noise == 0.0 => Ok(Arc::clone(shared)),
            Some(shared) if !is_sampled => {
                // The images are the same, only their labels differ.
                let typical = Arc::clone(&shared.typical);
                Ok(Arc::new(TrainingData { typical, ..self.cut(settings, seed)? }))
            }
            _ => self.cut(settings, seed).map(Arc::new),
        }
    }

    fn find(&self, settings: &DataSettings) -> Option<&Arc<TrainingData>> {
        let (_, data) = self.shared.iter().find(|(other, _)| has_same_split(other, settings))?;
        Some(data)
    }

    /// Takes as many training images as the limit says, and holds out others for validation.
    fn cut(&self, settings: &DataSettings, seed: u64) -> Result<TrainingData, SettingError> {
        let (train, held_out) = self.parts(settings, seed)?;
        let doubts = Doubts::of(self, &train, held_out.as_deref());
        let all = &self.all;
        let images =
            if train.len() == all.len() { Arc::clone(all) } else { Arc::new(all.select(&train)) };
        // All runs hold out the same last images, if they are so many.
        let shared = self.shared.first().filter(|_| settings.validation.is_some());
        let shared = shared.and_then(|(_, data)| data.validation.clone());
        let validation =
            held_out.map(|indices| shared.unwrap_or_else(|| Arc::new(all.select(&indices))));
        let data = TrainingData { doubts, ..TrainingData::new(images, validation) };
        Ok(data.with_label_noise(settings.label_noise, seed, &train))
    }

    /// Returns the indices in the file of the training images and of the held-out images, before any shuffling.
    fn parts(
        &self,
        settings: &DataSettings,
        seed: u64,
    ) -> Result<(Vec<usize>, Option<Vec<usize>>), SettingError> {
        let len = self.all.len();
        let available = available(len, settings)?;
        let limit = settings.limit.unwrap_or(available).min(available);
        let mut train: Vec<usize> = match settings.sample {
            Sample::Seed if limit < available => sample(seed, limit, available),
            _ => (0..limit).collect(),
        };
        let held_out: Vec<usize> = match settings.validation {
            Some(count) => (len - count..len).collect(),
            None => train.split_off(kept(limit, settings.validation_split)?),
        };
        Ok((train, Some(held_out).filter(|held_out| !held_out.is_empty())))
    }
}

impl TrainingData {
    fn new(train: Arc<Split>, validation: Option<Arc<Split>>) -> Self {
        Self { train, validation, wrong: None, doubts: None, typical: Arc::default() }
    }

    /// Returns typical images of those to train with; `None` if they are too few.
    pub fn typical(&self) -> Option<&TypicalImages> {
        self.typical.get_or_init(|| TypicalImages::of(&self.train)).as_ref()
    }

    /// Replaces a share of the training labels by other classes, drawn by a seed. The images are those at these indices
    /// of the training file.
    fn with_label_noise(self, share: f64, seed: u64, indices: &[usize]) -> Self {
        let Self { train, .. } = &self;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the product is at least 0 and at most the number of images"
        )]
        let count = (share * train.len() as f64).round() as usize;
        if count == 0 {
            return self;
        }
        let wrong = label_noise(seed, count, train.labels(), train.shape().classes);
        let relabelled = wrong.iter().map(|&(index, given)| ChangedLabel {
            index: indices[index],
            truth: train.labels()[index],
            given,
        });
        let changes = relabelled.collect();
        let noisy = train.relabelled(wrong.iter().copied());
        let images: Vec<usize> = wrong.iter().map(|(index, _)| *index).collect();
        let given = noisy.select(&images);
        Self { train: Arc::new(noisy), wrong: Some(WrongLabels { changes, given }), ..self }
    }
}

/// Returns whether two settings divide the training images alike, from the same seed.
fn has_same_split(one: &DataSettings, other: &DataSettings) -> bool {
    let key = |data: &DataSettings| {
        let DataSettings { limit, sample, label_noise, validation_split, validation, .. } = *data;
        (limit, sample, label_noise, validation_split, validation)
    };
    key(one) == key(other)
}

/// Returns the number of training images, of `len`, that `data.validation` leaves to train with.
fn available(len: usize, settings: &DataSettings) -> Result<usize, SettingError> {
    let Some(validation) = settings.validation else { return Ok(len) };
    let left = len.saturating_sub(validation);
    if left == 0 {
        return Err(SettingError::new(
            "data.validation",
            format!("leaves none of {len} training images to train with; make it smaller"),
        ));
    }
    match settings.limit {
        Some(limit) if limit > left => Err(SettingError::new(
            "data.limit",
            format!(
                "is {limit}, but data.validation leaves {left} of {len} training images; make one of them smaller"
            ),
        )),
        _ => Ok(left),
    }
}

/// Returns the number of images to train with, of `len`, if the last fraction is held out. As in Keras, it is rounded down.
fn kept(len: usize, fraction: f64) -> Result<usize, SettingError> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the product is at least 0 and at most `len`"
    )]
    let kept = (len as f64 * (1.0 - fraction)).floor() as usize;
    let error = |reason| Err(SettingError::new("data.validation_split", reason));
    if kept == 0 {
        return error(format!(
            "leaves none of {len} training images to train with; make it smaller"
        ));
    }
    if kept == len && fraction > 0.0 {
        return error(format!(
            "leaves none of {len} training images to validate with; make it larger, or 0"
        ));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
