//! Tuning of the system's memory allocator.

use std::hint::black_box;

/// Makes glibc keep freed memory for the next step. By default it returns large blocks to the kernel, which then
/// clears the same pages at every step: up to 40 % of a study's time. Freeing a block of up to 32 MiB raises the
/// limit of what is kept to twice its size (mallopt(3), `M_MMAP_THRESHOLD`). Other allocators are not affected.
pub fn keep_freed() {
    const PIECE: usize = 31 << 20;
    drop(black_box(Vec::<u8>::with_capacity(PIECE)));
}
