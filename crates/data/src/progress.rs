//! Progress of loading.

/// Progress of a download, or of reading many files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Name of the file or folder.
    pub name: &'a str,
    /// What is counted.
    pub unit: Unit,
    /// Number of units done.
    pub done: usize,
    /// Number of all, if it is known.
    pub total: Option<usize>,
}

/// Unit of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Files in a folder.
    Files,
}
