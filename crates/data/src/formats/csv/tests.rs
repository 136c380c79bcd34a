use std::fs;
use std::path::Path;

use crate::UserSet;
use crate::image_set::ImageSet;
use crate::published;
use crate::shape::Size;
use crate::testing::gzip;

fn read(set: &UserSet) -> Result<(ImageSet, Vec<String>), String> {
    let [mnist, ..] = published::all();
    set.read(&mnist, &|_| {}).map_err(|error| error.to_string())
}

/// Returns rows of images of 2 × 2 pixels with the label first. The first and the last pixel are always 0.
fn rows(labels: &[u8]) -> String {
    labels.iter().map(|label| format!("{label},0,{},255,0\n", 10 * label)).collect()
}

/// Writes a training and a test file.
fn write(dir: &Path, train: &str, test: &str) {
    fs::write(dir.join("mnist_train.csv"), train).unwrap();
    fs::write(dir.join("mnist_test.csv"), test).unwrap();
}

#[test]
fn rows_are_images_with_a_label_first_or_last_or_named() {
    let dir = tempfile::tempdir().unwrap();
    let set = UserSet::new(dir.path());
    write(dir.path(), &rows(&[1, 2, 0]), &rows(&[2]));
    let (expected, notes) = read(&set).unwrap();
    assert_eq!(expected.train.image(1), [0, 20, 255, 0]);
    assert_eq!((expected.train.labels(), expected.test.labels()), (&[1, 2, 0][..], &[2][..]));
    assert_eq!(notes, [""; 0]);
    for (train, test) in [
        ("0,10,255,0,1\n0,20,255,0,2\n0,0,255,0,0\n", "0,20,255,0,2\n"),
        (
            "\u{feff}Label,a,b,c,d\r\n1,0,10,255,0\r\n2,0,20,255,0\r\n0,0,0,255,0\r\n",
            "a,b,c,d,label\n0,20,255,0,2\n",
        ),
        (
            "\"a\",\"b\",\"c\",\"d\",\"class\"\n\"0\",10,255,0,1\n 0 ,20,255,0,2\n0,0,255,0,0",
            "0,20,255,0,2",
        ),
        ("1.0,0,10.0,255,0\n2,0,2e1,2.550000000000000000e+02,0\n\n0,0,0,255,0\n", "2,0,20,255,0\n"),
    ] {
        write(dir.path(), train, test);
        let (images, _) = read(&set).unwrap();
        assert_eq!(images.sha256, expected.sha256, "{train}");
    }
    fs::remove_file(dir.path().join("mnist_test.csv")).unwrap();
    fs::write(dir.path().join("mnist_test.csv.gz"), gzip(rows(&[2]).as_bytes())).unwrap();
    assert_eq!(read(&set).unwrap().0.sha256, expected.sha256);
}

#[test]
fn one_file_or_an_unlabelled_test_file_needs_a_test_split() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("digits.csv");
    fs::write(&path, rows(&[1, 2, 1, 2])).unwrap();
    let whole = UserSet::new(&path);
    let split = UserSet { test_split: 0.5, ..UserSet::new(&path) };
    assert!(
        read(&whole).unwrap_err().contains("digits.csv has no test images: set data.test_split")
    );
    let (images, _) = read(&split).unwrap();
    assert_eq!((images.train.len(), images.test.len(), images.name.as_str()), (2, 2, "digits"));
    assert_eq!(images.class_names, ["1", "2"]);

    // Kaggle's files, with an example of what to hand in.
    let kaggle = dir.path().join("kaggle");
    fs::create_dir(&kaggle).unwrap();
    fs::write(kaggle.join("train.csv"), format!("label,a,b,c,d\n{}", rows(&[1, 2, 1, 2]))).unwrap();
    fs::write(kaggle.join("test.csv"), "a,b,c,d\n1,2,3,4\n").unwrap();
    fs::write(kaggle.join("sample_submission.csv"), "ImageId,Label\n1,0\n").unwrap();
    let error = read(&UserSet::new(&kaggle)).unwrap_err();
    assert!(
        error.contains("train.csv has no test images (")
            && error.contains("test.csv has no labels): set "),
        "{error}"
    );
    let (images, notes) = read(&UserSet { test_split: 0.5, ..UserSet::new(&kaggle) }).unwrap();
    assert_eq!(images.test.len(), 2);
    assert!(notes[0].ends_with("test.csv has no labels: left out"), "{notes:?}");
}

#[test]
fn images_that_are_not_square_need_a_size() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "label,a,b,c,d,e,f\n0,1,2,3,4,5,6\n1,0,0,0,0,0,9\n", "1,9,0,0,0,0,0\n");
    let set = UserSet::new(dir.path());
    assert!(read(&set).unwrap_err().ends_with(
        "mnist_train.csv has 7 columns: without the label they are no square image; set data.size = [height, width], or remove columns that are no pixels"
    ));
    let sized = |height, width| UserSet { size: Some(Size { height, width }), ..set.clone() };
    let (images, _) = read(&sized(2, 3)).unwrap();
    assert_eq!((images.train.shape().height, images.train.image(0)[5]), (2, 6));
    let error = read(&sized(3, 3)).unwrap_err();
    assert!(
        error.contains("has 7 columns: a label and an image of 3 × 3 pixels need 10"),
        "{error}"
    );
}

#[test]
fn defects_are_named_with_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let good = rows(&[1, 2]);
    let many = rows(&vec![1; 40_000]);
    for (train, expected) in [
        (String::new(), "mnist_train.csv has no rows of pixels"),
        ("label,a,b,c,d\n".to_owned(), "mnist_train.csv has no rows of pixels"),
        (
            format!("{many}2,x y,3,4,0\n"),
            "mnist_train.csv has \"x y\" in line 40001, column 2: values are whole numbers",
        ),
        (format!("{good}1,0.5,3,4,0\n"), "has \"0.5\" in line 3, column 2: "),
        (format!("{good}1,256,3,4,0\n"), "has \"256\" in line 3, column 2: "),
        (format!("{good}1,,3,4,0\n"), "has \"\" in line 3, column 2: "),
        (format!("{good}1,2,3,4\n"), "has 4 columns in line 3, but 5 before"),
        (format!("{good}1,2,3,4,5,6\n"), "has 6 columns in line 3, but 5 before"),
        (
            format!("a,b,c,d,e\n{good}"),
            "has a header without a column `label`, `class` or `target`: ",
        ),
        (
            "1,2,3,4,7\n2,2,3,4,8\n".to_owned(),
            "has no header, and its labels can be column 1 (1 to 2) or column 5 (7 to 8): add a header with a column \
             `label`",
        ),
        (
            "1,2,3,4,0\n1,2,3,9,0\n".to_owned(),
            "can be column 1 (always 1) or column 5 (always 0): ",
        ),
        (format!("\"{good}"), "has a header without a column `label`"),
    ] {
        write(dir.path(), &train, &good);
        let error = read(&UserSet::new(dir.path())).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    write(dir.path(), &good, "1,2,9\n");
    let error = read(&UserSet::new(dir.path())).unwrap_err();
    assert!(
        error.contains("mnist_test.csv has 3 columns: a label and an image of 2 × 2 pixels need 5"),
        "{error}"
    );
    // A long line is not kept in memory.
    fs::write(dir.path().join("mnist_train.csv"), "1".repeat(9 << 20)).unwrap();
    let error = read(&UserSet::new(dir.path())).unwrap_err();
    assert!(
        error.contains("mnist_train.csv cannot be read: a line has more than 8388608 bytes"),
        "{error}"
    );
}

#[test]
fn halves_may_be_in_folders_beside_other_files() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["train", "test"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    fs::write(dir.path().join("readme.csv"), "a,b\n").unwrap();
    fs::write(dir.path().join("train/data.csv"), rows(&[1, 2])).unwrap();
    fs::write(dir.path().join("test/data.csv"), rows(&[1])).unwrap();
    let (images, _) = read(&UserSet::new(dir.path())).unwrap();
    assert_eq!((images.train.len(), images.test.len()), (2, 1));
    // A test file whose header names no labels has none.
    fs::write(dir.path().join("test/data.csv"), format!("id,a,b,c,d\n{}", rows(&[1]))).unwrap();
    let error = read(&UserSet::new(dir.path())).unwrap_err();
    assert!(error.contains("test/data.csv has a header without a column `label`"), "{error}");
}

#[test]
fn several_training_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &rows(&[1, 2]), &rows(&[1]));
    fs::write(dir.path().join("mnist_train_100.csv"), rows(&[1, 2])).unwrap();
    let error = read(&UserSet::new(dir.path())).unwrap_err();
    assert!(error.contains("mnist_train.csv and mnist_train_100.csv are the same half"), "{error}");
}
