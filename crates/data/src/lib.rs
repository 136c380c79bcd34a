//! Data sets of digits: the four IDX files of MNIST, with a cache and a download, and a synthetic data
//! set. All are loaded as [`Digits`]: a training and a test [`Split`] of u8 images and labels.
//!
//! [`load()`] tries the sources of a [`Request`] in order and looks for MNIST in [`Places`].

mod cache;
mod digits;
mod download;
mod error;
mod folder;
mod gzip;
mod idx;
mod load;
mod mnist;
mod sha256;
mod shape;
mod synthetic;
#[cfg(test)]
mod testing;

pub use digits::{Digit, Digits, Split};
pub use download::Progress;
pub use error::{DownloadFault, Error, FileFault, Skipped};
pub use load::{Loaded, Places, Request, Source, load};
pub use sha256::sha256;
pub use shape::Shape;
pub use synthetic::synthetic;
