//! Downloads, verified by SHA-256.
//!
//! A server that cannot be reached is not tried again, so that without a network a download fails within
//! the [`Timeouts`] for resolving and connecting. Otherwise there are [`MAX_ATTEMPTS`] attempts: an
//! interrupted download is resumed, and a damaged file is downloaded again.

use std::io::{self, ErrorKind, Read};
use std::thread;
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body, Timeout};

use crate::error::{DownloadFault, Error};
use crate::gzip::{self, MAX_BYTES};
use crate::progress::{Progress, Unit};
use crate::published::{Checksum, File};
use crate::sha256::sha256;

#[cfg(test)]
mod tests;

/// Size of one read, in bytes.
const CHUNK_LEN: usize = 64 << 10;

/// Largest number of requests for a file.
const MAX_ATTEMPTS: u32 = 4;

/// Largest number of redirects that are followed.
const MAX_REDIRECTS: u32 = 5;

/// Timeouts of a download.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For resolving the server's name.
    pub(crate) resolve: Duration,
    /// For connecting, TLS included.
    pub(crate) connect: Duration,
    /// For each read.
    pub(crate) read: Duration,
    /// For a whole attempt: a server may keep sending single bytes.
    pub(crate) attempt: Duration,
    /// Delay before the second attempt; it doubles before each further one.
    pub(crate) retry_delay: Duration,
}

impl Default for Timeouts {
    /// Resolving and connecting together take less than 5 s.
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(2),
            connect: Duration::from_millis(2500),
            read: Duration::from_secs(10),
            attempt: Duration::from_mins(2),
            retry_delay: Duration::from_millis(250),
        }
    }
}

/// Downloads files from one server.
pub(crate) struct Downloader<'a> {
    agent: Agent,
    base_url: &'a str,
    retry_delay: Duration,
    progress: &'a dyn Fn(Progress<'_>),
}

impl<'a> Downloader<'a> {
    /// Creates a downloader, without connecting. `base_url` ends in a slash. If it is HTTPS, redirects
    /// have to be too. HTTP suffices for a server that has nothing else, as all files are verified.
    pub(crate) fn new(
        base_url: &'a str,
        timeouts: Timeouts,
        progress: &'a dyn Fn(Progress<'_>),
    ) -> Self {
        let is_local = base_url.starts_with("http://127.0.0.1:");
        let mut config = Agent::config_builder()
            .https_only(base_url.starts_with("https:"))
            .http_status_as_error(false)
            .max_redirects(MAX_REDIRECTS)
            .timeout_resolve(Some(timeouts.resolve))
            .timeout_connect(Some(timeouts.connect))
            .timeout_per_read(Some(timeouts.read))
            .timeout_global(Some(timeouts.attempt));
        if is_local {
            config = config.proxy(None);
        }
        Self { agent: config.build().into(), base_url, retry_delay: timeouts.retry_delay, progress }
    }

    /// Downloads `<name>.gz` and verifies its SHA-256. Returns the bytes of the file that the checksum is of.
    pub(crate) fn download(&self, file: &File) -> Result<Vec<u8>, Error> {
        let url = format!("{}{}.gz", self.base_url, file.name);
        self.download_url(&url, file).map_err(|fault| Error::Download { url, fault })
    }

    fn download_url(&self, url: &str, file: &File) -> Result<Vec<u8>, DownloadFault> {
        let mut received = Vec::new();
        let mut delay = self.retry_delay;
        let mut attempts_left = MAX_ATTEMPTS;
        loop {
            attempts_left -= 1;
            let result = self.receive(url, file, &mut received);
            let fault = match result.and_then(|()| verified(&received, file)) {
                Ok(bytes) => return Ok(bytes),
                Err(fault) => fault,
            };
            if attempts_left == 0 || !fault.is_retryable() {
                return Err(fault);
            }
            if fault.invalidates_received() {
                received.clear();
            }
            thread::sleep(delay);
            delay *= 2;
        }
    }

    /// Requests the rest of the file after `received` and appends it.
    fn receive(&self, url: &str, file: &File, received: &mut Vec<u8>) -> Result<(), DownloadFault> {
        let mut request = self.agent.get(url);
        if !received.is_empty() {
            request = request.header(header::RANGE, format!("bytes={}-", received.len()));
        }
        let response = request.call()?;
        match response.status() {
            // A server may ignore the range and send the whole file.
            StatusCode::OK => received.clear(),
            // A wrong range is detected by the SHA-256.
            StatusCode::PARTIAL_CONTENT => {}
            status => return Err(DownloadFault::Status(status.as_u16())),
        }
        let rest = content_length(&response);
        let total = rest.map(|rest| rest.saturating_add(received.len()));
        let mut body = response.into_body().into_reader();
        let mut chunk = vec![0; CHUNK_LEN];
        loop {
            if total.unwrap_or(0).max(received.len()) > MAX_BYTES {
                return Err(DownloadFault::TooLarge { most: MAX_BYTES });
            }
            let done = received.len();
            (self.progress)(Progress { name: file.name, unit: Unit::Bytes, done, total });
            match body.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(len) => received.extend_from_slice(&chunk[..len]),
                Err(reason) => {
                    return Err(DownloadFault::Interrupted { received: received.len(), reason });
                }
            }
        }
    }
}

impl From<ureq::Error> for DownloadFault {
    /// Distinguishes a failure to connect, after which there is no further attempt, from later ones.
    fn from(error: ureq::Error) -> Self {
        match &error {
            ureq::Error::TooManyRedirects => Self::Redirects,
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                Self::Unreachable(error.into_io())
            }
            ureq::Error::Timeout(_) | ureq::Error::Protocol(_) => Self::NoAnswer(error.into_io()),
            ureq::Error::Io(reason) if is_disconnect(reason) => Self::NoAnswer(error.into_io()),
            _ => Self::Unreachable(error.into_io()),
        }
    }
}

impl DownloadFault {
    /// Returns whether another attempt may succeed.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Redirects | Self::TooLarge { .. } => false,
            // Request timeout, range not satisfiable, too many requests, server errors.
            Self::Status(status) => matches!(status, 408 | 416 | 429 | 500..),
            Self::NoAnswer(_) | Self::Interrupted { .. } | Self::Gzip | Self::Checksum { .. } => {
                true
            }
        }
    }

    /// Returns whether the next attempt must start from the first byte.
    fn invalidates_received(&self) -> bool {
        matches!(self, Self::Status(416) | Self::Gzip | Self::Checksum { .. })
    }
}

/// Returns whether an established connection was closed.
fn is_disconnect(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
    )
}

fn content_length(response: &Response<Body>) -> Option<usize> {
    let length = response.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Verifies a downloaded file, decompressed if its checksum is of the uncompressed file.
fn verified(received: &[u8], file: &File) -> Result<Vec<u8>, DownloadFault> {
    let (bytes, expected) = match &file.checksum {
        Checksum::Uncompressed(expected) => (decompress(received)?, expected),
        Checksum::Gzipped(expected) => (received.to_vec(), expected),
    };
    let found = sha256([&bytes[..]]);
    if found == *expected {
        return Ok(bytes);
    }
    Err(DownloadFault::Checksum { title: file.source.title(), found, expected: expected.clone() })
}

fn decompress(received: &[u8]) -> Result<Vec<u8>, DownloadFault> {
    let mut bytes = Vec::new();
    gzip::decompress(received)
        .and_then(|source| source.take(MAX_BYTES as u64).read_to_end(&mut bytes))
        .map_err(|_| DownloadFault::Gzip)?;
    Ok(bytes)
}
