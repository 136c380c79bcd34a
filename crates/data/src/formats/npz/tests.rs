use std::fs;
use std::io::Write;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::UserSet;
use crate::image_set::ImageSet;
use crate::published;

/// Returns an NPY file with an array of this type and shape.
fn npy(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {kind}, 'fortran_order': False, 'shape': ({shape}), }}");
    let len = u16::try_from(header.len() + 1).unwrap();
    [b"\x93NUMPY\x01\x00", &len.to_le_bytes()[..], header.as_bytes(), b"\n", data].concat()
}

fn npz(arrays: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, file) in arrays {
        writer.start_file(format!("{name}.npy"), options).unwrap();
        writer.write_all(file).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Returns the arrays that Keras caches: images of 2 × 3 pixels, and labels of this type.
fn arrays(kind: &str, labels: &[&[u8]]) -> Vec<(&'static str, Vec<u8>)> {
    let pixels: Vec<u8> = (0..12).collect();
    vec![
        ("x_train", npy("'|u1'", "2, 2, 3", &pixels)),
        ("y_train", npy(kind, "2,", &labels.concat())),
        ("x_test", npy("'|u1'", "1, 2, 3, 1", &pixels[..6])),
        ("y_test", npy(kind, "1, 1", labels[0])),
    ]
}

fn read(path: &Path) -> Result<ImageSet, String> {
    let [mnist, ..] = published::all();
    let read = UserSet::new(path).read(&mnist, &|_| {});
    read.map(|(images, _)| images).map_err(|error| error.to_string())
}

#[test]
fn keras_arrays_are_read_with_labels_of_any_integer_type() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.npz");
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        for (kind, labels) in [
            ("'|u1'", vec![&[4][..], &[6]]),
            ("'|i1'", vec![&[4], &[6]]),
            ("'<i8'", vec![&[4, 0, 0, 0, 0, 0, 0, 0], &[6, 0, 0, 0, 0, 0, 0, 0]]),
            ("'>i4'", vec![&[0, 0, 0, 4], &[0, 0, 0, 6]]),
            ("'<u2'", vec![&[4, 0], &[6, 0]]),
        ] {
            fs::write(&path, npz(&arrays(kind, &labels), method)).unwrap();
            let set = read(&path).unwrap();
            assert_eq!(set.name, "mine");
            assert_eq!(set.train.image(1), [6, 7, 8, 9, 10, 11]);
            assert_eq!((set.train.labels(), set.test.labels()), (&[0, 2][..], &[0][..]), "{kind}");
            assert_eq!(set.train.shape().height, 2);
            assert_eq!(set.class_names, ["4", "5", "6"]);
        }
    }
    // In its folder it is found, too.
    assert_eq!(read(dir.path()).unwrap().train.len(), 2);
}

#[test]
fn defects_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    let good = arrays("'|u1'", &[&[4], &[6]]);
    let with = |index: usize, file: Vec<u8>| {
        let mut arrays = good.clone();
        arrays[index].1 = file;
        npz(&arrays, CompressionMethod::Stored)
    };
    let pixels = [0; 12];
    let whole = npz(&good, CompressionMethod::Deflated);
    let mut changed = npz(&good, CompressionMethod::Stored);
    let at = changed.windows(12).position(|window| window.iter().copied().eq(0..12)).unwrap();
    changed[at + 3] = 99;
    for (case, bytes, expected) in [
        ("cut", whole[..whole.len() - 30].to_vec(), "x.npz is damaged or truncated: "),
        ("changed", changed, "x.npz is damaged or truncated in x_train: copy or save it again"),
        (
            "float",
            with(0, npy("'<f4'", "1, 1, 3", &pixels)),
            "x.npz has x_train of type <f4: save it as ",
        ),
        (
            "wide",
            with(0, npy("'<i4'", "1, 1, 3", &pixels)),
            "x.npz has x_train of type <i4: save it as uint8",
        ),
        (
            "object",
            with(1, npy("'|O'", "2,", &pixels)),
            "x.npz has y_train of type |O: save it as ",
        ),
        (
            "record",
            with(1, npy("[('a', '|u1')]", "2,", &pixels)),
            "x.npz has y_train of type structured: ",
        ),
        (
            "shape",
            with(0, npy("'|u1'", "2, 6", &pixels)),
            "x.npz has x_train of shape (2, 6): it has to be (images, ",
        ),
        (
            "colour",
            with(0, npy("'|u1'", "1, 2, 2, 3", &pixels)),
            "x.npz has x_train of shape (1, 2, 2, 3): ",
        ),
        (
            "huge",
            with(0, npy("'|u1'", "9999999, 28, 28", &pixels)),
            "x.npz has x_train of shape (9999999, 28, 28): ",
        ),
        (
            "overflow",
            with(0, npy("'|u1'", "4294967296, 4294967296, 28", &pixels)),
            "x.npz has x_train of shape ",
        ),
        (
            "empty",
            with(0, npy("'|u1'", "0, 28, 28", &[])),
            "x.npz has x_train of shape (0, 28, 28): ",
        ),
        (
            "short",
            with(0, npy("'|u1'", "2, 2, 4", &pixels)),
            "x.npz is damaged or truncated in x_train",
        ),
        (
            "unpaired",
            with(1, npy("'|u1'", "3,", &[0, 1, 2])),
            "x.npz has 2 images, but 3 labels in its half `train`",
        ),
        (
            "negative",
            with(1, npy("'|i1'", "2,", &[0, 255])),
            "x.npz has a label of image 1 in y_train that is not ",
        ),
        (
            "large",
            with(1, npy("'<i2'", "2,", &[0, 0, 0, 1])),
            "x.npz has a label of image 1 in y_train that is not ",
        ),
        (
            "no header",
            with(1, b"\x93NUMPY\x01\x00\xff".to_vec()),
            "x.npz has no valid header of y_train",
        ),
        (
            "arrays",
            npz(&good[..1], CompressionMethod::Stored),
            " holds no data set: x.npz has the arrays x_train.npy; ",
        ),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.contains(expected), "{case}: {error}");
    }
}

#[test]
fn arrays_in_fortrans_order_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    let mut arrays = arrays("'|u1'", &[&[4], &[6]]);
    let file = &mut arrays[0].1;
    let at = file.windows(5).position(|window| window == b"False").unwrap();
    file[at..at + 5].copy_from_slice(b"True ");
    fs::write(&path, npz(&arrays, CompressionMethod::Stored)).unwrap();
    let error = read(&path).unwrap_err();
    assert!(error.contains("x.npz has x_train in Fortran's order"), "{error}");
}
