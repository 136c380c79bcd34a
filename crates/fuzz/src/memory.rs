//! Memory is to be taken only where the input justifies it.

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Does `work`.
///
/// # Panics
///
/// When at any time it held more bytes than are allowed.
pub fn bounded<T>(allowed: usize, work: impl FnOnce() -> T) -> T {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let outcome = work();
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken <= allowed, "{taken} bytes were taken where {allowed} are allowed");
    outcome
}
