//! The report of a study: report.html, one page that needs no network access.

mod error;
mod network;
mod page;
mod page_data;
mod sweep;

use std::path::Path;

use burn::tensor::Device;

pub use self::error::Error;
use self::page_data::PageData;
use crate::{
    results,
    store::{files, record::Record},
    study::{Splits, Study},
};

/// The report's file name in the study's folder.
pub const FILE: &str = "report.html";

/// Writes the report from all finished runs.
///
/// Without the study's own data set, it has no confusion matrices and no misclassified images.
pub fn write(
    study: &Study,
    output: &Path,
    records: &[Record],
    splits: Option<&Splits>,
    device: &Device,
) -> Result<(), Error> {
    let mut notes = results::unfinished(study, records, output);
    // Accuracies on another data set would not be those of this study.
    let is_own =
        |splits: &&Splits| records.iter().all(|record| record.dataset_sha256 == splits.sha256);
    let splits = splits.filter(is_own);
    if splits.is_none() && !records.is_empty() {
        notes.push("The test digits of this study were not at hand.".to_owned());
    }
    notes.extend(results::notes(records));
    if !study.sweep.is_empty() {
        let note = "Below, each variant is shown where it did best on the test images. Its accuracy there is \
                    biased upwards, as the point was chosen by it.";
        notes.push(note.to_owned());
    }
    let test = splits.map(|splits| &splits.test);
    let data = PageData::new(records, study.first_variant(), test, device, &mut notes);
    let page = page::render(study, records, splits, &notes, &data)?;
    Ok(files::write(&output.join(FILE), page.as_bytes())?)
}
