//! Format of a network's images, in the metadata of its weights file.

use data::{MAX_SIDE, Preparation, Shape, check_class_names};
use serde::{Deserialize, Serialize};

use crate::{Error, Pixels, TypicalImages};

/// Format of the images that a network was trained on. Where a field is left out, it is as with MNIST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputFormat {
    /// Names of the classes; empty if they have none but their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
    /// Height of an image in pixels.
    pub height: usize,
    /// Range of the pixel values.
    pub pixels: Pixels,
    /// Preparation of a picture of any size as such an image.
    #[serde(default, skip_serializing_if = "Preparation::is_centred")]
    pub preparation: Preparation,
    /// Typical training images; `None` if there were too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical: Option<TypicalImages>,
    /// Width of an image in pixels.
    pub width: usize,
}

impl Default for InputFormat {
    fn default() -> Self {
        let Shape { width, height, .. } = Shape::MNIST;
        let (class_names, preparation, typical) = Default::default();
        Self { class_names, height, pixels: Pixels::Unit, preparation, typical, width }
    }
}

impl InputFormat {
    /// Key of the format in a file's metadata.
    pub(crate) const KEY: &str = "input";

    /// Formats it as JSON.
    pub(crate) fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::Save(error.to_string()))
    }

    /// Parses JSON.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let input = serde_json::from_str(text);
        input.map_err(|error| unfit(format!("`{}` in its metadata is wrong: {error}", Self::KEY)))
    }

    /// Checks the format, and that it is of images of `inputs` pixels and of `classes` classes.
    pub(crate) fn checked(self, inputs: usize, classes: usize) -> Result<Self, Error> {
        let Self { width, height, class_names, preparation, typical, .. } = &self;
        if width.max(height) > &MAX_SIDE || width * height != inputs {
            return Err(unfit(format!(
                "the network takes {inputs} values, but its metadata say {width} × {height} pixels"
            )));
        }
        if preparation.is_centred() && width != height {
            return Err(unfit(format!(
                "its metadata ask for centred images of {width} × {height} pixels, which are not square"
            )));
        }
        if let Some(typical) = typical {
            typical.read()?;
        }
        check_class_names(class_names)
            .map_err(|fault| unfit(format!("the list of class names in its metadata {fault}")))?;
        if !class_names.is_empty() && class_names.len() != classes {
            return Err(unfit(format!(
                "the network has {classes} classes, but its metadata name {}",
                class_names.len()
            )));
        }
        Ok(self)
    }
}

fn unfit(reason: String) -> Error {
    Error::WeightsMismatch(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_that_do_not_fit_are_refused() {
        let input = |more: &str, width: usize, height: usize| {
            let text =
                format!("{{{more}\"height\":{height},\"pixels\":\"unit\",\"width\":{width}}}");
            let input = InputFormat::parse(&text).and_then(|input| input.checked(6, 3));
            input.map_err(|error| error.to_string())
        };
        let whole = "\"preparation\":\"whole\",";
        assert_eq!(input(whole, 3, 2).unwrap().width, 3);
        for (more, width, height, expected) in [
            ("", 3, 2, "not square"),
            (whole, 3, 3, "say 3 × 3 pixels"),
            (whole, usize::MAX, 2, "takes 6 values"),
            (
                "\"class_names\":[\"a\\u001b\",\"b\",\"c\"],\"preparation\":\"whole\",",
                3,
                2,
                "invisible",
            ),
            ("\"class_names\":[\"a\",\"b\"],\"preparation\":\"whole\",", 3, 2, "has 3 classes"),
            (
                "\"preparation\":\"whole\",\"typical\":{\"distance\":0.5,\"patterns\":[\"0f\"]},",
                3,
                2,
                "patterns of 196",
            ),
            ("\"preparation\":\"other\",", 3, 2, "in its metadata is wrong"),
        ] {
            let error = input(more, width, height).unwrap_err();
            assert!(error.contains(expected), "{more}: {error}");
        }
    }

    #[test]
    fn what_is_as_with_mnist_is_left_out() {
        let json = InputFormat::default().to_json().unwrap();
        assert_eq!(json, "{\"height\":28,\"pixels\":\"unit\",\"width\":28}");
        assert_eq!(InputFormat::parse(&json).unwrap(), InputFormat::default());
    }
}
