//! Gzip, recognised by a file's first bytes, not by its name.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::GzDecoder;

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
/// Invalid gzip data gives an [`io::ErrorKind`] of `InvalidInput`, `InvalidData` or `UnexpectedEof`. Zeros after its end
/// are padding, as for `gzip -t`.
/// The output is not limited: the caller has to stop reading.
pub(crate) fn decompress<'a>(source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let (is_gzipped, whole) = detect(source)?;
    Ok(if is_gzipped {
        Box::new(Members { member: Some(GzDecoder::new(BufReader::new(whole))) })
    } else {
        Box::new(whole)
    })
}

/// Members of gzip data, decompressed one after the other.
struct Members<R> {
    /// The current member; `None` after the last.
    member: Option<GzDecoder<BufReader<R>>>,
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let rest = self.member.take().map(GzDecoder::into_inner);
            self.member = rest.map(next_member).transpose()?.flatten();
        }
        Ok(0)
    }
}

/// Returns the decoder of the next member; `None` if only zeros follow.
fn next_member<R: Read>(mut rest: BufReader<R>) -> io::Result<Option<GzDecoder<BufReader<R>>>> {
    let is_padded = rest.fill_buf()?.first() == Some(&0);
    if !is_padded {
        let is_over = rest.fill_buf()?.is_empty();
        return Ok((!is_over).then(|| GzDecoder::new(rest)));
    }
    for byte in rest.bytes() {
        if byte? != 0 {
            return Err(io::Error::new(ErrorKind::InvalidData, "other data follow the padding"));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::gzip;

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        decompress(bytes)?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn zeros_after_the_end_are_padding_and_other_bytes_are_refused() {
        let [one, other] = [b"one".as_slice(), b"other"].map(gzip);
        let zeros = vec![0; 512];
        for padding in [&[][..], &[0], &zeros] {
            let padded = [&one[..], &other, padding].concat();
            assert_eq!(unpacked(&padded).unwrap(), b"oneother");
            for end in [b"x".as_slice(), &one] {
                let followed = [&padded, end].concat();
                // Another member may follow, but not after padding.
                assert_eq!(unpacked(&followed).is_ok(), padding.is_empty() && end == one);
            }
        }
        for len in 1..one.len() {
            assert!(unpacked(&one[..len]).is_err() || len == 1, "{len} bytes");
        }
    }
}
