use std::fs;
use std::path::Path;

use super::{UserSet, read_published};
use crate::error::Error;
use crate::formats::idx::Kind;
use crate::image_set::{ImageSet, Split};
use crate::published::{self, Published};
use crate::shape::{Shape, Size};
use crate::source::Source;
use crate::testing::{FakeSet, Layout, MNIST, fake, fake_mnist, gzip, images, labels};

fn image_set(fake: &FakeSet) -> ImageSet {
    let [a, b, c, d] = &fake.contents;
    ImageSet::new(
        "mnist",
        Split::new(Shape::MNIST, a[16..].to_vec(), b[8..].to_vec()),
        Split::new(Shape::MNIST, c[16..].to_vec(), d[8..].to_vec()),
    )
}

/// Reads a set of the user's, without any note.
fn read(dir: &Path, mnist: &Published) -> Result<ImageSet, Error> {
    let (images, notes) = UserSet::new(dir).read(mnist, &|_| {})?;
    assert_eq!(notes, [""; 0]);
    Ok(images)
}

/// Returns the message without the path of the folder.
fn message(dir: &Path, error: &Error) -> String {
    error.to_string().replace(&format!("{}/", dir.display()), "")
}

#[test]
fn reads_every_layout() {
    let fake = fake_mnist();
    for layout in [Layout::Flat, Layout::Subfolders] {
        for gzipped in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            fake.write(dir.path(), layout, gzipped);
            let read = read(dir.path(), &fake.set).unwrap();
            assert_eq!(read, image_set(&fake), "{layout:?}, gzipped: {gzipped}");
        }
    }
}

#[test]
fn detects_gzip_by_content_not_by_name() {
    let fake = fake_mnist();
    let dir = tempfile::tempdir().unwrap();
    for (file, contents) in fake.set.files.iter().zip(&fake.contents) {
        fs::write(dir.path().join(file.name), gzip(contents)).unwrap();
    }
    assert_eq!(read(dir.path(), &fake.set).unwrap(), image_set(&fake));
    for (file, contents) in fake.set.files.iter().zip(&fake.contents) {
        fs::remove_file(dir.path().join(file.name)).unwrap();
        fs::write(dir.path().join(format!("{}.gz", file.name)), contents).unwrap();
    }
    assert_eq!(read(dir.path(), &fake.set).unwrap(), image_set(&fake));
}

#[test]
fn names_a_data_set_by_its_checksums_or_its_folder() {
    let fake = fake_mnist();
    let parent = tempfile::tempdir().unwrap();
    let [real, ..] = published::all();
    for (folder, name) in [("letters", "letters"), ("mnist", "mnist-"), ("fashion", "fashion-")] {
        let dir = parent.path().join(folder);
        fake.write(&dir, Layout::Flat, true);
        assert_eq!(read(&dir, &fake.set).unwrap().name, "mnist", "{folder}");

        let other = read(&dir, &real).unwrap();
        if name.ends_with('-') {
            assert_eq!(other.name, format!("{name}{}", &other.sha256[..8]));
        } else {
            assert_eq!(other.name, name);
        }
        let unresolved = dir.join("train").join("..");
        fs::create_dir_all(dir.join("train")).unwrap();
        assert_eq!(read(&unresolved, &real).unwrap().name, other.name, "{folder}");
    }
}

#[test]
fn one_changed_byte_makes_another_data_set() {
    let mut fake = fake_mnist();
    let before = image_set(&fake);
    fake.contents[3][8] = 6;
    let dir = tempfile::tempdir().unwrap();
    fake.write(dir.path(), Layout::Flat, true);
    let after = read(dir.path(), &fake.set).unwrap();
    assert_ne!(after.name, "mnist");
    assert_ne!(after.sha256, before.sha256);
    assert_eq!(after.train, before.train);
}

/// Runs `work`, which may block for ever, and fails the test if it does.
#[cfg(unix)]
fn within_seconds<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(std::time::Duration::from_secs(10)).expect("it blocks")
}

#[test]
#[cfg(unix)]
fn refuses_fifos_and_devices_without_opening_them() {
    use std::os::unix::fs::symlink;

    type Make<'a> = &'a dyn Fn(&Path);
    let make_fifo = |path: &Path| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let cases: [(&str, Make<'_>); 3] = [
        ("a FIFO", &make_fifo),
        ("a symlink to a FIFO", &|path| {
            let fifo = path.with_file_name("fifo");
            make_fifo(&fifo);
            symlink(fifo, path).unwrap();
        }),
        ("a symlink to a device", &|path| symlink("/dev/zero", path).unwrap()),
    ];
    for (case, make) in cases {
        let dir = tempfile::tempdir().unwrap();
        let fake = fake_mnist();
        fake.write(dir.path(), Layout::Flat, false);
        let path = dir.path().join("t10k-images-idx3-ubyte");
        fs::remove_file(&path).unwrap();
        make(&path);
        let folder = dir.path().to_owned();
        let error = within_seconds(move || read(&folder, &fake.set)).unwrap_err();
        let expected = "t10k-images-idx3-ubyte cannot be read: it is a FIFO, a socket or a device, not a \
                        regular file";
        assert_eq!(message(dir.path(), &error), expected, "{case}");
    }
}

#[test]
#[cfg(unix)]
fn reads_files_through_symlinks() {
    let parent = tempfile::tempdir().unwrap();
    let (files, links) = (parent.path().join("files"), parent.path().join("links"));
    let fake = fake_mnist();
    fake.write(&files, Layout::Flat, true);
    fs::create_dir(&links).unwrap();
    for entry in fs::read_dir(&files).unwrap() {
        let entry = entry.unwrap();
        std::os::unix::fs::symlink(entry.path(), links.join(entry.file_name())).unwrap();
    }
    assert_eq!(read(&links, &fake.set).unwrap(), image_set(&fake));
}

#[test]
fn reports_the_missing_or_defective_file() {
    type Damage = fn(&Path);
    let cases: &[(&str, Damage, &str)] = &[
        (
            "no folder",
            |dir| fs::remove_dir_all(dir).unwrap(),
            "DIR does not exist: it has to be a folder, a file or the beginning of files' names",
        ),
        (
            "one file missing and another defective",
            |dir| {
                fs::remove_file(dir.join("t10k-labels-idx1-ubyte")).unwrap();
                fs::write(dir.join("train-images-idx3-ubyte"), "text").unwrap();
            },
            "DIR holds no data set: an IDX file of test labels is missing; there are t10k-images-idx3-ubyte, \
             train-images-idx3-ubyte, train-labels-idx1-ubyte. A data set is four IDX files of `train` or `test` and \
             `images` or `labels`, gzipped or not; an npz file with the arrays x_train, y_train, x_test and y_test, as \
             Keras caches it; CSV files named `train` and `test`, or one CSV file, with an image and its label in each \
             row; PNG or JPEG pictures in folders train/CLASS and test/CLASS, or in a folder per class",
        ),
        (
            "two defective files",
            |dir| {
                fs::write(dir.join("train-labels-idx1-ubyte"), "").unwrap();
                fs::write(dir.join("t10k-labels-idx1-ubyte"), "").unwrap();
            },
            "train-labels-idx1-ubyte is empty: copy or download it again",
        ),
        (
            "too many labels",
            |dir| fs::write(dir.join("train-labels-idx1-ubyte"), labels(&[1; 6])).unwrap(),
            "train-images-idx3-ubyte holds 5 images, but train-labels-idx1-ubyte holds 6 labels: use two \
             files of the same data set",
        ),
        (
            "too many images",
            |dir| fs::write(dir.join("t10k-images-idx3-ubyte"), images(3)).unwrap(),
            "t10k-images-idx3-ubyte holds 3 images, but t10k-labels-idx1-ubyte holds 2 labels: use two \
             files of the same data set",
        ),
        (
            "no test images",
            |dir| {
                fs::write(dir.join("t10k-images-idx3-ubyte"), Kind::Images.header(0, MNIST))
                    .unwrap();
                fs::write(dir.join("t10k-labels-idx1-ubyte"), labels(&[])).unwrap();
            },
            "t10k-images-idx3-ubyte holds no images: at least one is needed",
        ),
        (
            "no test half",
            |dir| {
                fs::remove_file(dir.join("t10k-images-idx3-ubyte")).unwrap();
                fs::remove_file(dir.join("t10k-labels-idx1-ubyte")).unwrap();
            },
            "train-images-idx3-ubyte has no test images: set data.test_split to the share of each class to hold out, \
             such as 0.2",
        ),
    ];
    let fake = fake_mnist();
    for (case, damage, expected) in cases {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("set");
        fake.write(&dir, Layout::Flat, false);
        damage(&dir);
        let error = read(&dir, &fake.set).unwrap_err();
        let message = message(&dir, &error).replace(&format!("{}", dir.display()), "DIR");
        assert_eq!(&message, expected, "{case}");
    }
}

/// Writes the four files of [`fake_mnist`] under these names.
fn write_as(dir: &Path, names: [&str; 4]) {
    for (name, contents) in names.iter().zip(&fake_mnist().contents) {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
}

#[test]
fn idx_files_are_found_by_role_whatever_their_names() {
    let fake = fake_mnist();
    for names in [
        // Kaggle's, and its copies in folders of the file's own name.
        [
            "train-images.idx3-ubyte",
            "train-labels.idx1-ubyte",
            "t10k-images.idx3-ubyte",
            "t10k-labels.idx1-ubyte",
        ],
        [
            "train-images-idx3-ubyte/train-images-idx3-ubyte",
            "train-labels-idx1-ubyte/train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte/t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte",
        ],
        ["raw/TRAIN_Images", "raw/TRAIN_Labels", "raw/Test_Images", "raw/Test_Labels"],
        ["train/images", "train/labels", "test/images", "test/labels"],
        [
            "digits-train-images/digits-train-images",
            "digits-train-labels/digits-train-labels",
            "digits-test-images/digits-test-images",
            "digits-test-labels/digits-test-labels",
        ],
        ["latestTrainImages", "latestTrainLabels", "latestTestImages", "latestTestLabels"],
        // The header decides, not the name.
        ["train-labels.idx", "train-images.idx", "t10k-labels.idx", "t10k-images.idx"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        write_as(dir.path(), names);
        fs::write(dir.path().join("readme.txt"), "train and test images").unwrap();
        fs::write(dir.path().join("._train-images-idx3-ubyte"), "of a Mac").unwrap();
        assert_eq!(read(dir.path(), &fake.set).unwrap(), image_set(&fake), "{names:?}");
    }
    // Kaggle's archive holds each file twice.
    let dir = tempfile::tempdir().unwrap();
    for folder in ["", "-idx3-ubyte/train-images-idx3-ubyte"] {
        write_as(
            dir.path(),
            [
                &format!("train-images{}", if folder.is_empty() { ".idx3-ubyte" } else { folder }),
                "train-labels.idx1-ubyte",
                "t10k-images.idx3-ubyte",
                "t10k-labels.idx1-ubyte",
            ],
        );
    }
    assert_eq!(read(dir.path(), &fake.set).unwrap(), image_set(&fake));
}

#[test]
fn other_files_beside_a_set_do_not_matter() {
    let fake = fake_mnist();
    let dir = tempfile::tempdir().unwrap();
    fake.write(dir.path(), Layout::Flat, false);
    for name in
        ["results.csv", "plots/loss.png", "train-images-idx3-ubyte.part", "latest/train.log"]
    {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "something else").unwrap();
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", dir.path().join("plots/up")).unwrap();
    assert_eq!(read(dir.path(), &fake.set).unwrap(), image_set(&fake));
    // Names of classes are no part of a published set.
    fs::write(dir.path().join("classes.txt"), "a\nb\n").unwrap();
    let (images, _) = read_published(dir.path(), &fake.set, &|_| {}).unwrap();
    assert_eq!(images, image_set(&fake));
}

#[test]
fn one_of_several_sets_is_chosen_by_the_beginning_of_its_names() {
    let fake = fake_mnist();
    let dir = tempfile::tempdir().unwrap();
    for set in ["emnist-letters", "emnist-digits"] {
        let names = ["train-images", "train-labels", "test-images", "test-labels"];
        let names = names.map(|name| format!("{set}-{name}-idx-ubyte"));
        write_as(dir.path(), names.each_ref().map(String::as_str));
    }
    let error = message(dir.path(), &read(dir.path(), &fake.set).unwrap_err());
    let expected = "holds 2 data sets, with the files emnist-digits-train-images-idx-ubyte, \
                    emnist-letters-train-images-idx-ubyte: choose one by its folder, its file or the beginning";
    assert!(error.contains(expected), "{error}");
    let letters = dir.path().join("emnist-letters");
    assert_eq!(read(&letters, &fake.set).unwrap(), image_set(&fake));
    let [real, ..] = published::all();
    assert_eq!(read(&letters, &real).unwrap().name, "emnist-letters");
    // Names beside the files, and those of this set alone.
    let names = |set: &str| (0..10).map(|class| format!("{set} {class}\n")).collect::<String>();
    fs::write(dir.path().join("classes.txt"), names("any")).unwrap();
    assert_eq!(read(&letters, &real).unwrap().class_names[9], "any 9");
    fs::write(dir.path().join("emnist-letters-classes.txt"), names("letter")).unwrap();
    assert_eq!(read(&letters, &real).unwrap().class_names[9], "letter 9");
}

/// Writes a data set of images of this height and width, with these labels, black but for their first pixels.
fn write_set(dir: &Path, [height, width]: [usize; 2], train: &[u8], test: &[u8]) {
    fs::create_dir_all(dir).unwrap();
    for (half, set) in [("train", train), ("t10k", test)] {
        let item = Size { height, width };
        let mut file = Kind::Images.header(set.len(), item);
        file.extend(set.iter().flat_map(|&label| {
            std::iter::once(label).chain(std::iter::repeat_n(0, item.pixels() - 1))
        }));
        fs::write(dir.join(format!("{half}-images-idx3-ubyte")), file).unwrap();
        fs::write(dir.join(format!("{half}-labels-idx1-ubyte")), labels(set)).unwrap();
    }
}

#[test]
fn reads_images_of_other_sizes_and_classes() {
    let [mnist, ..] = published::all();
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("letters");
    write_set(&dir, [5, 3], &[0, 2, 1], &[3]);
    let images = read(&dir, &mnist).unwrap();
    assert_eq!(images.train.shape(), Shape { width: 3, height: 5, classes: 4 });
    assert_eq!(images.test.shape(), images.train.shape());
    assert_eq!(images.train.image(1), [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert!(images.class_names.is_empty());

    // Names may be of more classes than there are labels. Numbers are no names. The checksum is the same.
    fs::write(dir.join("classes.txt"), "0\n1\n2\n3\n").unwrap();
    assert!(read(&dir, &mnist).unwrap().class_names.is_empty());
    fs::write(dir.join("classes.txt"), "a\nb\nc\nd\ne\n").unwrap();
    let named = read(&dir, &mnist).unwrap();
    assert_eq!(named.train.shape().classes, 5);
    assert_eq!(
        (named.class_names.join(" "), named.sha256),
        ("a b c d e".to_owned(), images.sha256)
    );

    fs::write(dir.join("classes.txt"), "a\nb\nc\n").unwrap();
    let error = message(&dir, &read(&dir, &mnist).unwrap_err());
    assert_eq!(error, "classes.txt lacks names: it has 3, and the labels 0 to 3 need 4");
}

#[test]
fn refuses_halves_of_different_sizes_and_a_single_class() {
    let [mnist, ..] = published::all();
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("set");
    write_set(&dir, [5, 3], &[0, 0], &[0]);
    assert_eq!(
        message(&dir, &read(&dir, &mnist).unwrap_err()),
        "train-images-idx3-ubyte holds only images of class 0: at least two classes are needed"
    );
    let other = parent.path().join("other");
    write_set(&other, [3, 5], &[0, 1], &[0]);
    fs::rename(other.join("t10k-images-idx3-ubyte"), dir.join("t10k-images-idx3-ubyte")).unwrap();
    assert_eq!(
        message(&dir, &read(&dir, &mnist).unwrap_err()),
        "train-images-idx3-ubyte holds images of 3 × 5 pixels, but t10k-images-idx3-ubyte of 5 × 3: use \
         files of the same data set"
    );
}

#[test]
fn a_published_set_is_verified_if_it_is_gzipped() {
    let fashion = fake(Source::Fashion);
    let dir = tempfile::tempdir().unwrap();
    fashion.write(dir.path(), Layout::Flat, false);
    let unpacked = read_published(dir.path(), &fashion.set, &|_| {}).unwrap().0;
    assert_eq!(unpacked.name, format!("fashion-{}", &unpacked.sha256[..8]));
    assert_eq!(unpacked.class_names[0], "T-shirt/top");

    // The gzipped files, which can be verified, come first.
    fashion.write(dir.path(), Layout::Flat, true);
    let verified = read_published(dir.path(), &fashion.set, &|_| {}).unwrap().0;
    assert_eq!(verified.name, "fashion");
    assert_eq!(verified.sha256, unpacked.sha256);

    let gzipped = dir.path().join("train-labels-idx1-ubyte.gz");
    fs::write(&gzipped, gzip(&labels(&[1; 5]))).unwrap();
    let error =
        message(dir.path(), &read_published(dir.path(), &fashion.set, &|_| {}).unwrap_err());
    let start = "train-labels-idx1-ubyte.gz is not Fashion-MNIST's file: its SHA-256 is ";
    assert!(error.starts_with(start), "{error}");
}

#[test]
fn other_images_in_a_published_sets_folder_are_refused() {
    let fashion = fake(Source::Fashion);
    let dir = tempfile::tempdir().unwrap();
    write_set(dir.path(), [5, 3], &[0, 1], &[0]);
    let error = read_published(dir.path(), &fashion.set, &|_| {}).unwrap_err().to_string();
    let found = "is not Fashion-MNIST: it has 2 training and 1 test images of 3 × 5 pixels in 2 classes; to use another \
                 data set, set data.dir to it";
    assert!(error.ends_with(found), "{error}");
}
