//! `trainer predict`: what trained variants make of images.

use std::{
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor, TensorData, activation::softmax};
use data::{CLASSES, PIXELS, Split};
use model::{LayerName, Memory, Network, NetworkConfig};
use safetensors::SafeTensors;
use serde::Serialize;

use crate::{
    batches::Images,
    device::Backend,
    error::Error,
    image::{self, Prepared},
    record::Record,
    study::{Pixels, run_name},
    weights,
};

/// A trained variant, ready to answer.
#[derive(Debug)]
pub struct Model {
    /// The variant, its point in a sweep and its seed, or the file's name.
    pub name: String,
    file: String,
    config: NetworkConfig,
    network: Network,
    pixels: Pixels,
    device: Device,
}

impl Model {
    /// Reads a `model.safetensors`. Which pixels it takes stands in the run.json beside it; without one
    /// they are from 0 to 1.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is no network of this program's.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
        let record = Record::read(path.parent().unwrap_or(Path::new("")))?;
        let malformed = |reason| Error::Malformed {
            path: path.to_owned(),
            reason: format!("not a trained variant: {reason}"),
        };
        let pixels = record.as_ref().and_then(Record::pixels).unwrap_or(Pixels::Unit);
        let name = record.map(|record| run_name(&record.variant, &record.point, record.seed));
        let file = path.display().to_string();
        let name = name.unwrap_or_else(|| file.clone());
        let model = Self::parse(name, pixels, &bytes).map_err(malformed)?;
        Ok(Self { file, ..model })
    }

    /// Reads a safetensors file's bytes.
    ///
    /// # Errors
    ///
    /// Why it is no network of this program's.
    pub fn parse(name: String, pixels: Pixels, bytes: &[u8]) -> Result<Self, String> {
        let device = Backend::Flex.open().map_err(|error| error.to_string())?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let mut config = NetworkConfig::plain();
        for layer in [LayerName::Hidden1, LayerName::Hidden2] {
            let gamma = format!("{layer}.batch_norm.gamma");
            config.layer_mut(layer).batch_norm = file.tensor(&gamma).is_ok();
        }
        let network = weights::load(config.init(0, &device), &file, &[])?;
        Ok(Self { file: name.clone(), name, config, network, pixels, device })
    }

    /// The probabilities of the ten digits for each image of a split, 0 to 1.
    #[must_use]
    pub fn probabilities(&self, split: &Split) -> Vec<[f32; CLASSES]> {
        let places: Vec<usize> = (0..split.len()).collect();
        let images = Images { split, pixels: self.pixels };
        let batches = places.chunks(1000).flat_map(|places| {
            let batch = images.batch(places, &self.device).images;
            rows(softmax(self.network.forward(&self.config, batch, Memory::Host).logits, 1))
        });
        batches.collect()
    }
}

/// A CPU's tensor `[images, CLASSES]` as rows; one that cannot be read has none.
fn rows(tensor: Tensor<2>) -> Vec<[f32; CLASSES]> {
    let data: Result<TensorData, _> = tensor.try_into_data();
    let values = data.ok().and_then(|data| data.try_into_vec::<f32>().ok()).unwrap_or_default();
    values.as_chunks().0.to_vec()
}

/// The most probable digit; `None` of a network that diverged, whose probabilities are no numbers.
#[must_use]
pub fn answer(probabilities: &[f32; CLASSES]) -> Option<usize> {
    if probabilities.iter().any(|probability| probability.is_nan()) {
        return None;
    }

    (0..CLASSES).max_by(|&a, &b| {
        // Of equal ones the first, as argmax does.
        probabilities[a].total_cmp(&probabilities[b]).then(b.cmp(&a))
    })
}

/// What all models make of one image, in the order of `--json`.
#[derive(Debug, Serialize)]
pub struct Prediction {
    file: String,
    /// What was done to it.
    steps: Vec<String>,
    models: Vec<Answer>,
}

#[derive(Debug, Serialize)]
struct Answer {
    model: String,
    model_file: String,
    digit: Option<usize>,
    probabilities: [f32; CLASSES],
}

/// Reads models and images, told apart by the models' `.safetensors`, and lets each model look at each
/// image.
///
/// # Errors
///
/// When there is no model or no image among the files, or one of them is not what it should be.
pub fn predict(files: &[PathBuf]) -> Result<Vec<Prediction>, Error> {
    let is_model = |path: &&PathBuf| path.extension().is_some_and(|end| end == "safetensors");
    let (models, images): (Vec<&PathBuf>, Vec<&PathBuf>) = files.iter().partition(is_model);
    if models.is_empty() || images.is_empty() {
        let lacking = if models.is_empty() { "a model.safetensors" } else { "an image" };
        let usage = "trainer predict MODEL IMAGE, with any number of each";
        return Err(Error::Argument(format!("there is not {lacking} among the files: {usage}")));
    }
    let mut models: Vec<Model> =
        models.into_iter().map(|path| Model::read(path)).collect::<Result<_, _>>()?;
    let names: Vec<String> = models.iter().map(|model| model.name.clone()).collect();
    for model in &mut models {
        // Of two studies, or under two names.
        if names.iter().filter(|name| **name == model.name).count() > 1 {
            model.name.clone_from(&model.file);
        }
    }
    images.into_iter().map(|path| look_at(path, &models)).collect()
}

fn look_at(path: &Path, models: &[Model]) -> Result<Prediction, Error> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let prepared = image::prepare(&bytes);
    let Prepared { pixels, steps } =
        prepared.map_err(|reason| Error::Malformed { path: path.to_owned(), reason })?;
    debug_assert_eq!(pixels.len(), PIXELS);
    let split = Split::new(pixels, vec![0]);
    let answers = models.iter().flat_map(|model| {
        model.probabilities(&split).into_iter().map(|probabilities| Answer {
            model: model.name.clone(),
            model_file: model.file.clone(),
            digit: answer(&probabilities),
            probabilities,
        })
    });
    Ok(Prediction { file: path.display().to_string(), steps, models: answers.collect() })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Argument(format!("cannot read {}: {error}", path.display()))
}

/// The predictions for a reader: of each image what was done to it, then the probabilities, a digit a line
/// and a model a column.
#[must_use]
pub fn text(predictions: &[Prediction]) -> String {
    predictions.iter().map(prediction_text).collect::<Vec<_>>().join("\n")
}

fn prediction_text(prediction: &Prediction) -> String {
    let models = &prediction.models;
    let width = |answer: &Answer| answer.model.chars().count().max(8);
    let line = |label: &str, cell: &dyn Fn(&Answer) -> String| {
        let cells = models.iter().map(|answer| format!("  {:>1$}", cell(answer), width(answer)));
        format!("{label:7}{}\n", cells.collect::<String>())
    };
    let mut text = format!("{}: {}\n", prediction.file, prediction.steps.join(", "));
    text += &line("digit", &|answer| answer.model.clone());
    for digit in 0..CLASSES {
        text += &line(&digit.to_string(), &|answer| format!("{:.4}", answer.probabilities[digit]));
    }
    text + &line("answer", &|answer| {
        answer.digit.map_or("–".to_owned(), |digit| digit.to_string())
    })
}

/// The predictions for a program.
///
/// # Errors
///
/// When they cannot be written as JSON.
pub fn json(predictions: &[Prediction]) -> Result<String, Error> {
    serde_json::to_string_pretty(predictions)
        .map(|json| json + "\n")
        .map_err(|error| Error::Unwritten { format: "JSON", reason: error.to_string() })
}
