//! Digits to learn from: MNIST's four IDX files, their cache and download, and a set that the
//! program draws itself. Everything here ends in [`Digits`], two [`Split`]s of u8 images and labels.
//!
//! [`load()`] goes through the places where a set may be; [`Places`] says which these are.

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
