//! Test helpers: a small data set in the format of MNIST, folders with it, and a server.

pub(crate) mod server;

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::formats::idx::{Kind, LABEL};
use crate::published::{self, Checksum, Published};
use crate::sha256::sha256;
use crate::shape::Size;
use crate::source::Source;
use server::{Request, Response};

/// Size of MNIST's images.
pub(crate) const MNIST: Size = Size { height: 28, width: 28 };

/// A published data set with smaller files: 5 training and 2 test images.
pub(crate) struct FakeSet {
    /// Uncompressed contents, in the order of the files.
    pub(crate) contents: [Vec<u8>; 4],
    /// The data set, with the checksums of these files.
    pub(crate) set: Published,
}

pub(crate) fn fake_mnist() -> FakeSet {
    fake(Source::Mnist)
}

pub(crate) fn fake(source: Source) -> FakeSet {
    let contents = [images(5), labels(&[5, 0, 4, 1, 9]), images(2), labels(&[7, 2])];
    let mut set = published::all().into_iter().find(|set| set.source == source).unwrap();
    for (file, contents) in set.files.iter_mut().zip(&contents) {
        file.checksum = match file.checksum {
            Checksum::Uncompressed(_) => Checksum::Uncompressed(sha256([&contents[..]])),
            Checksum::Gzipped(_) => Checksum::Gzipped(sha256([&gzip(contents)[..]])),
        };
    }
    FakeSet { contents, set }
}

/// Layout of a folder with the four files.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layout {
    Flat,
    Subfolders,
}

impl FakeSet {
    /// Writes the four files into `dir`; gzipped ones have `.gz` in their names.
    pub(crate) fn write(&self, dir: &Path, layout: Layout, gzipped: bool) {
        for (file, contents) in self.set.files.iter().zip(&self.contents) {
            let folder = match layout {
                Layout::Flat => dir.to_owned(),
                Layout::Subfolders => dir.join(file.subfolder),
            };
            fs::create_dir_all(&folder).unwrap();
            if gzipped {
                fs::write(folder.join(format!("{}.gz", file.name)), gzip(contents)).unwrap();
            } else {
                fs::write(folder.join(file.name), contents).unwrap();
            }
        }
    }

    /// Responds like a server that has the four files, gzipped.
    pub(crate) fn respond(&self, request: &Request) -> Response {
        match self.set.files.iter().position(|file| request.path == format!("{}.gz", file.name)) {
            Some(index) => server::ok(&gzip(&self.contents[index])),
            None => server::status("404 Not Found", ""),
        }
    }
}

/// Returns an IDX file of different images.
pub(crate) fn images(count: usize) -> Vec<u8> {
    let mut file = Kind::Images.header(count, MNIST);
    file.extend((0..=250).cycle().take(count * MNIST.pixels()));
    file
}

/// Returns an IDX file of labels.
pub(crate) fn labels(labels: &[u8]) -> Vec<u8> {
    [&Kind::Labels.header(labels.len(), LABEL), labels].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
