//! The kinds of normalisation.

/// Kind of normalisation, with Keras's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Norm {
    /// Batch normalisation: [`BatchNorm`](crate::BatchNorm).
    Batch,
    /// Layer normalisation: [`LayerNorm`](crate::LayerNorm).
    Layer,
}

impl Norm {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Batch, Self::Layer];

    /// Returns the name in weights files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch_norm",
            Self::Layer => "layer_norm",
        }
    }

    /// Returns Keras's name of the layer.
    pub fn title(self) -> &'static str {
        match self {
            Self::Batch => "BatchNormalization",
            Self::Layer => "LayerNormalization",
        }
    }

    /// Returns the names of its tensors, `[units]` each.
    pub fn tensors(self) -> &'static [&'static str] {
        match self {
            Self::Batch => &["gamma", "beta", "moving_mean", "moving_variance"],
            Self::Layer => &["gamma", "beta"],
        }
    }
}
