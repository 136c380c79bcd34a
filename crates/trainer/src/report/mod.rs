//! The report of a study: report.html, one page that needs no network access.

mod confidence;
mod curves;
mod group;
mod headline;
mod mistakes;
mod network;
mod page;
mod page_data;
mod pictures;
mod quantities;
mod questions;
mod sweep;
mod wrong_labels;

use data::Source;
use strum::VariantArray;

use self::page_data::PageData;
use crate::{
    results::{self, Group},
    splits::Splits,
    store::{Error, SavedStudy, StudyFolder, files},
};

/// The report's file name in the study's folder.
pub const FILE: &str = "report.html";

/// Writes the report from the groups of all finished runs, and notes on the other runs. `splits` has the study's test
/// images; without them, the report shows no pictures of them.
pub fn write(
    saved: &SavedStudy,
    folder: &StudyFolder,
    groups: &[Group<'_>],
    mut notes: Vec<String>,
    splits: Option<&Splits>,
) -> Result<(), Error> {
    if splits.is_none() {
        notes.push("The test images of this study were not available.".to_owned());
    }
    notes.extend(results::notes(groups));
    if !saved.study.sweep.is_empty() {
        let shown = if groups.iter().any(|group| group.chosen) {
            "best point by mean accuracy on the held-out images"
        } else if results::is_validated(groups) {
            "first point, as images lack classes to choose by"
        } else {
            "first point, as no images are held out to choose by"
        };
        notes.push(format!("Unless a slider is moved, each variant is shown at its {shown}."));
    }
    // A set whose files could not be verified has another name.
    let name = &saved.manifest.dataset.name;
    let source = Source::VARIANTS.iter().find(|source| source.to_string() == *name);
    notes.extend(source.and_then(|source| source.credit()).map(str::to_owned));
    let data = PageData::new(saved, groups, splits, &mut notes);
    let page = page::render(saved, groups, &notes, &data);
    let page = page.map_err(|reason| Error::Serialize { what: FILE, reason })?;
    files::write(&folder.file(FILE), page.as_bytes())
}
