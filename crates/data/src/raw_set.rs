//! A data set as its files have it, and its conversion to the one that is trained on.

use std::mem;
use std::path::PathBuf;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::class_names::ClassNames;
use crate::error::{ClassNamesFault, Error};
use crate::image_set::{ImageSet, Split};
use crate::shape::{Shape, Size};

#[cfg(test)]
mod tests;

/// Seed of the draw of held-out test images. A class's number is added.
const HOLD_OUT_SEED: u64 = 0x1D07_0000_0000_0000;

/// A data set as its files have it.
#[derive(Debug)]
pub(crate) struct RawSet {
    pub(crate) train: RawSplit,
    /// `None` without test images that have labels.
    pub(crate) test: Option<RawSplit>,
    /// Clause on test images without labels.
    pub(crate) unlabelled: Option<String>,
    /// Names of the classes from label 0 on, if the format has them.
    pub(crate) class_names: Vec<String>,
    /// Sentences on what was left out or converted.
    pub(crate) notes: Vec<String>,
}

/// Images `[len, height, width]` and labels `[len]` of one half.
#[derive(Debug)]
pub(crate) struct RawSplit {
    /// File or folder of the images, for messages.
    pub(crate) path: PathBuf,
    pub(crate) size: Size,
    pub(crate) images: Vec<u8>,
    pub(crate) labels: Vec<u8>,
}

impl RawSet {
    /// Creates a set without test images.
    pub(crate) fn new(train: RawSplit) -> Self {
        let (class_names, notes) = (Vec::new(), Vec::new());
        Self { train, test: None, unlabelled: None, class_names, notes }
    }

    /// Converts to the set that is trained on: upright, with labels from 0, divided into halves. A set without test
    /// images holds out a share of each class.
    pub(crate) fn into_image_set(
        mut self,
        name: String,
        transposed: bool,
        test_split: f64,
        listed: Option<ClassNames>,
    ) -> Result<ImageSet, Error> {
        if let Some(test) = self.test.as_ref().filter(|test| test.size != self.train.size) {
            let paths = [&self.train, test].map(|half| half.path.clone());
            return Err(Error::Sizes { paths, sizes: [self.train.size, test.size] });
        }
        let halves = || [&self.train].into_iter().chain(&self.test);
        let labels = || halves().flat_map(|half| &half.labels).copied();
        let (lowest, highest) = (labels().min().unwrap_or(0), labels().max().unwrap_or(0));
        let class_names = self.class_names(listed, lowest, highest)?;
        let classes = class_names.len().max(usize::from(highest - lowest) + 1);
        if classes < 2 {
            return Err(Error::OneClass { path: self.train.path, label: lowest });
        }
        for half in [&mut self.train].into_iter().chain(&mut self.test) {
            half.labels.iter_mut().for_each(|label| *label -= lowest);
            if transposed {
                half.transpose();
            }
        }
        let test = match self.test {
            Some(test) if test_split == 0.0 => test,
            Some(test) => return Err(Error::HasTest { path: test.path }),
            None if test_split == 0.0 => {
                return Err(Error::NoTest { path: self.train.path, unlabelled: self.unlabelled });
            }
            None => self.train.hold_out(test_split),
        };
        if test.labels.is_empty() {
            return Err(Error::NothingHeldOut { path: self.train.path, test_split });
        }
        let Size { height, width } = test.size;
        let shape = Shape { width, height, classes };
        let [train, test] =
            [self.train, test].map(|half| Split::new(shape, half.images, half.labels));
        let class_names = if are_numbers(&class_names) { Vec::new() } else { class_names };
        Ok(ImageSet { class_names, ..ImageSet::new(name, train, test) })
    }

    /// Returns the names of the classes from the lowest label on: those listed in a file, else the format's, else the
    /// labels as written.
    fn class_names(
        &mut self,
        listed: Option<ClassNames>,
        lowest: u8,
        highest: u8,
    ) -> Result<Vec<String>, Error> {
        if let Some(ClassNames { path, names }) = listed {
            if names.len() <= usize::from(highest - lowest) {
                let fault = ClassNamesFault::TooFew { names: names.len(), lowest, highest };
                return Err(Error::ClassNames { path, fault });
            }
            return Ok(names);
        }
        if self.class_names.is_empty() {
            return Ok((lowest..=highest).map(|label| label.to_string()).collect());
        }
        Ok(mem::take(&mut self.class_names).split_off(lowest.into()))
    }
}

/// Returns whether names are the classes' own numbers.
fn are_numbers(names: &[String]) -> bool {
    names.iter().enumerate().all(|(class, name)| *name == class.to_string())
}

impl RawSplit {
    /// Mirrors each image about its diagonal.
    fn transpose(&mut self) {
        let Size { height, width } = self.size;
        let mut image = vec![0; self.size.pixels()];
        for pixels in self.images.chunks_exact_mut(self.size.pixels()) {
            image.copy_from_slice(pixels);
            for (index, pixel) in pixels.iter_mut().enumerate() {
                *pixel = image[index % height * width + index / height];
            }
        }
        self.size = Size { height: width, width: height };
    }

    /// Removes a share of the images of each class, rounded to whole images, but never all. Which ones depends on the
    /// class and the number of its images alone.
    fn hold_out(&mut self, share: f64) -> Self {
        let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); usize::from(u8::MAX) + 1];
        for (index, &label) in self.labels.iter().enumerate() {
            of_class[usize::from(label)].push(index);
        }
        let mut is_held_out = vec![false; self.labels.len()];
        for (seed, mut indices) in (HOLD_OUT_SEED..).zip(of_class) {
            indices.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
            let count = indices.len() as f64;
            // One stays, whatever the share.
            for (index, held_out) in indices.iter().skip(1).zip(1_u32..) {
                is_held_out[*index] = f64::from(held_out) - 0.5 <= share * count;
            }
        }
        let [train, test] =
            [false, true].map(|half| self.select(|index| is_held_out[index] == half));
        *self = train;
        test
    }

    /// Copies some of the images.
    fn select(&self, is_selected: impl Fn(usize) -> bool) -> Self {
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        let all = self.images.chunks_exact(self.size.pixels()).zip(&self.labels);
        for (index, (image, label)) in all.enumerate() {
            if is_selected(index) {
                images.extend_from_slice(image);
                labels.push(*label);
            }
        }
        Self { path: self.path.clone(), size: self.size, images, labels }
    }
}
