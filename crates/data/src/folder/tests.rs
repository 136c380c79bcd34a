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
            let read = read(dir.path(), &fake.files).unwrap();
            assert_eq!(read, digits(&fake), "{layout:?}, gzipped: {gzipped}");
        }
    }
}

#[test]
fn detects_gzip_by_content_not_by_name() {
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
fn names_a_data_set_by_its_checksums_or_its_folder() {
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
        let unresolved = dir.join("train").join("..");
        fs::create_dir_all(dir.join("train")).unwrap();
        assert_eq!(read(&unresolved, &real).unwrap().name, other.name, "{folder}");
    }
}

#[test]
fn one_changed_byte_makes_another_data_set() {
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
fn reports_the_missing_or_defective_file() {
    type Damage = fn(&Path);
    let cases: &[(&str, Damage, &str)] = &[
        (
            "no folder",
            |dir| fs::remove_dir_all(dir).unwrap(),
            "train-images-idx3-ubyte is missing, and so is a gzipped one: put all four MNIST files into \
             its folder, or choose another folder",
        ),
        (
            "a file instead of the folder",
            |dir| {
                fs::remove_dir_all(dir).unwrap();
                fs::write(dir, "").unwrap();
            },
            "train-images-idx3-ubyte is missing, and so is a gzipped one: put all four MNIST files into \
             its folder, or choose another folder",
        ),
        (
            "one file missing and another defective",
            |dir| {
                fs::remove_file(dir.join("t10k-labels-idx1-ubyte")).unwrap();
                fs::write(dir.join("train-images-idx3-ubyte"), "text").unwrap();
            },
            "t10k-labels-idx1-ubyte is missing, and so is a gzipped one: put all four MNIST files into \
             its folder, or choose another folder",
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
            "a folder instead of a file",
            |dir| {
                fs::remove_file(dir.join("train-labels-idx1-ubyte")).unwrap();
                fs::create_dir(dir.join("train-labels-idx1-ubyte")).unwrap();
            },
            "train-labels-idx1-ubyte is a folder, not a regular file: put the IDX file itself there",
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
                fs::write(dir.join("t10k-images-idx3-ubyte"), Kind::Images.header(0)).unwrap();
                fs::write(dir.join("t10k-labels-idx1-ubyte"), labels(&[])).unwrap();
            },
            "t10k-images-idx3-ubyte holds no images: at least one is needed",
        ),
    ];
    let fake = fake_mnist();
    for (case, damage, expected) in cases {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("set");
        fake.write(&dir, Layout::Flat, false);
        damage(&dir);
        let error = read(&dir, &fake.files).unwrap_err();
        assert_eq!(&message(&dir, &error), expected, "{case}");
    }
}
