//! The four IDX files of a set, gzipped or not: what is read is what they hold, and no more is unpacked than
//! their headers promise.
#![no_main]

use std::{fs, io::Write, sync::LazyLock};

use arbitrary::Arbitrary;
use data::{Digits, Places, Request, Shape};
use flate2::{Compression, write::GzEncoder};
use fuzz::memory::bounded;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// What deflate makes of a byte, at most.
const DEFLATE: usize = 1032;
/// A vector that grows holds what it had and twice that; images are kept a moment beside one another.
const GROWING: usize = 4;
/// Decompressors, and what threads take when they begin.
const BASE: usize = 1 << 20;
/// What a bomb is made of, unpacked.
const MEMBER: usize = 1 << 20;

#[derive(Debug, Arbitrary)]
struct Stored {
    contents: Contents,
    packed: Option<Packing>,
}

#[derive(Debug, Arbitrary)]
enum Contents {
    Anything(Vec<u8>),
    /// A header and something after it.
    Idx {
        count: u32,
        change: Option<(u8, u8)>,
        follows: Follows,
    },
}

#[derive(Debug, Arbitrary)]
enum Follows {
    /// What the header promises, of these bytes over and over.
    Promised(Vec<u8>),
    Other(Vec<u8>),
}

/// How a file is gzipped.
#[derive(Debug, Arbitrary)]
struct Packing {
    /// Where one member ends and the next begins.
    split: u16,
    /// How many members of zeros follow, up to seven, each of them a mebibyte.
    bomb: u8,
    change: Option<(u16, u8)>,
    cut: u8,
}

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
static ZEROS: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![0; MEMBER]));

fuzz_target!(|files: [Stored; 4]| {
    let names = [
        ("train-images-idx3-ubyte", Shape::MNIST.pixels()),
        ("train-labels-idx1-ubyte", 1),
        ("t10k-images-idx3-ubyte", Shape::MNIST.pixels()),
        ("t10k-labels-idx1-ubyte", 1),
    ];
    let mut allowed = BASE;
    for (stored, (name, item)) in files.iter().zip(names) {
        let (bytes, unpacked) = stored.file(item);
        allowed += GROWING * unpacked;
        fs::write(FOLDER.path().join(name), bytes).expect("a file");
    }
    let dir = Some(FOLDER.path().to_owned());
    let request = Request { sources: Vec::new(), dir };
    let places = Places::from_environment();
    let Ok(loaded) = bounded(allowed, || data::load(&request, &places, &|_| {})) else { return };
    let Digits { name, train, test, sha256 } = loaded.digits;
    assert!(!train.is_empty() && !test.is_empty());
    assert!(train.labels().iter().chain(test.labels()).all(|&label| label < 10));
    // The sums are of the files as they would be written: nothing in them was passed over.
    assert_eq!(Digits::new(name, train, test).sha256, sha256);
});

impl Stored {
    /// The file, and how much of it may be kept: what it holds, as far as its header promises that much.
    fn file(&self, item: usize) -> (Vec<u8>, usize) {
        let (plain, promised) = match &self.contents {
            Contents::Anything(bytes) => {
                let ratio = if bytes.starts_with(&[0x1f, 0x8b]) { DEFLATE } else { 1 };
                (bytes.clone(), bytes.len() * ratio)
            }
            Contents::Idx { count, change, follows } => idx(*count, *change, follows, item),
        };
        let Some(Packing { split, bomb, change, cut }) = &self.packed else {
            return (plain, promised);
        };
        let (start, end) = plain.split_at(usize::from(*split).min(plain.len()));
        let mut packed = [gzip(start), gzip(end)].concat();
        let bombs = usize::from(*bomb % 8);
        (0..bombs).for_each(|_| packed.extend_from_slice(&ZEROS));
        if let &Some((place, flip)) = change {
            let place = usize::from(place) % packed.len();
            packed[place] ^= flip;
        }
        packed.truncate(packed.len().saturating_sub((*cut).into()));
        let kept = match self.contents {
            Contents::Anything(_) => plain.len() + bombs * MEMBER,
            Contents::Idx { .. } => promised.min(plain.len() + bombs * MEMBER),
        };
        // A change may make other data of it.
        let kept = if change.is_some() { packed.len() * DEFLATE } else { kept };
        (packed, kept)
    }
}

/// An IDX file, and what its header has one expect.
fn idx(count: u32, change: Option<(u8, u8)>, follows: &Follows, item: usize) -> (Vec<u8>, usize) {
    let count = match follows {
        Follows::Promised(_) => count % 9,
        Follows::Other(_) => count,
    };
    let side = u32::try_from(Shape::MNIST.width).expect("a small number");
    let numbers: &[u32] = if item == 1 { &[0x0801, count] } else { &[0x0803, count, side, side] };
    let mut file: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    if let Some((place, flip)) = change {
        let place = usize::from(place) % file.len();
        file[place] ^= flip;
    }
    let stated = u32::from_be_bytes([file[4], file[5], file[6], file[7]]) as usize;
    let promised = file.len() + stated.saturating_mul(item) + 1;
    match follows {
        Follows::Promised(bytes) if !bytes.is_empty() => {
            let len = count as usize * item;
            file.extend(bytes.iter().map(|byte| byte % 11).cycle().take(len));
        }
        Follows::Promised(_) => file.resize(file.len() + count as usize * item, 1),
        Follows::Other(bytes) => file.extend(bytes),
    }
    let promised = promised.min(usize::MAX / 16);
    (file, promised)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}
