use std::path::Path;

use super::*;
use crate::config::Entries;

/// Splits ten training images, each labelled by its index.
fn split_ten(lines: &str) -> Result<Arc<TrainingData>, SettingError> {
    let entries = Entries::parse(lines, Path::new("small.toml")).unwrap();
    let study = Study::read("small", &entries).unwrap();
    let split = || Split::new(Shape::MNIST, vec![0; 10 * Shape::MNIST.pixels()], (0..10).collect());
    let splits = Splits::new(ImageSet::new("ten", split(), split()), &study)?;
    splits.of(&study.runs[0].data, study.runs[0].seed)
}

#[test]
fn the_last_images_are_held_out_for_validation() {
    let data = split_ten("data.validation_split = 0.25").unwrap();
    // Keras keeps floor(10 · 0.75).
    assert_eq!(data.train.labels(), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(data.validation.as_ref().unwrap().labels(), [7, 8, 9]);
    assert!(split_ten("jobs = 1").unwrap().validation.is_none());
}

#[test]
fn the_limit_applies_before_the_split() {
    let data = split_ten("data.validation_split = 0.5\ndata.limit = 4").unwrap();
    assert_eq!(data.train.labels(), [0, 1]);
    assert_eq!(data.validation.as_ref().unwrap().labels(), [2, 3]);
    assert_eq!(split_ten("data.limit = 99").unwrap().train.len(), 10);
}

#[test]
fn a_split_without_training_images_is_an_error() {
    let error = split_ten("data.validation_split = 0.95").unwrap_err();
    let expected = "small.toml:1: data.validation_split: leaves none of 10 training images to train with; make it smaller";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_split_without_validation_images_is_an_error() {
    let error = split_ten("data.validation_split = 1e-300").unwrap_err();
    assert!(error.to_string().contains("leaves none of 10 training images to validate with"));
}

#[test]
fn held_out_images_are_always_the_last() {
    for limit in ["", "data.limit = 3\n", "data.limit = 3\ndata.sample = \"seed\"\n"] {
        let data = split_ten(&format!("data.validation = 2\n{limit}")).unwrap();
        assert_eq!(data.validation.as_ref().unwrap().labels(), [8, 9]);
        assert_eq!(data.train.len(), if limit.is_empty() { 8 } else { 3 });
        assert!(data.train.labels().is_sorted() && data.train.labels().last() < Some(&8));
    }
    let of_seed = |seed: u64| {
        let lines = format!("seeds = [{seed}]\ndata.limit = 5\ndata.sample = \"seed\"");
        split_ten(&lines).unwrap().train.labels().to_vec()
    };
    assert_eq!(of_seed(3), of_seed(3));
    assert!((0..5).any(|seed| of_seed(seed) != of_seed(seed + 1)));

    let both = "data.limit = 5\nsweep.data.sample = [\"seed\", \"first\"]\nvariants = [\"none\"]";
    let study = Study::read("small", &Entries::parse(both, Path::new("")).unwrap()).unwrap();
    let split = || Split::new(Shape::MNIST, vec![0; 10 * Shape::MNIST.pixels()], (0..10).collect());
    let splits = Splits::new(ImageSet::new("ten", split(), split()), &study).unwrap();
    let first = splits.of(&study.runs[1].data, 0).unwrap();
    assert_eq!(first.train.labels(), [0, 1, 2, 3, 4]);

    let error = |lines: &str| split_ten(lines).unwrap_err().to_string();
    let none = "small.toml:1: data.validation: leaves none of 10 training images to train with; make it smaller";
    assert_eq!(error("data.validation = 10"), none);
    let beyond = "small.toml:2: data.limit: is 9, but data.validation leaves 8 of 10 training images; make one of them smaller";
    assert_eq!(error("data.validation = 2\ndata.limit = 9"), beyond);
}

#[test]
fn label_noise_replaces_training_labels_only() {
    let lines = "data.label_noise = 0.5\ndata.limit = 5\ndata.validation = 2";
    let noisy = split_ten(lines).unwrap();
    let WrongLabels { changes, given } = noisy.wrong.as_ref().unwrap();
    // Half of five images, rounded.
    assert_eq!((changes.len(), given.len()), (3, 3));
    for (change, label) in changes.iter().zip(given.labels()) {
        // Each image's class is its index.
        assert_eq!((usize::from(change.truth), change.given), (change.index, *label));
        assert_ne!(change.truth, change.given);
        assert_eq!(noisy.train.labels()[change.index], change.given);
    }
    let wrong = noisy.train.labels().iter().zip(0..).filter(|(label, index)| **label != *index);
    assert_eq!(wrong.count(), 3);
    assert_eq!(noisy.validation.as_ref().unwrap().labels(), [8, 9]);

    // The index is that in the file, also of sampled images.
    let sampled = split_ten(&format!("{lines}\ndata.sample = \"seed\"\nseeds = [7]")).unwrap();
    let changes = &sampled.wrong.as_ref().unwrap().changes;
    assert!(changes.iter().all(|change| usize::from(change.truth) == change.index));
    // Too small a share changes nothing.
    assert!(split_ten("data.label_noise = 0.04").unwrap().wrong.is_none());
}
