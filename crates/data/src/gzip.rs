//! Gzip, recognised by a file's first bytes, not by its name.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Decompresses `source` if it is gzipped, and passes it through otherwise.
///
/// Invalid gzip data gives an [`io::ErrorKind`] of `InvalidInput`, `InvalidData` or `UnexpectedEof`.
/// The output is not limited: the caller has to stop reading.
pub(crate) fn decompress<'a>(mut source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(MAGIC.len());
    source.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start)?;
    let gzipped = start == MAGIC;
    let whole = io::Cursor::new(start).chain(source);
    Ok(if gzipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}
