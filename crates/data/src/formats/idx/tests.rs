use std::io::Read;

use proptest::prelude::*;

use super::{Contents, Kind, LABEL};
use crate::error::FileFault;
use crate::shape::Size;
use crate::testing::{MNIST, gzip, images, labels};

fn read(bytes: &[u8], kind: Kind) -> Result<Contents, String> {
    Contents::read(bytes, kind).map_err(|fault: FileFault| fault.to_string())
}

fn header(numbers: [u32; 4]) -> Vec<u8> {
    numbers.map(u32::to_be_bytes).concat()
}

#[test]
fn reads_gzipped_and_uncompressed_files() {
    let file = images(3);
    let contents = read(&file, Kind::Images).unwrap();
    assert_eq!(contents.bytes, file[16..]);
    assert_eq!(contents.item, MNIST);
    assert_eq!(read(&gzip(&file), Kind::Images).unwrap(), contents);

    let file = labels(&[0, 9]);
    let contents = read(&file, Kind::Labels).unwrap();
    assert_eq!(contents.bytes, [0, 9]);
    assert_eq!(read(&gzip(&file), Kind::Labels).unwrap(), contents);
}

#[test]
fn reads_images_of_any_size() {
    let item = Size { height: 3, width: 5 };
    let file = [Kind::Images.header(2, item), vec![7; 30]].concat();
    let contents = read(&file, Kind::Images).unwrap();
    assert_eq!((contents.item, contents.count()), (item, 2));
}

#[test]
fn reads_gzip_with_several_members() {
    let file = images(2);
    let (start, end) = file.split_at(500);
    let gzipped = [gzip(start), gzip(end)].concat();
    assert_eq!(read(&gzipped, Kind::Images), read(&file, Kind::Images));
}

#[test]
fn reports_the_defect_of_a_file_of_images() {
    let good = images(2);
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("empty", vec![], "is empty: copy or download it again"),
        (
            "truncated within the magic number",
            good[..3].to_vec(),
            "is truncated: it has only 3 of the 16 bytes of its header; copy or download it again",
        ),
        (
            "truncated within the header",
            good[..15].to_vec(),
            "is truncated: it has only 15 of the 16 bytes of its header; copy or download it again",
        ),
        (
            "truncated after the header",
            good[..16].to_vec(),
            "is truncated: its header declares 1568 bytes of data, but only 0 follow; copy or download \
             it again",
        ),
        (
            "truncated before the last byte",
            good[..good.len() - 1].to_vec(),
            "is truncated: its header declares 1568 bytes of data, but only 1567 follow; copy or \
             download it again",
        ),
        (
            "one byte too many",
            [&good[..], &[0]].concat(),
            "is too long: its header declares 1568 bytes of data, but more follow; copy or download it \
             again",
        ),
        (
            "a web page",
            b"<!DOCTYPE html><title>404</title>".to_vec(),
            "is text, not an IDX file of images: a web page may have been saved instead",
        ),
        (
            "another magic number",
            header([0x0000_0D03, 2, 28, 28]),
            "is not an IDX file of images: it begins with the bytes [00, 00, 0d, 03]",
        ),
        (
            "two bytes of something else",
            vec![0xff, 0xd8],
            "is not an IDX file of images: it begins with the bytes [ff, d8]",
        ),
        (
            "labels",
            labels(&[1, 2]),
            "holds labels instead of images: two files may have been swapped",
        ),
        (
            "no height",
            header([0x0803, 2, 0, 28]),
            "holds images of 28 × 0 pixels: each side must have 1 to 1024",
        ),
        (
            "too wide",
            header([0x0803, 2, 56, 1025]),
            "holds images of 1025 × 56 pixels: each side must have 1 to 1024",
        ),
        (
            "too many large images",
            header([0x0803, 1025, 1024, 1024]),
            "declares 1025 images in its header: at most 1024 are supported",
        ),
        ("no images", header([0x0803, 0, 28, 28]), "holds no images: at least one is needed"),
        (
            "too many images",
            header([0x0803, u32::MAX, 28, 28]),
            "declares 4294967295 images in its header: at most 1369568 are supported",
        ),
    ];
    for (case, file, expected) in cases {
        assert_eq!(&read(file, Kind::Images).unwrap_err(), expected, "{case}");
        if !file.is_empty() {
            let gzipped = gzip(file);
            assert_eq!(&read(&gzipped, Kind::Images).unwrap_err(), expected, "{case}, gzipped");
        }
    }
}

#[test]
fn reports_the_defect_of_a_file_of_labels() {
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("images", images(1), "holds images instead of labels: two files may have been swapped"),
        (
            "truncated",
            labels(&[3, 9])[..9].to_vec(),
            "is truncated: its header declares 2 bytes of data, but only 1 follow; copy or download it \
             again",
        ),
        ("no labels", labels(&[]), "holds no labels: at least one is needed"),
        (
            "too many labels",
            [[0, 0, 8, 1], [0x7f; 4]].concat(),
            "declares 2139062143 labels in its header: at most 1073741824 are supported",
        ),
    ];
    for (case, file, expected) in cases {
        assert_eq!(&read(file, Kind::Labels).unwrap_err(), expected, "{case}");
    }
}

#[test]
fn reports_invalid_gzip_data() {
    let gzipped = gzip(&images(2));
    let mut cases: Vec<Vec<u8>> = (2..gzipped.len()).map(|len| gzipped[..len].to_vec()).collect();
    // The last byte of the length, the first byte of the checksum.
    for from_end in [1, 8] {
        let mut flipped = gzipped.clone();
        flipped[gzipped.len() - from_end] ^= 1;
        cases.push(flipped);
    }
    cases.push([&gzipped[..], b"trailing bytes"].concat());
    cases.push([&[0x1f, 0x8b], &b"not gzip at all"[..]].concat());
    for case in cases {
        let message = read(&case, Kind::Images).unwrap_err();
        assert_eq!(
            message,
            "cannot be decompressed: its gzip data is damaged or truncated; copy or download it again",
            "{case:02x?}"
        );
    }
}

/// Repeats one byte for ever and counts the bytes read.
struct Endless<'a> {
    byte: u8,
    count: &'a mut usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        bytes.fill(self.byte);
        *self.count += bytes.len();
        Ok(bytes.len())
    }
}

#[test]
fn stops_reading_after_the_declared_length() {
    let mut count = 0;
    let file = Kind::Labels.header(3, LABEL);
    let endless = Endless { byte: 0, count: &mut count };
    let fault = Contents::read(file.chain(endless), Kind::Labels).unwrap_err();
    assert!(matches!(fault, FileFault::Long { promised: 3 }));
    assert!(count < 100, "{count}");
}

#[test]
fn stops_reading_an_endless_file_name_in_a_gzip_header() {
    let has_name = 1 << 3;
    let start = [0x1f, 0x8b, 8, has_name, 0, 0, 0, 0, 0, 0xff];
    let mut count = 0;
    let endless = Endless { byte: b'a', count: &mut count };
    let fault = Contents::read(start.chain(endless), Kind::Labels).unwrap_err();
    assert!(matches!(fault, FileFault::Gzip), "{fault}");
    assert!(count < 1 << 20, "{count}");
}

#[test]
fn does_not_decompress_a_gzip_bomb() {
    let bomb = gzip(&[Kind::Labels.header(3, LABEL), vec![0; 8 << 20]].concat());
    let mut rest = &bomb[..];
    let fault = Contents::read(&mut rest, Kind::Labels).unwrap_err();
    assert!(matches!(fault, FileFault::Long { promised: 3 }));
    assert!(rest.len() > bomb.len() / 4, "{} of {}", rest.len(), bomb.len());
}

proptest! {
    #[test]
    fn refuses_or_reads_any_bytes(
        start in prop::sample::select(vec![vec![], vec![0x1f, 0x8b], vec![0, 0, 8, 1], vec![0, 0, 8, 3]]),
        rest in prop::collection::vec(any::<u8>(), 0..64),
        images in any::<bool>(),
        gzipped in any::<bool>(),
    ) {
        let kind = if images { Kind::Images } else { Kind::Labels };
        let file = [start, rest].concat();
        let file = if gzipped { gzip(&file) } else { file };
        if let Ok(contents) = Contents::read(&file[..], kind) {
            prop_assert!(!contents.bytes.is_empty());
            prop_assert_eq!(contents.bytes.len() % contents.item.pixels(), 0);
        }
    }

    #[test]
    fn a_changed_byte_of_a_gzipped_file_never_changes_the_contents(
        index in any::<prop::sample::Index>(),
        change in 1_u8..,
    ) {
        let file = images(2);
        let mut gzipped = gzip(&file);
        let index = index.index(gzipped.len());
        gzipped[index] ^= change;
        if let Ok(contents) = Contents::read(&gzipped[..], Kind::Images) {
            prop_assert_eq!(&contents.bytes, &file[16..]);
        }
    }
}
