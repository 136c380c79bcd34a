//! report.html: a study to look at, on one page that needs no network.

mod error;
mod network;
mod page;
mod paths;
mod picture;

use std::path::Path;

use burn::tensor::Device;

pub use self::error::Error;
use crate::{
    results,
    store::{files, record::Record},
    study::{Splits, Study},
};

/// The page's name in the study's folder.
pub const FILE: &str = "report.html";

/// Writes the page from every finished run. Without digits it lacks what takes test images to see.
pub fn write(
    study: &Study,
    output: &Path,
    records: &[Record],
    splits: Option<&Splits>,
    device: &Device,
) -> Result<(), Error> {
    let mut notes = results::unfinished(study, records, output);
    // Other digits would be answered, but say nothing of this study.
    let others =
        |splits: &&Splits| records.iter().all(|record| record.dataset_sha256 == splits.sha256);
    let own = splits.filter(others);
    if own.is_none() && !records.is_empty() {
        notes.push("The test digits of this study were not at hand.".to_owned());
    }
    notes.extend(results::notes(records));
    if !study.sweep.is_empty() {
        let note = "Below, each variant is shown where it did best on the test images. Being chosen by them, \
                    its accuracy there is a little flattered.";
        notes.push(note.to_owned());
    }
    let test = own.map(|splits| &splits.test);
    let picture = picture::Picture::of(records, study.first_variant(), test, device, &mut notes);
    let page = page::text(study, records, own, &notes, &picture)?;
    Ok(files::write(&output.join(FILE), page.as_bytes())?)
}
