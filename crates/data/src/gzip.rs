//! Gzip, recognised by its first bytes: a name says little about what a file holds.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The contents of `source`, unpacked if they are gzipped, as they are otherwise.
///
/// Bad gzip data reads as an [`io::ErrorKind`] of `InvalidInput`, `InvalidData` or `UnexpectedEof`.
/// How much comes out is for the caller to limit.
pub(crate) fn unpacked<'a>(mut source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(MAGIC.len());
    source.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start)?;
    let gzipped = start == MAGIC;
    let whole = io::Cursor::new(start).chain(source);
    Ok(if gzipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}
