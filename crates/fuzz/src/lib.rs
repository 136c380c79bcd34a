//! Code that the targets share: a limit on memory, and safetensors files that are nearly valid.

pub mod memory;
pub mod safetensors;
