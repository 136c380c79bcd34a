//! Start weights.

use std::path::{Path, PathBuf};

use data::Shape;
use model::Network;
use training::{InputFormat, weights::Weights};

use crate::{config::SettingError, study::Study};

/// Start weights of a safetensors file.
#[derive(Debug)]
pub struct StartWeights {
    path: PathBuf,
    weights: Weights,
    /// SHA-256 of the file.
    pub sha256: String,
}

impl StartWeights {
    /// Reads the start weights of a study; `None` if it has none.
    pub fn of(study: &Study) -> Result<Option<Self>, SettingError> {
        let read = study.settings.fit.weights.as_deref().map(Self::read).transpose();
        read.map_err(|error| study.locate(error))
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, SettingError> {
        let refused = |reason: String| refused(path, &reason);
        let bytes =
            data::files::read(path).map_err(|error| refused(format!("cannot be read: {error}")))?;
        let sha256 = data::sha256([bytes.as_slice()]);
        let weights = Weights::parse(bytes).map_err(|error| refused(error.to_string()))?;
        Ok(Self { path: path.to_owned(), weights, sha256 })
    }

    /// Returns an error if the file says that its network takes images of another size.
    pub fn check_size(&self, shape: Shape) -> Result<(), SettingError> {
        let input = self.weights.written_input();
        let input = input.map_err(|error| refused(&self.path, &error.to_string()))?;
        let Some(InputFormat { width, height, .. }) = input else { return Ok(()) };
        if (width, height) == (shape.width, shape.height) {
            return Ok(());
        }
        let reason = format!(
            "the network takes images of {width} × {height} pixels, but those of the data set have {} × {}",
            shape.width, shape.height
        );
        Err(refused(&self.path, &reason))
    }

    /// Replaces a network's weights. The file must hold exactly the network's tensors, as float32 and in their
    /// shapes.
    pub fn load(&self, network: Network) -> Result<Network, SettingError> {
        self.weights.load(network).map_err(|error| refused(&self.path, &error.to_string()))
    }
}

fn refused(path: &Path, reason: &str) -> SettingError {
    SettingError::new("fit.weights", format!("{}: {reason}", path.display()))
}
