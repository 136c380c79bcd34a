//! study.json: what a study consists of.

use data::MAX_CLASSES;
use serde::{Deserialize, Serialize};

use super::{Error, StudyFolder, files};
use crate::study::{InputFiles, KeyValues};

/// File name of the manifest.
pub(super) const FILE: &str = "study.json";

/// Manifest of a study. It is written last of the study's own files: without it, they are incomplete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the study.
    pub name: String,
    /// Data set.
    pub dataset: DatasetName,
    /// Files that the study reads.
    #[serde(flatten)]
    pub files: InputFiles,
    /// Version of the arithmetic.
    pub numerics: u32,
    /// Rows of the results, in the table's order.
    pub rows: Vec<ManifestRow>,
}

/// Name of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetName {
    /// Name for people: that of the source, or of the folder.
    pub name: String,
    /// Source in `data.sources`; `None` if the data set comes from `data.dir`.
    pub source: Option<String>,
}

/// A row of the results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestRow {
    /// Name of the variant.
    pub variant: String,
    /// Sweep point.
    #[serde(default, skip_serializing_if = "KeyValues::is_empty")]
    pub point: KeyValues,
    /// Seed.
    pub seed: u64,
    /// Id of the run. Rows with equal inputs share one.
    pub run: String,
}

impl Manifest {
    /// Returns whether a folder has a manifest.
    pub fn exists(folder: &StudyFolder) -> bool {
        folder.file(FILE).exists()
    }

    /// Reads the manifest of a study's folder; `None` if there is none.
    pub fn read(folder: &StudyFolder) -> Result<Option<Self>, Error> {
        let path = folder.file(FILE);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        let manifest = serde_json::from_slice(&bytes).map_err(|error| error.to_string());
        let manifest = manifest.and_then(|manifest: Self| match manifest.files.classes() {
            2..=MAX_CLASSES => Ok(Some(manifest)),
            classes => Err(format!("{classes} classes are not 2 to {MAX_CLASSES}")),
        });
        manifest.map_err(|error| Error::Malformed {
            reason: format!(
                "not a study's manifest: {error}; to write it again, run the study again"
            ),
            path,
        })
    }
}
