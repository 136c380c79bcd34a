//! Downloads over HTTPS.
//!
//! What comes is taken for the file only if its SHA-256 says so. A server that cannot be reached is
//! not tried again: without a network, the time for finding and connecting to it ([`Patience`]) is
//! all that a download costs. Once connected, what broke off is resumed and what came wrong begun
//! again, [`ATTEMPTS`] times in all.

use std::io::{self, ErrorKind, Read};
use std::thread;
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body, Timeout};

use crate::error::{DownloadFault, Error};
use crate::gzip;
use crate::mnist::File;
use crate::sha256::sha256;

#[cfg(test)]
mod tests;

/// The most that is taken of one file, packed or not, in bytes; MNIST's largest has 47 million.
const MAX_BYTES: usize = 64 << 20;

/// How much is read at a time, in bytes.
const CHUNK: usize = 64 << 10;

/// How often a file is asked for.
const ATTEMPTS: u32 = 4;

/// How many times a server may send us elsewhere.
const MAX_REDIRECTS: u32 = 5;

/// How far a download has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Bytes that have come.
    pub done: usize,
    /// Bytes that will have come in the end, if the server says.
    pub total: Option<usize>,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Until the server's name is resolved.
    pub(crate) resolve: Duration,
    /// Until there is a connection, TLS included.
    pub(crate) connect: Duration,
    /// For the next bytes.
    pub(crate) read: Duration,
    /// For all of one attempt, however the bytes come: a server may send one a second for ever.
    pub(crate) attempt: Duration,
    /// Before the second attempt; twice as long before the third, and so on.
    pub(crate) pause: Duration,
}

impl Default for Patience {
    /// Without a network, resolving and connecting together stay under 5 s.
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(2),
            connect: Duration::from_millis(2500),
            read: Duration::from_secs(10),
            attempt: Duration::from_mins(2),
            pause: Duration::from_millis(250),
        }
    }
}

/// Fetches files from one server.
pub(crate) struct Downloader<'a> {
    agent: Agent,
    base_url: &'a str,
    pause: Duration,
    progress: &'a dyn Fn(Progress<'_>),
}

impl<'a> Downloader<'a> {
    /// Makes no connection yet. `base_url` ends in a slash and is HTTPS; only a server on this very
    /// machine, which is a test's, may speak plain HTTP.
    pub(crate) fn new(
        base_url: &'a str,
        patience: Patience,
        progress: &'a dyn Fn(Progress<'_>),
    ) -> Self {
        let is_local = base_url.starts_with("http://127.0.0.1:");
        let mut config = Agent::config_builder()
            .https_only(!is_local)
            .http_status_as_error(false)
            .max_redirects(MAX_REDIRECTS)
            .timeout_resolve(Some(patience.resolve))
            .timeout_connect(Some(patience.connect))
            .timeout_per_read(Some(patience.read))
            .timeout_global(Some(patience.attempt));
        if is_local {
            config = config.proxy(None);
        }
        Self { agent: config.build().into(), base_url, pause: patience.pause, progress }
    }

    /// Fetches a file, which the server has with `.gz` after its name.
    ///
    /// Returns it unpacked, its SHA-256 checked.
    pub(crate) fn fetch(&self, file: &File) -> Result<Vec<u8>, Error> {
        let url = format!("{}{}.gz", self.base_url, file.name);
        self.fetch_url(&url, file).map_err(|fault| Error::Download { url, fault })
    }

    fn fetch_url(&self, url: &str, file: &File) -> Result<Vec<u8>, DownloadFault> {
        let mut packed = Vec::new();
        let mut pause = self.pause;
        let mut attempts_left = ATTEMPTS;
        loop {
            attempts_left -= 1;
            let fault =
                match self.receive(url, file, &mut packed).and_then(|()| unpack(&packed, file)) {
                    Ok(unpacked) => return Ok(unpacked),
                    Err(fault) => fault,
                };
            if attempts_left == 0 || !fault.may_pass() {
                return Err(fault);
            }
            if fault.spoils_what_came() {
                packed.clear();
            }
            thread::sleep(pause);
            pause *= 2;
        }
    }

    /// Asks for what `packed` lacks and appends it.
    fn receive(&self, url: &str, file: &File, packed: &mut Vec<u8>) -> Result<(), DownloadFault> {
        let mut request = self.agent.get(url);
        if !packed.is_empty() {
            request = request.header(header::RANGE, format!("bytes={}-", packed.len()));
        }
        let response = request.call()?;
        match response.status() {
            // The whole file, even if only its end was asked for.
            StatusCode::OK => packed.clear(),
            // The SHA-256 will tell if it is another part than asked for.
            StatusCode::PARTIAL_CONTENT => {}
            status => return Err(DownloadFault::Status(status.as_u16())),
        }
        let rest = content_length(&response);
        let total = rest.map(|rest| rest.saturating_add(packed.len()));
        let mut body = response.into_body().into_reader();
        let mut chunk = vec![0; CHUNK];
        loop {
            if total.unwrap_or(0).max(packed.len()) > MAX_BYTES {
                return Err(DownloadFault::TooLarge { most: MAX_BYTES });
            }
            (self.progress)(Progress { file: file.name, done: packed.len(), total });
            match body.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(len) => packed.extend_from_slice(&chunk[..len]),
                Err(reason) => {
                    let received = packed.len();
                    return Err(DownloadFault::Interrupted { received, reason });
                }
            }
        }
    }
}

impl From<ureq::Error> for DownloadFault {
    /// Tells whether there was a connection at all: only then is another attempt worth its time.
    fn from(error: ureq::Error) -> Self {
        match &error {
            ureq::Error::TooManyRedirects => Self::Redirects,
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                Self::Unreachable(error.into_io())
            }
            ureq::Error::Timeout(_) | ureq::Error::Protocol(_) => Self::NoAnswer(error.into_io()),
            ureq::Error::Io(reason) if is_hang_up(reason) => Self::NoAnswer(error.into_io()),
            _ => Self::Unreachable(error.into_io()),
        }
    }
}

impl DownloadFault {
    /// Whether another attempt may end better.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Redirects | Self::TooLarge { .. } => false,
            // Timeout, range not satisfiable, too many requests, the server's own troubles.
            Self::Status(status) => matches!(status, 408 | 416 | 429 | 500..),
            Self::NoAnswer(_) | Self::Interrupted { .. } | Self::Gzip | Self::Checksum { .. } => {
                true
            }
        }
    }

    /// Whether the next attempt must begin again instead of going on.
    fn spoils_what_came(&self) -> bool {
        matches!(self, Self::Status(416) | Self::Gzip | Self::Checksum { .. })
    }
}

/// Whether there was a connection before this happened.
fn is_hang_up(error: &io::Error) -> bool {
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

/// Unpacks what came and checks that it is the file.
fn unpack(packed: &[u8], file: &File) -> Result<Vec<u8>, DownloadFault> {
    let mut unpacked = Vec::new();
    gzip::unpacked(packed)
        .and_then(|source| source.take(MAX_BYTES as u64).read_to_end(&mut unpacked))
        .map_err(|_| DownloadFault::Gzip)?;
    let found = sha256([&unpacked[..]]);
    if found == file.sha256 {
        Ok(unpacked)
    } else {
        let expected = file.sha256.clone();
        Err(DownloadFault::Checksum { found, expected })
    }
}
