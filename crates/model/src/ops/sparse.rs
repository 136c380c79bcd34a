//! Matrix products with images without their black pixels, on the CPU.
//!
//! Both work on a tile of the units' columns at a time, on a block of pixels at a time, and on an image at a time. So a
//! block's rows of the kernel or of its gradient stay in the first-level cache, and an image's row stays in registers.
//! Each sum is added up in the order of the pixels or of the images.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without the CPU's vectors"
)]

use std::ops::Range;

use data::BLOCK;
use pulp::{Arch, Simd, WithSimd};

use crate::SparseInput;

/// Largest number of vectors in a row of a tile, so that a row fits the registers.
const MOST_VECTORS: usize = 8;
/// Largest number of columns of a tile, so that a block's rows fit the first-level cache.
const MOST_COLUMNS: usize = 64;

/// Computes images · kernel: `[batch, units]` from a kernel `[inputs, units]`.
pub(super) fn product(input: &SparseInput, kernel: &[f32], units: usize) -> Vec<f32> {
    let mut output = vec![0.0; input.images.len() * units];
    Arch::new().dispatch(Tiles { units, tiled: Product { input, kernel, output: &mut output } });
    output
}

/// Computes imagesᵀ · gradient: `[inputs, units]` from a gradient `[batch, units]`.
pub(super) fn kernel_gradient(input: &SparseInput, gradient: &[f32], units: usize) -> Vec<f32> {
    let mut output = vec![0.0; input.images.pixels() * units];
    let tiled = KernelGradient { input, gradient, output: &mut output };
    Arch::new().dispatch(Tiles { units, tiled });
    output
}

/// Computation on the columns of some units.
trait Tiled {
    /// Computes these columns of so many units, which fill `VECTORS` vectors, of which the last may be in part.
    fn compute<S: Simd, const VECTORS: usize>(
        &mut self,
        simd: S,
        units: usize,
        columns: Range<usize>,
    );
}

/// Computation on all columns, tile by tile.
struct Tiles<T> {
    units: usize,
    tiled: T,
}

impl<T: Tiled> WithSimd for Tiles<T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { units, mut tiled } = self;
        let most = (MOST_COLUMNS / S::F32_LANES).clamp(1, MOST_VECTORS);
        for start in (0..units).step_by(most * S::F32_LANES) {
            let vectors = (units - start).div_ceil(S::F32_LANES).min(most);
            let columns = start..units.min(start + vectors * S::F32_LANES);
            match vectors {
                1 => tiled.compute::<S, 1>(simd, units, columns),
                2 => tiled.compute::<S, 2>(simd, units, columns),
                3 => tiled.compute::<S, 3>(simd, units, columns),
                4 => tiled.compute::<S, 4>(simd, units, columns),
                5 => tiled.compute::<S, 5>(simd, units, columns),
                6 => tiled.compute::<S, 6>(simd, units, columns),
                7 => tiled.compute::<S, 7>(simd, units, columns),
                _ => tiled.compute::<S, MOST_VECTORS>(simd, units, columns),
            }
        }
    }
}

/// Values that begin at a cache line: a vector that lies in two takes twice as long.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Aligned<T>(T);

struct Product<'a> {
    input: &'a SparseInput,
    kernel: &'a [f32],
    output: &'a mut [f32],
}

impl Tiled for Product<'_> {
    #[inline(always)]
    fn compute<S: Simd, const VECTORS: usize>(
        &mut self,
        simd: S,
        units: usize,
        columns: Range<usize>,
    ) {
        let Self { input: SparseInput { images, divisor }, kernel, output } = self;
        let scale = simd.splat_f32s(divisor.recip());
        let zeros = [simd.splat_f32s(0.0); VECTORS];
        let mut sums = vec![Aligned(zeros); images.len()];
        let mut cursors = images.cursors();
        let mut rows = Aligned([zeros; BLOCK]);
        for kernel in kernel.chunks(BLOCK * units) {
            for (row, weights) in rows.0.iter_mut().zip(kernel.chunks_exact(units)) {
                *row = scaled(simd, &weights[columns.clone()], scale);
            }
            for (Aligned(sum), cursor) in sums.iter_mut().zip(&mut cursors) {
                let (indices, values) = images.block(cursor);
                let mut sum_in_registers = *sum;
                for (&index, &value) in indices.iter().zip(values) {
                    let value = simd.splat_f32s(f32::from(value));
                    for (sum, weights) in
                        sum_in_registers.iter_mut().zip(rows.0[usize::from(index)])
                    {
                        *sum = simd.mul_add_f32s(value, weights, *sum);
                    }
                }
                *sum = sum_in_registers;
            }
        }
        for (output, Aligned(sum)) in output.chunks_exact_mut(units).zip(&sums) {
            store(simd, sum, &mut output[columns.clone()]);
        }
    }
}

struct KernelGradient<'a> {
    input: &'a SparseInput,
    gradient: &'a [f32],
    output: &'a mut [f32],
}

impl Tiled for KernelGradient<'_> {
    #[inline(always)]
    fn compute<S: Simd, const VECTORS: usize>(
        &mut self,
        simd: S,
        units: usize,
        columns: Range<usize>,
    ) {
        let Self { input: SparseInput { images, divisor }, gradient, output } = self;
        let scale = simd.splat_f32s(divisor.recip());
        let zeros = [simd.splat_f32s(0.0); VECTORS];
        let mut cursors = images.cursors();
        for output in output.chunks_mut(BLOCK * units) {
            let mut rows = Aligned([zeros; BLOCK]);
            for (gradient, cursor) in gradient.chunks_exact(units).zip(&mut cursors) {
                let (indices, values) = images.block(cursor);
                let gradient: [_; VECTORS] = scaled(simd, &gradient[columns.clone()], scale);
                for (&index, &value) in indices.iter().zip(values) {
                    let value = simd.splat_f32s(f32::from(value));
                    for (sum, gradient) in rows.0[usize::from(index)].iter_mut().zip(gradient) {
                        *sum = simd.mul_add_f32s(value, gradient, *sum);
                    }
                }
            }
            for (output, row) in output.chunks_exact_mut(units).zip(&rows.0) {
                store(simd, row, &mut output[columns.clone()]);
            }
        }
    }
}

/// Loads the values of a tile's row into vectors, multiplied by a scale. What they do not fill is 0.
#[inline(always)]
fn scaled<S: Simd, const VECTORS: usize>(
    simd: S,
    values: &[f32],
    scale: S::f32s,
) -> [S::f32s; VECTORS] {
    let (whole, rest) = S::as_simd_f32s(values);
    let mut row = [scale; VECTORS];
    for (index, vector) in row.iter_mut().enumerate() {
        let values = whole.get(index).copied();
        let values = values.unwrap_or_else(|| simd.partial_load_f32s(rest));
        *vector = simd.mul_f32s(values, scale);
    }
    row
}

/// Stores the vectors of a tile's row.
#[inline(always)]
fn store<S: Simd, const VECTORS: usize>(simd: S, row: &[S::f32s; VECTORS], values: &mut [f32]) {
    let (whole, rest) = S::as_mut_simd_f32s(values);
    for (index, &vector) in row.iter().enumerate() {
        match whole.get_mut(index) {
            Some(values) => *values = vector,
            None => simd.partial_store_f32s(rest, vector),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use data::SparseImages;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// Returns the CPU's vectors, narrower ones, and none.
    fn archs() -> Vec<Arch> {
        let mut archs = vec![Arch::Scalar, Arch::new()];
        #[cfg(target_arch = "x86_64")]
        archs.extend(pulp::x86::V3::try_new().map(Arch::V3));
        archs
    }

    /// Checks a product `[rows, columns]` of matrices whose values `left` and `right` return for a row or column and an index.
    fn check(
        product: &[f32],
        columns: usize,
        len: usize,
        left: impl Fn(usize, usize) -> f32,
        right: impl Fn(usize, usize) -> f32,
    ) -> Result<(), TestCaseError> {
        for (at, &actual) in product.iter().enumerate() {
            let (row, column) = (at / columns, at % columns);
            let term = |index| f64::from(left(row, index)) * f64::from(right(column, index));
            let expected: f64 = (0..len).map(term).sum();
            let size: f64 = (0..len).map(|index| term(index).abs()).sum();
            prop_assert!(
                (f64::from(actual) - expected).abs() <= 2e-6 * size,
                "{actual} {expected}"
            );
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn products_are_those_of_all_pixels(
            batch in 1..20_usize,
            pixels in 1..400_usize,
            units in 1..200_usize,
            density in prop_oneof![Just(0.0), Just(1.0), 0.0..1.0],
            divisor in prop_oneof![Just(1.0_f32), Just(255.0)],
            seed: u64,
        ) {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let mut pixel = || if rng.random_bool(density) { rng.random_range(1..=255) } else { 0 };
            let bytes: Vec<u8> = (0..batch * pixels).map(|_| pixel()).collect();
            let mut weights =
                |len: usize| (0..len).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f32>>();
            let (kernel, gradient) = (weights(pixels * units), weights(batch * units));
            let images = Arc::new(SparseImages::new(&bytes, pixels));
            let input = &SparseInput { images, divisor };
            let image = |image: usize, pixel: usize| f32::from(bytes[image * pixels + pixel]) / divisor;
            for arch in archs() {
                let mut output = vec![0.0; batch * units];
                let tiled = Product { input, kernel: &kernel, output: &mut output };
                arch.dispatch(Tiles { units, tiled });
                check(&output, units, pixels, image, |unit, pixel| kernel[pixel * units + unit])?;

                let mut output = vec![0.0; pixels * units];
                let tiled = KernelGradient { input, gradient: &gradient, output: &mut output };
                arch.dispatch(Tiles { units, tiled });
                check(
                    &output,
                    units,
                    batch,
                    |pixel, index| image(index, pixel),
                    |unit, image| gradient[image * units + unit],
                )?;
            }
        }
    }
}
