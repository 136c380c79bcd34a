//! What the targets share: a bound on memory, and files that are nearly right.

pub mod memory;
pub mod safetensors;
