//! The report of a study: report.html, one page that needs no network access.

mod confidence;
mod curves;
mod group;
mod misclassified;
mod network;
mod page;
mod page_data;
mod questions;
mod sentences;
mod sweep;
mod wrong_labels;

use data::Source;
use strum::VariantArray;

use self::{page_data::PageData, sentences::Sentences};
use crate::{
    results::{self, Row, Summary},
    splits::Splits,
    store::{Error, SavedStudy, StudyFolder, files},
};

/// The report's file name in the study's folder.
pub const FILE: &str = "report.html";

/// Writes the report from the rows of all finished runs, their summaries, and notes on the other runs. `splits` has the study's test
/// images; without them, the report shows no pictures of them.
pub fn write(
    saved: &SavedStudy,
    folder: &StudyFolder,
    rows: &[Row],
    summaries: &[Summary],
    mut notes: Vec<String>,
    splits: Option<&Splits>,
) -> Result<(), Error> {
    if splits.is_none() {
        notes.push("The test images of this study were not at hand.".to_owned());
    }
    notes.extend(results::notes(rows));
    let verdicts = results::verdicts(summaries).unwrap_or_default();
    notes.extend(verdicts.lines().map(str::to_owned));
    if !saved.study.sweep.is_empty() {
        let is_validated = rows.iter().any(|row| row.record.validation.is_some());
        notes.push(if is_validated {
            "Below, each variant is shown at its best point by mean accuracy on the held-out images.".to_owned()
        } else {
            "Below, each variant is shown at its first point, as no images are held out to choose by.".to_owned()
        });
    }
    // A set whose files could not be verified has another name.
    let name = &saved.manifest.dataset.name;
    let source = Source::VARIANTS.iter().find(|source| source.to_string() == *name);
    notes.extend(source.and_then(|source| source.credit()).map(str::to_owned));
    let data = PageData::new(saved, rows, summaries, splits, &mut notes);
    let sentences = Sentences::new(&data);
    let page = page::render(saved, rows, summaries, &notes, &sentences, &data);
    let page = page.map_err(|reason| Error::Serialize { what: FILE, reason })?;
    files::write(&folder.file(FILE), page.as_bytes())
}
