//! Images without their black pixels, from which a network's first layer computes faster if most pixels are black.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

/// Number of pixels in a block, at most 255. A network's weights for so many pixels fit a CPU's first-level cache.
pub const BLOCK: usize = 112;

/// Images as records of their pixels that are not 0.
///
/// A record is one piece of memory. It has for each [`BLOCK`] of the image's pixels, of which the last may be smaller:
/// how many of them are not 0, their indices in the block, and their values, a byte each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparseImages {
    /// Number of pixels of an image.
    pixels: usize,
    /// Records, which selections of the images share.
    records: Arc<Vec<u8>>,
    /// Range of each image's record.
    ranges: Vec<Range<usize>>,
}

impl SparseImages {
    /// Makes the records of images `[len, pixels]`, in parallel.
    pub fn new(images: &[u8], pixels: usize) -> Self {
        let images = images.par_chunks_exact(pixels);
        let counts: Vec<usize> = images.clone().map(count_not_0).collect();
        let (mut ranges, mut end) = (Vec::with_capacity(counts.len()), 0);
        for count in counts {
            let start = end;
            end += pixels.div_ceil(BLOCK) + 2 * count;
            ranges.push(start..end);
        }
        let (mut records, mut parts) = (vec![0; end], Vec::with_capacity(ranges.len()));
        let mut rest = records.as_mut_slice();
        for range in &ranges {
            parts.extend(rest.split_off_mut(..range.len()));
        }
        images.zip(parts).for_each(|(image, record)| write(image, record));
        Self { pixels, records: Arc::new(records), ranges }
    }

    /// Returns the number of images.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Returns whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Returns the number of pixels of an image.
    pub fn pixels(&self) -> usize {
        self.pixels
    }

    /// Selects the images at these indices. The records are shared.
    pub(crate) fn select(&self, indices: impl Iterator<Item = usize>) -> Self {
        Self {
            pixels: self.pixels,
            records: Arc::clone(&self.records),
            ranges: indices.map(|index| self.ranges[index].clone()).collect(),
        }
    }

    /// Removes the images from index `len` on, and returns them. The records are shared.
    pub(crate) fn split_off(&mut self, len: usize) -> Self {
        let ranges = self.ranges.split_off(len);
        Self { pixels: self.pixels, records: Arc::clone(&self.records), ranges }
    }

    /// Copies the records of the images at these indices, one after another.
    ///
    /// # Panics
    ///
    /// If an index is not below [`len`](Self::len).
    #[must_use]
    pub fn copied(&self, indices: &[usize]) -> Self {
        let bytes = indices.iter().map(|&index| self.ranges[index].len()).sum();
        let mut records = Vec::with_capacity(bytes);
        let mut ranges = Vec::with_capacity(indices.len());
        for &index in indices {
            let start = records.len();
            records.extend_from_slice(&self.records[self.ranges[index].clone()]);
            ranges.push(start..records.len());
        }
        Self { pixels: self.pixels, records: Arc::new(records), ranges }
    }

    /// Returns for each image where the record of its first block is: a cursor for [`block`](Self::block).
    pub fn cursors(&self) -> Vec<usize> {
        self.ranges.iter().map(|range| range.start).collect()
    }

    /// Returns the indices in the block of the pixels that are not 0, and their values. Moves the cursor to the image's
    /// next block.
    #[inline]
    pub fn block(&self, cursor: &mut usize) -> (&[u8], &[u8]) {
        let start = *cursor + 1;
        let count = usize::from(self.records[*cursor]);
        *cursor = start + 2 * count;
        self.records[start..*cursor].split_at(count)
    }

    /// Returns the pixels of all images, `[len, pixels]`, where `convert` returns what stands for a pixel that is not 0.
    pub fn to_pixels<T: Clone + Default>(&self, convert: impl Fn(u8) -> T) -> Vec<T> {
        let mut images = vec![T::default(); self.len() * self.pixels];
        for (image, mut cursor) in images.chunks_exact_mut(self.pixels).zip(self.cursors()) {
            for block in image.chunks_mut(BLOCK) {
                let (indices, values) = self.block(&mut cursor);
                for (&index, &value) in indices.iter().zip(values) {
                    block[usize::from(index)] = convert(value);
                }
            }
        }
        images
    }
}

/// Counts the pixels that are not 0.
pub(crate) fn count_not_0(pixels: &[u8]) -> usize {
    pixels.iter().filter(|pixel| **pixel != 0).count()
}

/// Writes an image's record.
fn write(image: &[u8], mut record: &mut [u8]) {
    for block in image.chunks(BLOCK) {
        let (mut indices, mut values, mut count) = ([0; BLOCK], [0; BLOCK], 0_u8);
        // Without a branch that the CPU would have to predict.
        for (index, &value) in (0..).zip(block) {
            indices[usize::from(count)] = index;
            values[usize::from(count)] = value;
            count += u8::from(value != 0);
        }
        let used = usize::from(count);
        let (own, rest) = record.split_at_mut(1 + 2 * used);
        own[0] = count;
        own[1..=used].copy_from_slice(&indices[..used]);
        own[1 + used..].copy_from_slice(&values[..used]);
        record = rest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_keep_every_pixel(
            (pixels, images) in (1..300_usize, 0..5_usize).prop_flat_map(|(pixels, len)| {
                let pixel = prop_oneof![Just(0), any::<u8>()];
                (Just(pixels), proptest::collection::vec(pixel, len * pixels))
            }),
        ) {
            let sparse = SparseImages::new(&images, pixels);
            prop_assert_eq!(sparse.len() * pixels, images.len());
            prop_assert_eq!(sparse.to_pixels(|pixel| pixel), images.clone());
            let order: Vec<usize> = (0..sparse.len()).rev().chain(0..sparse.len()).collect();
            let mut expected = Vec::new();
            for &index in &order {
                expected.extend_from_slice(&images[index * pixels..][..pixels]);
            }
            prop_assert_eq!(sparse.copied(&order).to_pixels(|pixel| pixel), expected.clone());
            prop_assert_eq!(sparse.select(order.into_iter()).to_pixels(|pixel| pixel), expected);
        }
    }
}
