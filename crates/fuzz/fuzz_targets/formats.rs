//! A CSV or NPZ file: its rows or arrays are the images read, anything else is an error, and memory is bounded.
#![no_main]

use std::{
    fs,
    io::{Cursor, Write},
    sync::LazyLock,
};

use arbitrary::Arbitrary;
use data::{ImageSet, Places, Request, Size, UserSet};
use fuzz::memory::bounded;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Largest number of bytes that one byte of deflate unpacks to.
const DEFLATE: usize = 1032;
/// Bytes of memory allowed per unpacked byte: a growing vector holds its old buffer and one of twice that size, a label
/// has a name, and three copies of images exist for a moment.
const GROWING: usize = 8;
/// Bytes of memory allowed in addition, for decompressors and starting threads.
const BASE: usize = 2 << 20;

#[derive(Debug, Arbitrary)]
enum Input {
    AnyCsv(Vec<u8>),
    AnyNpz(Vec<u8>),
    /// Rows of a label and four pixels.
    Csv {
        rows: Vec<[u8; 5]>,
        has_header: bool,
        change: Option<(u16, u8)>,
    },
    Npz {
        arrays: [Npy; 4],
        is_deflated: bool,
        change: Option<(u16, u8)>,
    },
}

#[derive(Debug, Arbitrary)]
struct Npy {
    kind: Kind,
    shape: Vec<u16>,
    data: Vec<u8>,
    /// Offset of a byte in the header, and a mask that is XORed to it.
    change: Option<(u8, u8)>,
}

#[derive(Debug, Arbitrary)]
enum Kind {
    Byte,
    Signed(bool),
    Unsigned(bool),
    Other(String),
}

static FOLDER: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

fuzz_target!(|input: (Input, u8, bool, Option<[u8; 2]>)| {
    let (input, test_split, transposed, size) = input;
    let (name, bytes) = match &input {
        Input::AnyCsv(bytes) => ("set.csv", bytes.clone()),
        Input::AnyNpz(bytes) => ("set.npz", bytes.clone()),
        Input::Csv { rows, has_header, change } => {
            ("set.csv", changed(csv(rows, *has_header), *change))
        }
        Input::Npz { arrays, is_deflated, change } => {
            ("set.npz", changed(npz(arrays, *is_deflated), *change))
        }
    };
    let is_packed = name == "set.npz" || bytes.starts_with(&[0x1f, 0x8b]);
    let unpacked = bytes.len() * if is_packed { DEFLATE } else { 1 };
    let path = FOLDER.path().join(name);
    fs::write(&path, bytes).expect("the file is written");
    let size = size.map(|[height, width]| Size {
        height: usize::from(height) + 1,
        width: usize::from(width) + 1,
    });
    let test_split = f64::from(test_split) / 256.0;
    let user_set = Some(UserSet { path, transposed, size, test_split });
    let request = Request { sources: Vec::new(), user_set };
    let places = Places::from_environment();
    let loaded = bounded(BASE + GROWING * unpacked, || data::load(&request, &places, &|_| {}));
    if let Input::Csv { rows, has_header: true, change: None } = &input
        && test_split == 0.5
        && size.is_none()
    {
        let of_class = |class| rows.iter().filter(|[label, ..]| *label == class).count();
        let held_out: usize = (0..=255).map(|class| of_class(class) / 2).sum();
        let has_classes = rows.iter().any(|row| row[0] != rows[0][0]);
        // Of an odd number the larger half is held out, but never all.
        assert_eq!(loaded.is_ok(), has_classes && held_out > 0, "{rows:?}");
    }
    let Ok(loaded) = loaded else { return };
    let ImageSet { name, train, test, sha256, .. } = loaded.images;
    assert!(!train.is_empty() && !test.is_empty());
    let shape = train.shape();
    assert_eq!(shape, test.shape());
    assert!((2..=256).contains(&shape.classes));
    let labels = || train.labels().iter().chain(test.labels());
    assert_eq!(labels().min(), Some(&0));
    assert!(labels().all(|&label| usize::from(label) < shape.classes));
    assert_eq!(ImageSet::new(name, train, test).sha256, sha256);
});

fn changed(mut bytes: Vec<u8>, change: Option<(u16, u8)>) -> Vec<u8> {
    if let Some((offset, mask)) = change.filter(|_| !bytes.is_empty()) {
        let offset = usize::from(offset) % bytes.len();
        bytes[offset] ^= mask;
    }
    bytes
}

fn csv(rows: &[[u8; 5]], has_header: bool) -> Vec<u8> {
    let header = if has_header { "label,a,b,c,d\n" } else { "" };
    let rows = rows.iter().map(|row| row.map(|value| value.to_string()).join(",") + "\n");
    (header.to_owned() + &rows.collect::<String>()).into_bytes()
}

fn npz(arrays: &[Npy; 4], is_deflated: bool) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let method = if is_deflated { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, array) in ["x_train", "y_train", "x_test", "y_test"].into_iter().zip(arrays) {
        writer.start_file(format!("{name}.npy"), options).expect("a name");
        writer.write_all(&array.file()).expect("a vector takes any bytes");
    }
    writer.finish().expect("a vector takes any bytes").into_inner()
}

impl Npy {
    /// Returns the file, with as many bytes as its shape says if they are few.
    fn file(&self) -> Vec<u8> {
        let (kind, width) = match &self.kind {
            Kind::Byte => ("|u1".to_owned(), 1),
            Kind::Signed(is_big) => (format!("{}i4", if *is_big { '>' } else { '<' }), 4),
            Kind::Unsigned(is_big) => (format!("{}u2", if *is_big { '>' } else { '<' }), 2),
            Kind::Other(kind) => (kind.clone(), 1),
        };
        let shape: Vec<String> = self.shape.iter().map(u16::to_string).collect();
        let shape = shape.join(", ");
        let header =
            format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape},), }}\n");
        let len = u16::try_from(header.len()).unwrap_or(u16::MAX).to_le_bytes();
        let mut file = [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes()].concat();
        if let Some((offset, mask)) = self.change {
            let offset = usize::from(offset) % file.len();
            file[offset] ^= mask;
        }
        let sides = self.shape.iter().map(|side| usize::from(*side));
        let expected = sides.fold(width, usize::saturating_mul);
        if expected <= 1 << 12 && !self.data.is_empty() {
            file.extend(self.data.iter().cycle().take(expected));
        } else {
            file.extend(&self.data);
        }
        file
    }
}
