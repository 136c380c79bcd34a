//! `trainer predict`: classifies images with trained variants.

pub mod prepare;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use data::{Shape, Split};
use serde::Serialize;
use training::{SavedModel, predicted_class};

use self::prepare::{Prepared, prepare};
use super::Error;
use crate::{
    store::{self, display_name, files::to_json},
    study::Backend,
};

/// Arguments of `trainer predict`.
#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// One or more model.safetensors, and one or more images
    #[arg(required = true, value_name = "MODEL|IMAGE")]
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Predict {
    /// Returns each model's prediction for each image.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let predictions = predict(&self.files)?;
        if self.json { json(&predictions) } else { Ok(text(&predictions)) }
    }
}

/// A trained variant.
#[derive(Debug)]
struct Model {
    /// The variant, sweep point and seed, or else the file's name.
    name: String,
    file: String,
    saved: SavedModel,
}

impl Model {
    /// Reads a `model.safetensors`. The range of its pixels is in its metadata; without them it is 0 to 1.
    fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
        let malformed = |reason: String| {
            let reason = format!("not a trained variant: {reason}");
            Error::from(store::Error::Malformed { path: path.to_owned(), reason })
        };
        let saved = SavedModel::parse(&bytes, Backend::Flex.open()?)
            .map_err(|error| malformed(error.to_string()))?;
        if saved.inputs != Shape::MNIST.pixels() {
            let (inputs, pixels) = (saved.inputs, Shape::MNIST.pixels());
            return Err(malformed(format!(
                "it takes {inputs} values, not the {pixels} pixels of a digit"
            )));
        }
        let name = path.parent().and_then(display_name);
        let file = path.display().to_string();
        Ok(Self { name: name.unwrap_or_else(|| file.clone()), file, saved })
    }
}

/// The models' predictions for an image.
#[derive(Debug, Serialize)]
struct Prediction {
    file: String,
    /// The steps that prepared the image.
    steps: Vec<String>,
    models: Vec<Answer>,
}

#[derive(Debug, Serialize)]
struct Answer {
    model: String,
    model_file: String,
    digit: Option<usize>,
    probabilities: Vec<f32>,
}

/// Classifies each image with each model. Files that end in `.safetensors` are models.
fn predict(files: &[PathBuf]) -> Result<Vec<Prediction>, Error> {
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
        // Two studies may have a run of the same name.
        if names.iter().filter(|name| **name == model.name).count() > 1 {
            model.name.clone_from(&model.file);
        }
    }
    images.into_iter().map(|path| look_at(path, &models)).collect()
}

fn look_at(path: &Path, models: &[Model]) -> Result<Prediction, Error> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let prepared = prepare(&bytes);
    let Prepared { pixels, steps } =
        prepared.map_err(|reason| store::Error::Malformed { path: path.to_owned(), reason })?;
    let split = Split::new(pixels, vec![0]);
    let mut answers = Vec::new();
    for Model { name, file, saved } in models {
        answers.extend(saved.probabilities(&split)?.into_iter().map(|probabilities| Answer {
            model: name.clone(),
            model_file: file.clone(),
            digit: predicted_class(&probabilities),
            probabilities,
        }));
    }
    Ok(Prediction { file: path.display().to_string(), steps, models: answers })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Argument(format!("cannot read {}: {error}", path.display()))
}

/// Formats predictions as text: for each image how it was prepared, then a table of probabilities, a class a line and
/// a model a column.
fn text(predictions: &[Prediction]) -> String {
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
    let classes = models.iter().map(|answer| answer.probabilities.len()).max().unwrap_or(0);
    for digit in 0..classes {
        let cell = |answer: &Answer| {
            let probability = answer.probabilities.get(digit);
            probability.map_or(String::new(), |probability| format!("{probability:.4}"))
        };
        text += &line(&digit.to_string(), &cell);
    }
    text + &line("answer", &|answer| {
        answer.digit.map_or("–".to_owned(), |digit| digit.to_string())
    })
}

/// Formats predictions as JSON.
fn json(predictions: &[Prediction]) -> Result<String, Error> {
    Ok(to_json("the predictions", &predictions)?)
}
