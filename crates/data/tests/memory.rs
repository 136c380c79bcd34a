//! Loading takes memory in proportion to the data of the files, and no more than their headers declare.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, io::Write};

use data::{Places, Request, UserSet};
use flate2::{Compression, write::GzEncoder};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory of the decompressors and of new threads, in bytes.
const BASE: usize = 1 << 20;
/// A growing vector holds its old buffer and a new one of twice the size.
const GROWTH: usize = 4;

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Returns a file of ones whose header declares `count` labels, or images of this height and width.
fn idx(size: Option<[u32; 2]>, count: u32, len: usize) -> Vec<u8> {
    let numbers = match size {
        None => vec![0x0801, count],
        Some([height, width]) => vec![0x0803, count, height, width],
    };
    let mut file: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    file.resize(file.len() + len, 1);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn neither_header_nor_gzip_bomb_takes_memory(
        files in prop::array::uniform4((
            prop_oneof![1_u32..9, 1_u32..2_000_000, any::<u32>()],
            prop_oneof![4 => 0_usize..9, 1 => 0_usize..6_000],
            any::<bool>(),
        )),
        size in prop_oneof![Just([28, 28]), prop::array::uniform2(1_u32..40), any::<[u32; 2]>()],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut allowed = BASE;
        let is_size = size.iter().all(|side| (1..=1024).contains(side));
        let pixels = if is_size { size[0] as usize * size[1] as usize } else { 1 };
        for (index, (count, items, gzipped)) in files.into_iter().enumerate() {
            let is_labels = index % 2 == 1;
            let item = if is_labels { 1 } else { pixels };
            let (name, header) = (NAMES[index], (!is_labels).then_some(size));
            let file = idx(header, count, (items * item).min(4 << 20));
            allowed += GROWTH * file.len().min(16 + (count as usize).saturating_mul(item));
            fs::write(folder.path().join(name), if gzipped { gzip(&file) } else { file }).unwrap();
        }
        let user_set = Some(UserSet::new(folder.path()));
        let request = Request { sources: Vec::new(), user_set };
        let places = Places::from_environment();
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let loaded = data::load(&request, &places, &|_| {});
        let used = MEMORY.peak_usage().saturating_sub(before);
        prop_assert!(used <= allowed, "{} bytes used, {} allowed", used, allowed);
        let complete = files.iter().all(|&(count, items, _)| is_size && count as usize == items && items > 0);
        let paired = files[0].0 == files[1].0 && files[2].0 == files[3].0;
        prop_assert_eq!(loaded.is_ok(), complete && paired);
    }
}
