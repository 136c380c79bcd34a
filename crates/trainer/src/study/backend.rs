//! The backends by their names.

use std::fmt;

/// A backend of Burn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Burn's own CPU backend.
    Flex,
    /// The ndarray crate on the CPU; flex replaces it upstream.
    Ndarray,
    /// Any GPU through wgpu, with WGSL shaders.
    Wgpu,
    /// A GPU through Vulkan, with SPIR-V shaders.
    Vulkan,
    /// An NVIDIA GPU.
    Cuda,
}

impl Backend {
    /// All backends, built in or not.
    pub const ALL: [Self; 5] = [Self::Flex, Self::Ndarray, Self::Wgpu, Self::Vulkan, Self::Cuda];

    /// Returns whether it computes on the CPU, where one run takes one core.
    pub fn is_cpu(self) -> bool {
        matches!(self, Self::Flex | Self::Ndarray)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Cuda => "cuda",
        })
    }
}
