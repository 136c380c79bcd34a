//! Test helpers: a small data set in the format of MNIST, folders with it, and a server.

pub(crate) mod server;

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::idx::Kind;
use crate::mnist::{self, File, Files};
use crate::sha256::sha256;
use crate::shape::PIXELS;
use server::{Request, Response};

/// Four files like MNIST's, with 5 training and 2 test images.
pub(crate) struct FakeMnist {
    /// Uncompressed contents, in the order of [`Files`].
    pub(crate) contents: [Vec<u8>; 4],
    /// Names and checksums.
    pub(crate) files: Files,
}

pub(crate) fn fake_mnist() -> FakeMnist {
    let contents = [images(5), labels(&[5, 0, 4, 1, 9]), images(2), labels(&[7, 2])];
    let mut files = mnist::files();
    for (file, contents) in files.iter_mut().zip(&contents) {
        file.sha256 = sha256([&contents[..]]);
    }
    FakeMnist { contents, files }
}

/// Layout of a folder with the four files.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layout {
    Flat,
    Subfolders,
}

impl FakeMnist {
    /// Writes the four files into `dir`; gzipped ones have `.gz` in their names.
    pub(crate) fn write(&self, dir: &Path, layout: Layout, gzipped: bool) {
        for (file, contents) in self.files.iter().zip(&self.contents) {
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
        let is_requested = |file: &File| request.path == format!("{}.gz", file.name);
        match self.files.iter().position(is_requested) {
            Some(index) => server::ok(&gzip(&self.contents[index])),
            None => server::status("404 Not Found", ""),
        }
    }
}

/// Returns an IDX file of different images.
pub(crate) fn images(count: usize) -> Vec<u8> {
    let mut file = Kind::Images.header(count);
    file.extend((0..=250).cycle().take(count * PIXELS));
    file
}

/// Returns an IDX file of labels.
pub(crate) fn labels(labels: &[u8]) -> Vec<u8> {
    [&Kind::Labels.header(labels.len()), labels].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
