use std::fs;
use std::path::Path;

use super::read;
use crate::digits::{Digits, Split};
use crate::error::Error;
use crate::idx::Kind;
use crate::mnist;
use crate::testing::{FakeMnist, Layout, fake_mnist, gzip, images, labels};

fn digits(fake: &FakeMnist) -> Digits {
    let [a, b, c, d] = &fake.contents;
    Digits::new(
        "mnist",
        Split::new(a[16..].to_vec(), b[8..].to_vec()),
        Split::new(c[16..].to_vec(), d[8..].to_vec()),
    )
}

/// The message, with the folder's path taken out.
fn message(dir: &Path, error: &Error) -> String {
    error.to_string().replace(&format!("{}/", dir.display()), "")
}

#[test]
fn every_layout_holds_the_same_set() {
    let fake = fake_mnist();
    for layout in [Layout::Flat, Layout::Halves] {
        for gzipped in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            fake.write(dir.path(), layout, gzipped);
            let read = read(dir.path(), &fake.files).unwrap();
            assert_eq!(read, digits(&fake), "{layout:?}, gzipped: {gzipped}");
        }
    }
}

#[test]
fn the_name_of_a_file_does_not_say_whether_it_is_gzipped() {
    let fake = fake_mnist();
    let dir = tempfile::tempdir().unwrap();
    for (file, contents) in fake.files.iter().zip(&fake.contents) {
        fs::write(dir.path().join(file.name), gzip(contents)).unwrap();
    }
    assert_eq!(read(dir.path(), &fake.files).unwrap(), digits(&fake));
    for (file, contents) in fake.files.iter().zip(&fake.contents) {
        fs::remove_file(dir.path().join(file.name)).unwrap();
        fs::write(dir.path().join(format!("{}.gz", file.name)), contents).unwrap();
    }
    assert_eq!(read(dir.path(), &fake.files).unwrap(), digits(&fake));
}

#[test]
fn only_the_sums_make_a_set_mnist() {
    let fake = fake_mnist();
    let parent = tempfile::tempdir().unwrap();
    let real = mnist::files();
    for (folder, name) in [("fashion", "fashion"), ("mnist", "mnist-"), ("synthetic", "synthetic-")]
    {
        let dir = parent.path().join(folder);
        fake.write(&dir, Layout::Flat, true);
        assert_eq!(read(&dir, &fake.files).unwrap().name, "mnist", "{folder}");

        let other = read(&dir, &real).unwrap();
        if name.ends_with('-') {
            assert_eq!(other.name, format!("{name}{}", &other.sha256[..8]));
        } else {
            assert_eq!(other.name, name);
        }
        let roundabout = dir.join("train").join("..");
        fs::create_dir_all(dir.join("train")).unwrap();
        assert_eq!(read(&roundabout, &real).unwrap().name, other.name, "{folder}");
    }
}

#[test]
fn one_other_byte_makes_another_set() {
    let mut fake = fake_mnist();
    let before = digits(&fake);
    fake.contents[3][8] = 6;
    let dir = tempfile::tempdir().unwrap();
    fake.write(dir.path(), Layout::Flat, true);
    let after = read(dir.path(), &fake.files).unwrap();
    assert_ne!(after.name, "mnist");
    assert_ne!(after.sha256, before.sha256);
    assert_eq!(after.train, before.train);
}

/// Runs `work`, which may block for ever, and fails the test if it does.
#[cfg(unix)]
fn within_seconds<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(std::time::Duration::from_secs(10)).expect("blocks")
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
        let error = within_seconds(move || read(&folder, &fake.files)).unwrap_err();
        let expected = "t10k-images-idx3-ubyte is a FIFO, a socket or a device, not a regular file: put \
                        the IDX file itself there";
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
    assert_eq!(read(&links, &fake.files).unwrap(), digits(&fake));
}

#[test]
fn says_which_file_is_missing_or_wrong() {
    type Spoil = fn(&Path);
    let cases: &[(&str, Spoil, &str)] = &[
        (
            "no folder",
            |dir| fs::remove_dir_all(dir).unwrap(),
            "train-images-idx3-ubyte is not there, gzipped or not: put all four MNIST files into that \
             folder or name another",
        ),
        (
            "a file instead of the folder",
            |dir| {
                fs::remove_dir_all(dir).unwrap();
                fs::write(dir, "").unwrap();
            },
            "train-images-idx3-ubyte is not there, gzipped or not: put all four MNIST files into that \
             folder or name another",
        ),
        (
            "three files, one of them broken",
            |dir| {
                fs::remove_file(dir.join("t10k-labels-idx1-ubyte")).unwrap();
                fs::write(dir.join("train-images-idx3-ubyte"), "broken").unwrap();
            },
            "t10k-labels-idx1-ubyte is not there, gzipped or not: put all four MNIST files into that \
             folder or name another",
        ),
        (
            "two broken files",
            |dir| {
                fs::write(dir.join("train-labels-idx1-ubyte"), "").unwrap();
                fs::write(dir.join("t10k-labels-idx1-ubyte"), "").unwrap();
            },
            "train-labels-idx1-ubyte is empty: copy or download it again",
        ),
        (
            "a folder instead of a file",
            |dir| {
                fs::remove_file(dir.join("train-labels-idx1-ubyte")).unwrap();
                fs::create_dir(dir.join("train-labels-idx1-ubyte")).unwrap();
            },
            "train-labels-idx1-ubyte is a folder, not a regular file: put the IDX file itself there",
        ),
        (
            "a label too many",
            |dir| fs::write(dir.join("train-labels-idx1-ubyte"), labels(&[1; 6])).unwrap(),
            "train-images-idx3-ubyte holds 5 images and train-labels-idx1-ubyte 6 labels: take both \
             files from the same set",
        ),
        (
            "an image too many",
            |dir| fs::write(dir.join("t10k-images-idx3-ubyte"), images(3)).unwrap(),
            "t10k-images-idx3-ubyte holds 3 images and t10k-labels-idx1-ubyte 2 labels: take both \
             files from the same set",
        ),
        (
            "no test images",
            |dir| {
                fs::write(dir.join("t10k-images-idx3-ubyte"), Kind::Images.header(0)).unwrap();
                fs::write(dir.join("t10k-labels-idx1-ubyte"), labels(&[])).unwrap();
            },
            "t10k-images-idx3-ubyte holds no images: at least one is needed",
        ),
    ];
    let fake = fake_mnist();
    for (case, spoil, expected) in cases {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("set");
        fake.write(&dir, Layout::Flat, false);
        spoil(&dir);
        let error = read(&dir, &fake.files).unwrap_err();
        assert_eq!(&message(&dir, &error), expected, "{case}");
    }
}
