//! How the system's allocator treats the megabytes that every step takes and frees.

use std::hint::black_box;

/// Has glibc keep freed memory for the next step. It hands what it deems too much back to the kernel,
/// which then clears the same pages again at every step: up to 40 % of a study's time. Freeing a piece of
/// up to 32 MiB makes twice its size the limit of what is kept (mallopt(3), `M_MMAP_THRESHOLD`). Other
/// allocators take no notice.
pub fn keep_freed() {
    const PIECE: usize = 31 << 20;
    drop(black_box(Vec::<u8>::with_capacity(PIECE)));
}
