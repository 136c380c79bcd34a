//! The words that settings choose from.

use strum::{Display, VariantArray};

/// Backend of Burn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Backend {
    /// The CPU backend `burn-flex`.
    #[default]
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
    /// Returns whether the backend runs on the CPU, where each run uses one core.
    pub fn is_cpu(self) -> bool {
        matches!(self, Self::Flex | Self::Ndarray)
    }
}

/// Number of runs that are trained at the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Jobs {
    /// One per core on the CPU, one on a GPU.
    #[default]
    Auto,
    /// A fixed number.
    Count(usize),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum OptimizerName {
    /// Stochastic gradient descent, with or without momentum.
    #[default]
    Sgd,
    Adam,
}

/// Choice of the training images that a limit selects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Sample {
    /// The first ones of the file.
    #[default]
    First,
    /// Those that the run's seed draws, in the order of the file. They are the same for all variants.
    Seed,
}
