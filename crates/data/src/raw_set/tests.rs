use std::path::PathBuf;

use super::{RawSet, RawSplit};
use crate::class_names::ClassNames;
use crate::image_set::ImageSet;
use crate::shape::Size;

fn split(size: [usize; 2], labels: &[u8]) -> RawSplit {
    let size = Size { height: size[0], width: size[1] };
    let images = (0..=255).cycle().take(labels.len() * size.pixels()).collect();
    RawSplit { path: PathBuf::from("images"), size, images, labels: labels.to_vec() }
}

fn convert(
    train: &[u8],
    test: Option<&[u8]>,
    transposed: bool,
    test_split: f64,
    names: &[&str],
) -> Result<ImageSet, String> {
    let test = test.map(|labels| split([3, 2], labels));
    let set = RawSet { test, ..RawSet::new(split([3, 2], train)) };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let listed = ClassNames { path: PathBuf::from("classes.txt"), names };
    let listed = Some(listed).filter(|listed| !listed.names.is_empty());
    let set = set.into_image_set("set".to_owned(), transposed, test_split, listed);
    set.map_err(|error| error.to_string())
}

#[test]
fn the_lowest_label_is_class_0_and_labels_are_names() {
    let set = convert(&[3, 7, 4], Some(&[7, 5]), false, 0.0, &[]).unwrap();
    assert_eq!((set.train.labels(), set.test.labels()), (&[0, 4, 1][..], &[4, 2][..]));
    assert_eq!(set.class_names, ["3", "4", "5", "6", "7"]);
    // The first line names the first class there is.
    let names = ["a", "b", "c", "d", "e", "f"];
    let listed = convert(&[3, 7, 4], Some(&[7, 5]), false, 0.0, &names).unwrap();
    assert_eq!(listed.class_names, names);
    let few = convert(&[3, 7, 4], Some(&[7, 5]), false, 0.0, &names[..4]).unwrap_err();
    assert_eq!(few, "classes.txt lacks names: it has 4, and the labels 3 to 7 need 5");
    // The test half may have the lowest label.
    let set = convert(&[1, 2], Some(&[0]), false, 0.0, &[]).unwrap();
    assert_eq!((set.train.labels(), set.class_names.len()), (&[1, 2][..], 0));
}

#[test]
fn transposed_images_are_turned_about_their_diagonal() {
    let stored = convert(&[0, 1], Some(&[0]), false, 0.0, &[]).unwrap();
    let set = convert(&[0, 1], Some(&[0]), true, 0.0, &[]).unwrap();
    let shape = set.train.shape();
    assert_eq!((shape.height, shape.width), (2, 3));
    assert_eq!(stored.train.image(1), [6, 7, 8, 9, 10, 11]);
    assert_eq!(set.train.image(1), [6, 8, 10, 7, 9, 11]);
    assert_ne!(set.sha256, stored.sha256);
}

#[test]
fn a_share_of_each_class_is_held_out() {
    let labels: Vec<u8> = (0..40).map(|index| 1 + u8::from(index % 4 == 0)).collect();
    let set = convert(&labels, None, false, 0.2, &[]).unwrap();
    let sum = |labels: &[u8]| labels.iter().map(|label| usize::from(*label)).sum();
    assert_eq!((set.test.len(), sum(set.test.labels())), (8, 2_usize));
    assert_eq!((set.train.len(), sum(set.train.labels())), (32, 8));
    // The same images on every machine: their first pixels tell their indices.
    let first: Vec<u8> = (0..8).map(|index| set.test.image(index)[0] / 6).collect();
    assert_eq!(first, [2, 7, 16, 22, 24, 27, 34, 37]);
    // All images are in one of the halves, in their order.
    let firsts = [&set.train, &set.test]
        .map(|split| (0..split.len()).map(|index| split.image(index)[0]).collect::<Vec<u8>>());
    assert!(firsts.iter().all(|half| half.is_sorted()));
    // Labels that begin elsewhere, and a class without images, change nothing.
    let others: Vec<u8> = labels.iter().map(|label| label + 5).collect();
    assert_eq!(convert(&others, None, false, 0.2, &[]).unwrap().sha256, set.sha256);

    // One image of each class stays.
    let all = convert(&[0, 0, 1], None, false, 0.99, &[]).unwrap();
    assert_eq!((all.train.labels(), all.test.labels()), (&[0, 1][..], &[0][..]));
    let none = convert(&[0, 0, 1], None, false, 0.1, &[]).unwrap_err();
    assert!(none == "images: data.test_split = 0.1 holds out no image: make it larger");
    let refused = convert(&[0, 1], Some(&[0]), false, 0.5, &[]).unwrap_err();
    assert_eq!(refused, "images has test images: leave out data.test_split");
}
