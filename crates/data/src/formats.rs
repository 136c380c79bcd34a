//! The formats of data sets. Each is a file here and a line in [`FORMATS`].

mod csv;
pub(crate) mod idx;
mod npz;
mod pictures;

pub use csv::CsvFault;
pub use npz::NpzFault;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::listing::Listing;
use crate::progress::Progress;
use crate::raw_set::RawSet;
use crate::shape::Size;

/// All formats.
const FORMATS: [Format; 4] = [idx::FORMAT, npz::FORMAT, csv::FORMAT, pictures::FORMAT];

/// Time after which progress is reported.
const SILENT: Duration = Duration::from_secs(1);

/// A format of data sets.
pub(crate) struct Format {
    /// Files of a set, for messages: `a set in this format is …`.
    description: &'static str,
    /// Finds the sets of this format among listed files.
    find: fn(&Listing) -> Found,
}

/// Data sets of one format, found by the names of their files.
#[derive(Default)]
struct Found {
    sets: Vec<Box<dyn FoundSet>>,
    /// Clauses on files of the format that make no set.
    incomplete: Vec<String>,
}

/// A data set whose files are found, but not read.
trait FoundSet {
    /// Returns the path of its first file, relative to the listed folder.
    fn first_file(&self) -> &Path;

    /// Returns how surely the files are a data set, 0 for those that nothing but a set has. Others are one only where
    /// no surer one is found.
    fn doubt(&self) -> u8 {
        0
    }

    /// Reads the set. `size` is that of images in a format that does not say it.
    fn read(&self, size: Option<Size>, progress: &dyn Fn(Progress<'_>)) -> Result<RawSet, Error>;
}

/// Reads the one data set among listed files.
///
/// # Errors
///
/// [`Error::NoSet`] and [`Error::SeveralSets`], and those of reading.
pub(crate) fn read(
    path: &Path,
    listing: &Listing,
    size: Option<Size>,
    progress: &dyn Fn(Progress<'_>),
) -> Result<RawSet, Error> {
    let (mut sets, mut incomplete) = (Vec::new(), Vec::new());
    for format in &FORMATS {
        let found = (format.find)(listing);
        sets.extend(found.sets);
        incomplete.extend(found.incomplete);
    }
    let least = sets.iter().map(|set| set.doubt()).min();
    sets.retain(|set| Some(set.doubt()) == least);
    match sets.as_slice() {
        [set] => {
            let start = Instant::now();
            set.read(size, &|done| {
                if start.elapsed() > SILENT {
                    progress(done);
                }
            })
        }
        [] => Err(Error::NoSet {
            path: path.to_owned(),
            files: listing.files.clone(),
            incomplete,
            formats: FORMATS.iter().map(|format| format.description).collect(),
        }),
        _ => {
            let files = sets.iter().map(|set| set.first_file().to_owned());
            Err(Error::SeveralSets { path: path.to_owned(), files: files.collect() })
        }
    }
}
