//! Gzip, recognised by a file's first bytes, not by its name.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Largest file of a published data set, compressed or not, in bytes. The largest one has 47 million.
pub(crate) const MAX_BYTES: usize = 64 << 20;

/// Returns whether `source` is gzipped, and the same bytes.
pub(crate) fn detect<'a>(mut source: impl Read + 'a) -> io::Result<(bool, impl Read + 'a)> {
    let mut start = Vec::with_capacity(MAGIC.len());
    source.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start)?;
    Ok((start == MAGIC, io::Cursor::new(start).chain(source)))
}

/// Decompresses `source` if it is gzipped, and passes it through otherwise.
///
/// Invalid gzip data gives an [`io::ErrorKind`] of `InvalidInput`, `InvalidData` or `UnexpectedEof`.
/// The output is not limited: the caller has to stop reading.
pub(crate) fn decompress<'a>(source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let (is_gzipped, whole) = detect(source)?;
    Ok(if is_gzipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}
