//! Data sets of small images of one channel: files of several formats, MNIST and its like with a cache and a download,
//! and synthetic digits. All are loaded as an [`ImageSet`]: a training and a test [`Split`] of u8 images and labels.
//!
//! [`load()`] tries the sources of a [`Request`] in order and looks for those that are published in [`Places`].

#![deny(missing_docs)]

mod cache;
mod class_names;
mod download;
mod error;
pub mod files;
mod formats;
mod gzip;
mod image_set;
mod listing;
mod load;
pub mod picture;
mod preparation;
mod progress;
mod published;
mod raw_set;
mod sha256;
mod shape;
mod source;
mod sparse;
mod synthetic;
#[cfg(test)]
mod testing;
mod user_set;

pub use class_names::check_class_names;
pub use error::{ClassNamesFault, DownloadFault, Error, FileFault, Skipped};
pub use formats::{CsvFault, NpzFault};
pub use image_set::{ImageSet, LabelledImage, Split};
pub use load::{Loaded, Places, Request, load};
pub use preparation::{Preparation, border, centred_ink, is_dark_on_light};
pub use progress::{Progress, Unit};
pub use sha256::sha256;
pub use shape::{MAX_CLASSES, MAX_SIDE, Shape, Size};
pub use source::Source;
pub use sparse::{BLOCK, SparseImages};
pub use synthetic::synthetic;
pub use user_set::UserSet;
