//! Causes of failed downloads.

use std::io;

use thiserror::Error;

/// The cause of a failed download. The message continues `cannot be downloaded: `.
#[derive(Debug, Error)]
pub enum DownloadFault {
    /// The server cannot be reached.
    #[error("no connection could be made: {0}")]
    Unreachable(io::Error),
    /// The server accepted the connection, but sent no valid HTTP response.
    #[error("the server sent no valid response: {0}")]
    NoAnswer(io::Error),
    /// The server redirects more often than allowed.
    #[error("the server redirects too often")]
    Redirects,
    /// The server responded with an error status.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The connection ended or stalled before the end of the file.
    #[error("the connection was lost after {received} bytes: {reason}")]
    Interrupted {
        /// Number of bytes received so far, those of earlier attempts included.
        received: usize,
        /// The cause.
        reason: io::Error,
    },
    /// The file is larger than any that is published.
    #[error("the file is larger than {most} bytes")]
    TooLarge {
        /// Largest accepted size, in bytes.
        most: usize,
    },
    /// The downloaded file is not valid gzip.
    #[error("the downloaded file is damaged: its gzip data cannot be decompressed")]
    Gzip,
    /// The downloaded file is not the one published.
    #[error("the downloaded file is not {title}'s: its SHA-256 is {found}, expected {expected}")]
    Checksum {
        /// Name of the data set.
        title: &'static str,
        /// SHA-256 of the downloaded file, decompressed if the expected one is.
        found: String,
        /// SHA-256 of the published file.
        expected: String,
    },
}
