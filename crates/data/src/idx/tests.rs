use std::io::Read;

use proptest::prelude::*;

use super::{Kind, Part};
use crate::error::FileFault;
use crate::shape::PIXELS;
use crate::testing::{gzip, images, labels};

fn read(bytes: &[u8], kind: Kind) -> Result<Part, String> {
    Part::read(bytes, kind).map_err(|fault: FileFault| fault.to_string())
}

fn header(numbers: [u32; 4]) -> Vec<u8> {
    numbers.map(u32::to_be_bytes).concat()
}

#[test]
fn reads_a_file_packed_or_not() {
    let file = images(3);
    let part = read(&file, Kind::Images).unwrap();
    assert_eq!(part.bytes, file[16..]);
    assert_eq!(part.sha256, Kind::Images.sha256(&part.bytes));
    assert_eq!(read(&gzip(&file), Kind::Images).unwrap(), part);

    let file = labels(&[0, 9]);
    let part = read(&file, Kind::Labels).unwrap();
    assert_eq!(part.bytes, [0, 9]);
    assert_eq!(read(&gzip(&file), Kind::Labels).unwrap(), part);
}

#[test]
fn reads_gzip_in_several_members() {
    let file = images(2);
    let (start, end) = file.split_at(500);
    let packed = [gzip(start), gzip(end)].concat();
    assert_eq!(read(&packed, Kind::Images), read(&file, Kind::Images));
}

#[test]
fn says_what_is_wrong_with_a_file_of_images() {
    let good = images(2);
    let promised = 2 * PIXELS;
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("empty", vec![], "is empty: copy or download it again"),
        (
            "cut within the magic",
            good[..3].to_vec(),
            "is cut short: it has 3 of the 16 bytes of its header; copy or download it again",
        ),
        (
            "cut within the header",
            good[..15].to_vec(),
            "is cut short: it has 15 of the 16 bytes of its header; copy or download it again",
        ),
        (
            "cut after the header",
            good[..16].to_vec(),
            "is cut short: 0 of the 1568 bytes that its header promises follow it; copy or download \
             it again",
        ),
        (
            "cut before the last byte",
            good[..good.len() - 1].to_vec(),
            "is cut short: 1567 of the 1568 bytes that its header promises follow it; copy or \
             download it again",
        ),
        (
            "one byte too many",
            [&good[..], &[0]].concat(),
            "goes on after the 1568 bytes that its header promises: copy or download it again",
        ),
        (
            "a web page",
            b"<!DOCTYPE html><title>404</title>".to_vec(),
            "is text, not an IDX file of images: a web page may have been saved in its place",
        ),
        (
            "another magic",
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
            "holds labels where images belong: two files may have been swapped",
        ),
        (
            "other proportions",
            header([0x0803, 2, 27, 28]),
            "holds images of 27 x 28 pixels: only 28 x 28 will do",
        ),
        (
            "as many pixels, otherwise",
            header([0x0803, 2, 56, 14]),
            "holds images of 56 x 14 pixels: only 28 x 28 will do",
        ),
        ("none", header([0x0803, 0, 28, 28]), "holds no images: at least one is needed"),
        (
            "four thousand million",
            header([0x0803, u32::MAX, 28, 28]),
            "promises 4294967295 images: at most 1369568 are read",
        ),
    ];
    for (case, file, expected) in cases {
        assert_eq!(&read(file, Kind::Images).unwrap_err(), expected, "{case}");
        if !file.is_empty() {
            let packed = gzip(file);
            assert_eq!(&read(&packed, Kind::Images).unwrap_err(), expected, "{case}, packed");
        }
    }
    assert_eq!(promised, 1568);
}

#[test]
fn says_what_is_wrong_with_a_file_of_labels() {
    let cases: &[(&str, Vec<u8>, &str)] = &[
        (
            "a tenth digit",
            labels(&[3, 9, 10, 255]),
            "has the label 10 at index 2: labels are 0 to 9",
        ),
        ("images", images(1), "holds images where labels belong: two files may have been swapped"),
        (
            "cut",
            labels(&[3, 9])[..9].to_vec(),
            "is cut short: 1 of the 2 bytes that its header promises follow it; copy or download it \
             again",
        ),
        ("none", labels(&[]), "holds no labels: at least one is needed"),
        (
            "too many",
            [[0, 0, 8, 1], [0x7f; 4]].concat(),
            "promises 2139062143 labels: at most 1369568 are read",
        ),
    ];
    for (case, file, expected) in cases {
        assert_eq!(&read(file, Kind::Labels).unwrap_err(), expected, "{case}");
    }
}

#[test]
fn says_what_is_wrong_with_gzip() {
    let packed = gzip(&images(2));
    let mut cases: Vec<Vec<u8>> = (2..packed.len()).map(|len| packed[..len].to_vec()).collect();
    for from_end in [1, 8] {
        // The length and the checksum.
        let mut flipped = packed.clone();
        flipped[packed.len() - from_end] ^= 1;
        cases.push(flipped);
    }
    cases.push([&packed[..], b"something after it"].concat());
    cases.push([&[0x1f, 0x8b], &b"not gzip at all"[..]].concat());
    for case in cases {
        let message = read(&case, Kind::Images).unwrap_err();
        assert_eq!(
            message,
            "cannot be unpacked: its gzip data is damaged or cut short; copy or download it again",
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
fn stops_where_the_promise_ends() {
    let mut count = 0;
    let file = Kind::Labels.header(3);
    let endless = Endless { byte: 0, count: &mut count };
    let fault = Part::read(file.chain(endless), Kind::Labels).unwrap_err();
    assert!(matches!(fault, FileFault::Long { promised: 3 }));
    assert!(count < 100, "{count}");
}

#[test]
fn stops_reading_an_endless_file_name_in_a_gzip_header() {
    let has_name = 1 << 3;
    let start = [0x1f, 0x8b, 8, has_name, 0, 0, 0, 0, 0, 0xff];
    let mut count = 0;
    let endless = Endless { byte: b'a', count: &mut count };
    let fault = Part::read(start.chain(endless), Kind::Labels).unwrap_err();
    assert!(matches!(fault, FileFault::Gzip), "{fault}");
    assert!(count < 1 << 20, "{count}");
}

#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let bomb = gzip(&[Kind::Labels.header(3), vec![0; 8 << 20]].concat());
    let mut rest = &bomb[..];
    let fault = Part::read(&mut rest, Kind::Labels).unwrap_err();
    assert!(matches!(fault, FileFault::Long { promised: 3 }));
    assert!(rest.len() > bomb.len() / 4, "{} of {}", rest.len(), bomb.len());
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(
        start in prop::sample::select(vec![vec![], vec![0x1f, 0x8b], vec![0, 0, 8, 1], vec![0, 0, 8, 3]]),
        rest in prop::collection::vec(any::<u8>(), 0..64),
        images in any::<bool>(),
        packed in any::<bool>(),
    ) {
        let kind = if images { Kind::Images } else { Kind::Labels };
        let file = [start, rest].concat();
        let file = if packed { gzip(&file) } else { file };
        if let Ok(part) = Part::read(&file[..], kind) {
            prop_assert!(!part.bytes.is_empty());
            prop_assert_eq!(part.bytes.len() % kind.item_len(), 0);
        }
    }

    #[test]
    fn a_changed_byte_of_a_packed_file_never_changes_what_is_read(
        at in any::<prop::sample::Index>(),
        change in 1_u8..,
    ) {
        let file = images(2);
        let mut packed = gzip(&file);
        let at = at.index(packed.len());
        packed[at] ^= change;
        if let Ok(part) = Part::read(&packed[..], Kind::Images) {
            prop_assert_eq!(&part.bytes, &file[16..]);
        }
    }
}
