//! The backends of Burn that configs can name.

use std::fmt;

/// Backend of Burn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The CPU backend `burn-flex`.
    Flex,
    /// The CPU backend on the ndarray crate, which Burn replaces by flex.
    Ndarray,
    /// GPU through wgpu, with WGSL shaders.
    Wgpu,
    /// GPU through Vulkan, with SPIR-V shaders.
    Vulkan,
    /// NVIDIA GPU through CUDA.
    Cuda,
}

impl Backend {
    /// All backends, compiled in or not.
    pub const ALL: [Self; 5] = [Self::Flex, Self::Ndarray, Self::Wgpu, Self::Vulkan, Self::Cuda];

    /// Returns whether the backend runs on the CPU, where each run uses one core.
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
