use std::cell::Cell;
use std::fs;
use std::path::Path;

use image::{GrayImage, Luma, RgbImage};

use crate::UserSet;
use crate::image_set::ImageSet;
use crate::published;
use crate::shape::Size;

fn read(set: &UserSet) -> Result<(ImageSet, Vec<String>), String> {
    let [mnist, ..] = published::all();
    set.read(&mnist, &|_| {}).map_err(|error| error.to_string())
}

/// Writes a picture of 2 × 3 pixels whose first one has this value.
fn picture(dir: &Path, name: &str, first: u8) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_fn(2, 3, |x, y| Luma([if x + y == 0 { first } else { 7 }])).save(path).unwrap();
}

fn firsts(set: &ImageSet) -> [Vec<u8>; 2] {
    [&set.train, &set.test]
        .map(|split| (0..split.len()).map(|index| split.image(index)[0]).collect())
}

#[test]
fn folders_are_halves_and_classes_in_natural_order() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("pets");
    for (name, first) in [
        ("train/10 été/2.png", 1),
        ("train/2 chat/10.PNG", 3),
        ("train/2 chat/1.jpeg", 0),
        ("train/2 chat/2.png", 2),
        ("test/2 chat/1.png", 4),
        ("test/11 only here/0.png", 5),
    ] {
        picture(&dir, name, first);
    }
    fs::write(dir.join("train/2 chat/.DS_Store"), "of a Mac").unwrap();
    fs::write(dir.join("train/2 chat/notes.txt"), "text").unwrap();
    let (set, notes) = read(&UserSet::new(&dir)).unwrap();
    assert_eq!(set.name, "pets");
    assert_eq!(set.class_names, ["2 chat", "10 été", "11 only here"]);
    // By file name, then by class; a JPEG's pixels are not exact.
    assert_eq!(firsts(&set)[0][1..], [2, 1, 3]);
    assert_eq!(firsts(&set)[1], [5, 4]);
    assert_eq!((set.train.labels(), set.test.labels()), (&[0, 0, 1, 0][..], &[2, 0][..]));
    assert_eq!((set.train.shape().width, set.train.shape().height), (2, 3));
    assert_eq!(notes, [""; 0]);
}

#[test]
fn folders_of_classes_alone_need_a_test_split() {
    let dir = tempfile::tempdir().unwrap();
    for index in 0..4 {
        picture(dir.path(), &format!("0/{index}.png"), index);
        picture(dir.path(), &format!("1/{index}.png"), 10 + index);
    }
    picture(dir.path(), "loose.png", 9);
    fs::write(dir.path().join("0/5.bmp"), "").unwrap();
    let set = UserSet { test_split: 0.5, ..UserSet::new(dir.path()) };
    let (images, notes) = read(&set).unwrap();
    assert_eq!((images.train.len(), images.test.len()), (4, 4));
    assert!(images.class_names.is_empty(), "numbers are no names");
    let expected = [
        "pictures that are not in a folder per class are left out: 1",
        "pictures that are neither PNG nor JPEG are left out: 1",
    ];
    assert_eq!(notes, expected);
    let error = read(&UserSet::new(dir.path())).unwrap_err();
    assert!(error.contains("has no test images: set data.test_split"), "{error}");

    // Kaggle's unlabelled test pictures.
    let kaggle = dir.path().join("kaggle");
    for index in 0..4 {
        picture(&kaggle, &format!("trainingSet/trainingSet/{}/{index}.png", index % 2), index);
        picture(&kaggle, &format!("testSet/testSet/{index}.png"), index);
    }
    let (images, notes) = read(&UserSet { path: kaggle, ..set.clone() }).unwrap();
    assert_eq!((images.train.len(), images.test.len()), (2, 2));
    assert_eq!(notes, ["pictures that are not in train/CLASS or test/CLASS are left out: 4"]);
    let simple = dir.path().join("simple");
    for index in 0..4 {
        picture(&simple, &format!("train/{}/{index}.png", index % 2), index);
        picture(&simple, &format!("test/unknown/{index}.png"), index);
    }
    let (images, notes) = read(&UserSet { path: simple, test_split: 0.5, ..set }).unwrap();
    assert_eq!((images.train.len(), images.test.len()), (2, 2));
    assert_eq!(notes, ["test pictures are in folders of no training class: left out"]);
}

#[test]
fn pictures_are_made_grey_and_scaled_to_the_size_that_is_set() {
    let dir = tempfile::tempdir().unwrap();
    picture(dir.path(), "train/a/1.png", 0);
    picture(dir.path(), "test/a/1.png", 0);
    picture(dir.path(), "test/b/1.png", 0);
    let grey = RgbImage::from_pixel(4, 6, image::Rgb([50, 50, 50]));
    grey.save(dir.path().join("train/a/2.png")).unwrap();
    let set = UserSet::new(dir.path());
    let error = read(&set).unwrap_err();
    assert!(
        error.contains("a/1.png has 2 × 3 pixels, but ")
            && error.ends_with("a/2.png has 4 × 6: set data.size = [height, width] to scale all"),
        "{error}"
    );
    let (images, notes) =
        read(&UserSet { size: Some(Size { height: 3, width: 2 }), ..set.clone() }).unwrap();
    assert_eq!(images.train.image(1), [50; 6]);
    assert_eq!(notes, ["pictures in colour are made grey by their luma: 1"]);

    fs::write(dir.path().join("train/a/2.png"), "no picture").unwrap();
    let error = read(&set).unwrap_err();
    assert!(error.contains("a/2.png cannot be read: not a PNG or JPEG image: "), "{error}");
    fs::remove_file(dir.path().join("train/a/2.png")).unwrap();
    GrayImage::new(1025, 1).save(dir.path().join("train/a/0.png")).unwrap();
    let error = read(&set).unwrap_err();
    assert!(
        error.contains("a/0.png has 1025 × 1 pixels, at most 1024 a side are supported: "),
        "{error}"
    );
}

#[test]
fn names_and_numbers_of_classes_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let set = UserSet { test_split: 0.5, ..UserSet::new(dir.path()) };
    picture(dir.path(), "a\u{202e}b/1.png", 0);
    picture(dir.path(), "b/1.png", 0);
    assert!(read(&set).unwrap_err().ends_with(
        "has a folder \"a\\u{202e}b\": a class's name has at most 64 characters, none of them invisible"
    ));
    fs::rename(dir.path().join("a\u{202e}b"), dir.path().join("train")).unwrap();
    fs::rename(dir.path().join("b"), dir.path().join("test")).unwrap();
    let error = read(&set).unwrap_err();
    assert!(
        error.contains("holds no data set: pictures that are not in a folder per class: 2; "),
        "{error}"
    );
    for class in 0..257 {
        picture(dir.path(), &format!("many/class {class}/1.png"), 0);
    }
    let error = read(&UserSet { path: dir.path().join("many"), ..set }).unwrap_err();
    assert!(error.ends_with("names 257 classes: at most 256 are supported"), "{error}");
}

#[test]
fn progress_counts_pictures() {
    let dir = tempfile::tempdir().unwrap();
    picture(dir.path(), "train/a/1.png", 0);
    picture(dir.path(), "test/a/1.png", 0);
    let listing = crate::listing::Listing::new(dir.path()).unwrap();
    let set = super::find(&listing).sets.pop().unwrap();
    let done = Cell::new(0);
    set.read(None, &|progress| {
        assert_eq!(progress.total, Some(2));
        done.set(progress.done);
    })
    .unwrap();
    assert_eq!(done.get(), 2);
}
