//! The four IDX files of a data set, gzipped or not: the images and labels read are those in the files, and no more is
//! unpacked than the headers announce.
#![no_main]

use std::{fs, io::Write, sync::LazyLock};

use arbitrary::Arbitrary;
use data::{ImageSet, Places, Request, UserSet};
use flate2::{Compression, write::GzEncoder};
use fuzz::memory::bounded;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// Largest number of bytes that one byte of deflate unpacks to.
const DEFLATE: usize = 1032;
/// Bytes of memory allowed per unpacked byte: a growing vector holds its old buffer and one of twice that size, and two
/// copies of images exist for a moment.
const GROWING: usize = 4;
/// Bytes of memory allowed in addition, for decompressors and starting threads.
const BASE: usize = 1 << 20;
/// Unpacked size of each gzip member of a decompression bomb, in bytes.
const MEMBER: usize = 1 << 20;

/// One of the four files.
#[derive(Debug, Arbitrary)]
struct Stored {
    contents: Contents,
    /// `None` for a file that is not gzipped.
    packed: Option<Packing>,
}

#[derive(Debug, Arbitrary)]
enum Contents {
    Anything(Vec<u8>),
    /// A header and the bytes after it.
    Idx {
        count: u32,
        /// Offset of a byte in the header, and a mask that is XORed to it.
        change: Option<(u8, u8)>,
        follows: Follows,
    },
}

#[derive(Debug, Arbitrary)]
enum Follows {
    /// Repeats these bytes up to the length that the header announces.
    Announced(Vec<u8>),
    /// These bytes, however many the header announces.
    Other(Vec<u8>),
}

/// How a file is gzipped.
#[derive(Debug, Arbitrary)]
struct Packing {
    /// Offset in the unpacked file where the second gzip member starts.
    split: u16,
    /// Number of members of zeros that follow, modulo 8; each unpacks to 1 MiB.
    bomb: u8,
    /// Offset of a byte in the packed file, and a mask that is XORed to it.
    change: Option<(u16, u8)>,
    /// Number of bytes that are cut off the end.
    cut: u8,
}

static FOLDER: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));
static ZEROS: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![0; MEMBER]));

fuzz_target!(|input: ([Stored; 4], [u8; 2])| {
    let (files, [height, width]) = input;
    let images = Some([height, width].map(u32::from));
    let names = [
        ("train-images-idx3-ubyte", images),
        ("train-labels-idx1-ubyte", None),
        ("t10k-images-idx3-ubyte", images),
        ("t10k-labels-idx1-ubyte", None),
    ];
    let mut allowed = BASE;
    let mut plain = Vec::new();
    for (stored, (name, size)) in files.iter().zip(names) {
        let (bytes, unpacked) = stored.file(size);
        allowed += GROWING * unpacked;
        fs::write(FOLDER.path().join(name), &bytes).expect("the file is written");
        plain.push(if bytes.starts_with(&[0x1f, 0x8b]) { None } else { Some(bytes) });
    }
    let user_set = Some(UserSet::new(FOLDER.path()));
    let request = Request { sources: Vec::new(), user_set };
    let places = Places::from_environment();
    let Ok(loaded) = bounded(allowed, || data::load(&request, &places, &|_| {})) else { return };
    let ImageSet { name, train, test, sha256, class_names } = loaded.images;
    assert!(!train.is_empty() && !test.is_empty());
    let shape = train.shape();
    assert_eq!(shape, test.shape());
    assert!((2..=256).contains(&shape.classes));
    // Labels that do not begin at 0 are names.
    assert!(class_names.is_empty() || class_names.len() == shape.classes && class_names[0] != "0");
    let mut labels = train.labels().iter().chain(test.labels());
    assert!(labels.all(|&label| usize::from(label) < shape.classes));
    // No byte of the files was skipped.
    let lowest = class_names.first().map_or(0, |name| name.parse().expect("a label"));
    for (half, files) in [&train, &test].into_iter().zip(plain.chunks(2)) {
        let images: Vec<u8> =
            (0..half.len()).flat_map(|index| half.image(index).to_vec()).collect();
        let labels: Vec<u8> = half.labels().iter().map(|label| label + lowest).collect();
        assert!(files[0].as_ref().is_none_or(|file| file[16..] == images));
        assert!(files[1].as_ref().is_none_or(|file| file[8..] == labels));
    }
    assert_eq!(ImageSet::new(name, train, test).sha256, sha256);
});

impl Stored {
    /// Returns the file, and the number of unpacked bytes that may be kept: the file's own, but no more than its header
    /// announces.
    fn file(&self, size: Option<[u32; 2]>) -> (Vec<u8>, usize) {
        let (plain, announced) = match &self.contents {
            Contents::Anything(bytes) => {
                let ratio = if bytes.starts_with(&[0x1f, 0x8b]) { DEFLATE } else { 1 };
                (bytes.clone(), bytes.len() * ratio)
            }
            Contents::Idx { count, change, follows } => idx(*count, *change, follows, size),
        };
        let Some(Packing { split, bomb, change, cut }) = &self.packed else {
            return (plain, announced);
        };
        let (start, end) = plain.split_at(usize::from(*split).min(plain.len()));
        let mut packed = [gzip(start), gzip(end)].concat();
        let bombs = usize::from(*bomb % 8);
        (0..bombs).for_each(|_| packed.extend_from_slice(&ZEROS));
        if let &Some((offset, mask)) = change {
            let offset = usize::from(offset) % packed.len();
            packed[offset] ^= mask;
        }
        packed.truncate(packed.len().saturating_sub((*cut).into()));
        let kept = match self.contents {
            Contents::Anything(_) => plain.len() + bombs * MEMBER,
            Contents::Idx { .. } => announced.min(plain.len() + bombs * MEMBER),
        };
        // A changed byte may unpack to other data.
        let kept = if change.is_some() { packed.len() * DEFLATE } else { kept };
        (packed, kept)
    }
}

/// Returns an IDX file, and the number of bytes that its header announces. Images have a height and width,
/// labels none.
fn idx(
    count: u32,
    change: Option<(u8, u8)>,
    follows: &Follows,
    size: Option<[u32; 2]>,
) -> (Vec<u8>, usize) {
    let item = size.map_or(1, |[height, width]| height as usize * width as usize);
    let count = match follows {
        Follows::Announced(_) => count % 9,
        Follows::Other(_) => count,
    };
    let numbers = match size {
        None => vec![0x0801, count],
        Some([height, width]) => vec![0x0803, count, height, width],
    };
    let mut file: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    if let Some((offset, mask)) = change {
        let offset = usize::from(offset) % file.len();
        file[offset] ^= mask;
    }
    let stated = u32::from_be_bytes([file[4], file[5], file[6], file[7]]) as usize;
    // A changed byte may be one of the image size.
    let number = |start: usize| {
        file.get(start..start + 4).map_or(1, |bytes| {
            u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize
        })
    };
    let stated_item =
        if item == 1 && size.is_none() { 1 } else { number(8).saturating_mul(number(12)) };
    let announced = (file.len() + 1).saturating_add(stated.saturating_mul(stated_item));
    match follows {
        Follows::Announced(bytes) if !bytes.is_empty() => {
            let len = count as usize * item;
            file.extend(bytes.iter().map(|byte| byte % 11).cycle().take(len));
        }
        Follows::Announced(_) => file.resize(file.len() + count as usize * item, 1),
        Follows::Other(bytes) => file.extend(bytes),
    }
    let announced = announced.min(usize::MAX / 16);
    (file, announced)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a vector takes any bytes");
    encoder.finish().expect("a vector takes any bytes")
}
