//! A limit on the memory that a parser allocates for its input.

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Runs `work` and returns its result.
///
/// # Panics
///
/// If `work` holds more than `allowed` bytes at any time.
pub fn bounded<T>(allowed: usize, work: impl FnOnce() -> T) -> T {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let result = work();
    let peak = MEMORY.peak_usage().saturating_sub(before);
    assert!(peak <= allowed, "{peak} bytes were allocated, {allowed} are allowed");
    result
}
