//! What several tests need: a small set in MNIST's form, folders of it, and a server.

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
use server::{Answer, Asked};

/// Four files like MNIST's, of 5 and 2 images.
pub(crate) struct FakeMnist {
    /// Unpacked, in the usual order.
    pub(crate) contents: [Vec<u8>; 4],
    /// Names and sums.
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

/// How a folder of the four files may look.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layout {
    Flat,
    Halves,
}

impl FakeMnist {
    /// Writes the four files into `dir`, gzipped ones with `.gz`.
    pub(crate) fn write(&self, dir: &Path, layout: Layout, gzipped: bool) {
        for (file, contents) in self.files.iter().zip(&self.contents) {
            let folder = match layout {
                Layout::Flat => dir.to_owned(),
                Layout::Halves => dir.join(file.half),
            };
            fs::create_dir_all(&folder).unwrap();
            if gzipped {
                fs::write(folder.join(format!("{}.gz", file.name)), gzip(contents)).unwrap();
            } else {
                fs::write(folder.join(file.name), contents).unwrap();
            }
        }
    }

    /// What a server that has the four files, gzipped, says.
    pub(crate) fn answer(&self, asked: &Asked) -> Answer {
        let is_asked = |file: &File| asked.path == format!("{}.gz", file.name);
        match self.files.iter().position(is_asked) {
            Some(index) => server::ok(&gzip(&self.contents[index])),
            None => server::status("404 Not Found", ""),
        }
    }
}

/// An IDX file of images, no two alike.
pub(crate) fn images(count: usize) -> Vec<u8> {
    let mut file = Kind::Images.header(count);
    file.extend((0..=250).cycle().take(count * PIXELS));
    file
}

/// An IDX file of labels.
pub(crate) fn labels(labels: &[u8]) -> Vec<u8> {
    [&Kind::Labels.header(labels.len()), labels].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
