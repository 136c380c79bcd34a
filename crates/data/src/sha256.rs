//! SHA-256 sums in hexadecimal, as `sha256sum` prints them.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Returns the SHA-256 of the concatenated pieces: 64 hexadecimal digits in lower case.
pub fn sha256<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    let mut hex = String::with_capacity(64);
    for byte in hasher.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::sha256;

    #[test]
    fn matches_the_example_of_the_standard() {
        // FIPS 180-2, example B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256([&b"abc"[..]]), expected);
        assert_eq!(sha256([&b"a"[..], b"", b"bc"]), expected);
    }
}
