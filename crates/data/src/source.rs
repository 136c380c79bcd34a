//! The built-in data sets.

use strum::{Display, VariantArray};

/// A built-in data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// MNIST: 60 000 training and 10 000 test images of handwritten digits.
    Mnist,
    /// Fashion-MNIST: as many images of articles of clothing.
    Fashion,
    /// KMNIST: as many images of handwritten Kuzushiji, old Japanese characters.
    Kmnist,
    /// Synthetic digits, as many as MNIST: see [`synthetic()`](crate::synthetic()).
    Synthetic,
}

impl Source {
    /// Sources that are tried by default, in this order.
    pub const DEFAULT: [Self; 2] = [Self::Mnist, Self::Synthetic];

    /// Returns the name in messages.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mnist => "MNIST",
            Self::Fashion => "Fashion-MNIST",
            Self::Kmnist => "KMNIST",
            Self::Synthetic => "synthetic digits",
        }
    }

    /// Returns the environment variable of the folder with its files; `None` if it is not published.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Self::Mnist => Some("MNIST_DIR"),
            Self::Fashion => Some("FASHION_MNIST_DIR"),
            Self::Kmnist => Some("KMNIST_DIR"),
            Self::Synthetic => None,
        }
    }

    /// Returns the credit that its authors ask for, or that its licence does.
    pub fn credit(self) -> Option<&'static str> {
        match self {
            Self::Mnist | Self::Synthetic => None,
            Self::Fashion => Some(
                "Images: Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747), MIT licence.",
            ),
            Self::Kmnist => Some(
                "Images: “KMNIST Dataset” (created by CODH), adapted from “Kuzushiji Dataset” (created by NIJL \
                 and others), doi:10.20676/00000341; Clanuwat et al. 2018, arXiv:1812.01718; CC BY-SA 4.0.",
            ),
        }
    }
}
