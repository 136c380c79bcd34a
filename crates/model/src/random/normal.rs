//! Standard normal numbers by polynomials. The logarithms and sines of different machines' libraries differ in the last
//! bit; additions, multiplications and square roots do not.

use std::f32::consts::{FRAC_PI_2, LN_2};

/// Fills a slice with independent normal numbers of this mean and standard deviation from as many draws (Box & Muller
/// 1958). A draw of the first half and one of the second give two of them, which lie within 5.8 deviations of the mean.
pub(super) fn fill_normals(draws: &[u32], values: &mut [f32], mean: f32, deviation: f32) {
    let half = draws.len() / 2;
    let ((first, second), (cosines, sines)) = (draws.split_at(half), values.split_at_mut(half));
    let pairs = first.iter().zip(second).zip(cosines.iter_mut().zip(sines));
    for ((first, second), (x, y)) in pairs {
        let radius = (-2.0 * ln_uniform(*first)).sqrt() * deviation;
        let (cosine, sine) = direction(*second);
        (*x, *y) = (mean + radius * cosine, mean + radius * sine);
    }
}

/// Computes ln u of the uniform number u = (n + 1) / 2²⁴ from the upper 24 bits n of a draw: −16.7 to 0.
#[inline]
#[expect(clippy::cast_possible_wrap, reason = "24 bits fit")]
fn ln_uniform(draw: u32) -> f32 {
    let uniform = ((draw >> 8) as i32 + 1) as f32;
    // uniform = mantissa · 2^exponent, with a mantissa of √½ to √2.
    let bits = uniform.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let exponent = (bits as i32) >> 23;
    let mantissa = f32::from_bits((bits & 0x007F_FFFF) + SQRT_HALF_BITS);
    let x = mantissa - 1.0;
    // Cephes's logf (Moshier 1989).
    let mut y = 7.037_683_6e-2;
    for coefficient in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ] {
        y = y * x + coefficient;
    }
    let ln_mantissa = y * x * x * x - 0.5 * x * x + x;
    (exponent - 24) as f32 * LN_2 + ln_mantissa
}

/// Bits of √½ as float32.
const SQRT_HALF_BITS: u32 = 0x3F35_04F3;

/// Computes the cosine and sine of a uniform angle. The draw's upper two bits choose the quadrant, the next 24 the angle
/// in it.
#[inline]
#[expect(clippy::cast_possible_wrap, reason = "24 bits fit")]
fn direction(draw: u32) -> (f32, f32) {
    let share = ((draw << 2) >> 8) as i32 as f32 * (1.0 / 16_777_216.0);
    let angle = (share - 0.5) * FRAC_PI_2;
    let square = angle * angle;
    // Cephes's sinf and cosf, for −π/4 to π/4.
    let sine =
        ((-1.951_529_6e-4 * square + 8.332_161e-3) * square - 1.666_665_5e-1) * square * angle
            + angle;
    let cosine =
        ((2.443_315_7e-5 * square - 1.388_731_6e-3) * square + 4.166_664_6e-2) * square * square
            - 0.5 * square
            + 1.0;
    // A quarter turn swaps the two and changes one sign, a half turn changes both.
    let (quarter, half) = (draw & 1 << 31, draw << 1 & 1 << 31);
    let swap = 0_u32.wrapping_sub(quarter >> 31);
    // `map` on an array would not be inlined, and would keep the loop from being vectorised.
    let (cosine, sine) = (cosine.to_bits(), sine.to_bits());
    let (x, y) = (cosine & !swap | sine & swap, sine & !swap | cosine & swap);
    (f32::from_bits(x ^ quarter ^ half), f32::from_bits(y ^ half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_as_exact_as_float32() {
        for draw in (0..=u32::MAX).step_by(65_521).chain([0, 255, 256, u32::MAX]) {
            let uniform = f64::from((draw >> 8) + 1) / f64::from(1 << 24);
            let ln = f64::from(ln_uniform(draw));
            assert!((ln - uniform.ln()).abs() <= 2e-7 * uniform.ln().abs() + 1e-9, "{draw}: {ln}");
            let quadrant = [0.0, 2.0, 1.0, 3.0][(draw >> 30) as usize];
            let share = f64::from((draw << 2) >> 8) / f64::from(1 << 24);
            let angle = (quadrant + share - 0.5) * std::f64::consts::FRAC_PI_2;
            let (cosine, sine) = direction(draw);
            assert!((f64::from(cosine) - angle.cos()).abs() < 2e-7, "{draw}: {cosine}");
            assert!((f64::from(sine) - angle.sin()).abs() < 2e-7, "{draw}: {sine}");
        }
    }
}
