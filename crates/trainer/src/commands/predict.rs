//! `trainer predict`: classifies images with trained variants.

pub mod prepare;

use std::path::{Path, PathBuf};

use clap::Args;
use console::{Alignment, measure_text_width, pad_str};
use data::{Preparation, Shape, Split};
use serde::Serialize;
use training::{InputFormat, SavedModel, predicted_class};

use self::prepare::{Prepared, prepare};
use super::Error;
use crate::{
    store::{self, display_name, files::to_json},
    study::Backend,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// One or more model.safetensors, and one or more images
    #[arg(required = true, value_name = "MODEL|IMAGE")]
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Returns each model's prediction for each image.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let predictions = predict(&self.files)?;
        if self.json { json(&predictions) } else { Ok(text(&predictions)) }
    }
}

/// Reason to doubt an answer.
const UNLIKE: &str = "unlike the training images: it may show something else than any class";

/// A trained variant.
#[derive(Debug)]
struct Model {
    /// The variant, sweep point and seed, or else the file's name.
    name: String,
    file: String,
    saved: SavedModel,
}

impl Model {
    /// Reads a `model.safetensors`. The format of its images is in its metadata; without them it is MNIST's.
    fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read(path)?;
        let saved = SavedModel::parse(&bytes, Backend::Flex.open()?).map_err(|error| {
            let reason = format!("not a trained variant: {error}");
            store::Error::Malformed { path: path.to_owned(), reason }
        })?;
        let name = path.parent().and_then(display_name);
        let file = path.display().to_string();
        Ok(Self { name: name.unwrap_or_else(|| file.clone()), file, saved })
    }

    /// Classifies an image of the model's format.
    fn answer(&self, pixels: &[u8]) -> Result<Answer, Error> {
        let Self { name, file, saved } = self;
        let InputFormat { width, height, .. } = saved.input;
        let shape = Shape { width, height, classes: saved.classes };
        let split = Split::new(shape, pixels.to_vec(), vec![0]);
        let probabilities = saved.probabilities(&split)?.into_iter().flatten().collect::<Vec<_>>();
        let digit = predicted_class(&probabilities);
        let class_names = saved.input.class_names.clone();
        let is_unlike = match &saved.input.typical {
            Some(typical) => typical.is_unlike(pixels, shape)?,
            None => false,
        };
        Ok(Answer {
            model: name.clone(),
            model_file: file.clone(),
            digit,
            class: digit.map(|class| class_name(&class_names, class)),
            probabilities,
            doubt: is_unlike.then_some(UNLIKE),
            class_names,
        })
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
    /// The class, from 0.
    digit: Option<usize>,
    /// Its name.
    class: Option<String>,
    probabilities: Vec<f32>,
    /// Reason to doubt the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'static str>,
    /// Names of all classes; empty if they have none but their numbers.
    #[serde(skip)]
    class_names: Vec<String>,
}

/// Classifies each image with each model. Files that end in `.safetensors` are models.
fn predict(files: &[PathBuf]) -> Result<Vec<Prediction>, Error> {
    let (models, images): (Vec<&PathBuf>, Vec<&PathBuf>) =
        files.iter().partition(|path| path.extension().is_some_and(|end| end == "safetensors"));
    if models.is_empty() || images.is_empty() {
        let lacking = if models.is_empty() { "a model.safetensors" } else { "an image" };
        let usage = "trainer predict takes one or more models and one or more images";
        return Err(Error::Argument(format!("{lacking} is missing: {usage}")));
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
    let format = common_format(&models)?;
    images.into_iter().map(|path| classify(path, format, &models)).collect()
}

/// Returns the format of the images that all models take.
fn common_format(models: &[Model]) -> Result<&InputFormat, Error> {
    let images = |model: &Model| images_of(&model.saved.input);
    let first = &models[0];
    match models.iter().find(|model| images(model) != images(first)) {
        None => Ok(&first.saved.input),
        Some(other) => Err(Error::Argument(format!(
            "{} takes images of {}, but {} of {}: classify with one of them at a time",
            first.file,
            images(first),
            other.file,
            images(other)
        ))),
    }
}

/// Describes images by their size and preparation.
fn images_of(&InputFormat { width, height, preparation, .. }: &InputFormat) -> String {
    let how = match preparation {
        Preparation::Centred => "centred",
        Preparation::LightOnDark => "light on dark",
        Preparation::DarkOnLight => "dark on light",
        Preparation::Whole => "not inverted",
    };
    format!("{width} × {height} pixels, {how}")
}

fn classify(path: &Path, format: &InputFormat, models: &[Model]) -> Result<Prediction, Error> {
    let bytes = read(path)?;
    let prepared = prepare(&bytes, format);
    let Prepared { pixels, steps } =
        prepared.map_err(|reason| store::Error::Malformed { path: path.to_owned(), reason })?;
    let answers = models.iter().map(|model| model.answer(&pixels)).collect::<Result<_, Error>>()?;
    Ok(Prediction { file: path.display().to_string(), steps, models: answers })
}

/// Returns the name of a class, or else its number.
fn class_name(names: &[String], class: usize) -> String {
    names.get(class).cloned().unwrap_or_else(|| class.to_string())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    data::files::read(path)
        .map_err(|error| Error::Argument(format!("cannot read {}: {error}", path.display())))
}

/// Formats predictions as text: for each image how it was prepared, then a table of probabilities, a class a line and
/// a model a column.
fn text(predictions: &[Prediction]) -> String {
    predictions.iter().map(prediction_text).collect::<Vec<_>>().join("\n")
}

fn prediction_text(prediction: &Prediction) -> String {
    let models = &prediction.models;
    let answer = |answer: &Answer| answer.class.clone().unwrap_or_else(|| "–".to_owned());
    // Classes are named if all models name them alike.
    let names = &models[0].class_names;
    let is_common = models.iter().all(|answer| answer.class_names == *names);
    let names = if is_common { names.as_slice() } else { &[] };
    let longest = names.iter().map(|name| measure_text_width(name)).max().unwrap_or(0).max(7);
    let line = |label: &str, cell: &dyn Fn(&Answer) -> String| {
        let cells = models.iter().map(|of| {
            let width = measure_text_width(&of.model).max(measure_text_width(&answer(of))).max(8);
            format!("  {}", pad_str(&cell(of), width, Alignment::Right, None))
        });
        format!("{}{}\n", pad_str(label, longest, Alignment::Left, None), cells.collect::<String>())
    };
    let mut text = format!("{}: {}\n", prediction.file, prediction.steps.join(", "));
    text += &line("class", &|answer| answer.model.clone());
    let classes = models.iter().map(|answer| answer.probabilities.len()).max().unwrap_or(0);
    for class in 0..classes {
        text += &line(&class_name(names, class), &|answer| {
            let probability = answer.probabilities.get(class);
            probability.map_or(String::new(), |probability| format!("{probability:.4}"))
        });
    }
    text += &line("answer", &answer);
    for Answer { model, doubt, .. } in models {
        text +=
            &doubt.map(|doubt| format!("doubt: to {model} it is {doubt}\n")).unwrap_or_default();
    }
    text
}

/// Formats predictions as JSON.
fn json(predictions: &[Prediction]) -> Result<String, Error> {
    Ok(to_json("the predictions", &predictions)?)
}
