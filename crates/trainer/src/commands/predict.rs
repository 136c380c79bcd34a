//! `trainer predict`: classifies images with trained variants.

pub mod prepare;

use std::path::{Path, PathBuf};

use clap::Args;
use console::{Alignment, measure_text_width, pad_str};
use data::{Preparation, Shape, Split};
use serde::Serialize;
use training::{InputFormat, SavedModel, predicted_class};

use self::prepare::{Prepared, prepare};
use super::{Error, arguments::read_study};
use crate::{
    config, results,
    runner::tell,
    store::{self, display_name, files::to_json, record::MODEL},
    study::Backend,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Trained variants and images: model.safetensors files, or a study for all of its variants; PNG or JPEG files
    #[arg(required = true, value_name = "MODEL|STUDY|IMAGE")]
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

/// Number of classes that the text has for an image.
const LIKELIEST: usize = 3;
/// Reason to doubt an answer.
const UNLIKE: &str = "unlike the training images: it may show something else than any class";

/// A trained variant.
#[derive(Debug)]
struct Model {
    /// The variant, sweep point and seed, or else the file's name.
    name: String,
    /// Its name for people.
    label: String,
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
        let file = path.display().to_string();
        let name = path.parent().and_then(display_name).unwrap_or_else(|| file.clone());
        Ok(Self { label: name.clone(), name, file, saved })
    }

    /// Reads the models of a study: of each variant its chosen point, or else its first, at the first seed.
    fn of_study(study: &Path) -> Result<Vec<Self>, Error> {
        let (saved, folder) = read_study(study)?;
        let finished = saved.finished(&folder.runs()?, &|text| tell(format!("warning: {text}")));
        let rows = results::rows(&saved, &finished);
        let groups = results::groups(&rows, saved.study.first_variant());
        let mut models = Vec::new();
        for variant in &saved.study.variants {
            let mut points = groups.iter().filter(|group| group.variant() == variant.name);
            let chosen = points.clone().find(|group| group.chosen);
            let Some(group) = chosen.or_else(|| points.next()) else { continue };
            let model = Self::read(&group.runs[0].folder.join(MODEL))?;
            models.push(Self { label: group.label(), ..model });
        }
        if models.is_empty() {
            return Err(Error::NoResults { folder: folder.path().to_owned(), untrained: None });
        }
        Ok(models)
    }

    /// Classifies an image of the model's format.
    fn answer(&self, pixels: &[u8]) -> Result<Answer, Error> {
        let Self { name, label, file, saved } = self;
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
            label: label.clone(),
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
    #[serde(skip)]
    label: String,
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

/// Classifies each image with each model. A path precedes the name of a study.
fn predict(arguments: &[PathBuf]) -> Result<Vec<Prediction>, Error> {
    let (mut models, mut images) = (Vec::new(), Vec::new());
    for path in arguments {
        let is_name = || config::find(path).is_ok_and(|config| config.is_named);
        if path.extension().is_some_and(|end| end == "safetensors") {
            models.push(Model::read(path)?);
        } else if !path.is_file() && (path.is_dir() || path.extension().is_none() || is_name()) {
            models.extend(Model::of_study(path)?);
        } else {
            images.push(path);
        }
    }
    if models.is_empty() || images.is_empty() {
        let lacking = if models.is_empty() { "a study or a model.safetensors" } else { "an image" };
        let usage = "for example: trainer predict mnist digit.png";
        return Err(Error::Argument(format!("{lacking} is missing; {usage}")));
    }
    // Two studies may have a run of the same name, or a variant of the same label.
    let labels: Vec<String> = models.iter().map(|model| model.label.clone()).collect();
    let names: Vec<String> = models.iter().map(|model| model.name.clone()).collect();
    let is_repeated =
        |all: &[String], one: &String| all.iter().filter(|all| *all == one).count() > 1;
    for model in &mut models {
        if is_repeated(&labels, &model.label) {
            model.label.clone_from(&model.file);
        }
        if is_repeated(&names, &model.name) {
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

/// Formats predictions as text: for each image how it was prepared, then for each model the likeliest classes.
fn text(predictions: &[Prediction]) -> String {
    predictions.iter().map(prediction_text).collect::<Vec<_>>().join("\n")
}

fn prediction_text(Prediction { file, steps, models }: &Prediction) -> String {
    let label_width = widest(models.iter().map(|answer| answer.label.as_str()));
    let class = |answer: &Answer, class| class_name(&answer.class_names, class);
    let classes = models
        .iter()
        .flat_map(|answer| (0..answer.probabilities.len()).map(move |index| class(answer, index)));
    let classes: Vec<String> = classes.collect();
    let class_width = widest(classes.iter().map(String::as_str));
    let mut text = format!("{file}: {}\n", steps.join(", "));
    for answer in models {
        text += &pad_str(&answer.label, label_width, Alignment::Left, None);
        let mut order: Vec<usize> = (0..answer.probabilities.len()).collect();
        order.sort_by(|one, other| {
            answer.probabilities[*other].total_cmp(&answer.probabilities[*one])
        });
        // A network that diverged gives no probabilities.
        let likeliest = order.into_iter().take(if answer.digit.is_some() { LIKELIEST } else { 0 });
        for index in likeliest {
            let name = class(answer, index);
            let name = pad_str(&name, class_width, Alignment::Left, None);
            text += &format!("   {name} {:5.1} %", 100.0 * answer.probabilities[index]);
        }
        text += if answer.digit.is_some() { "\n" } else { "   –\n" };
    }
    for Answer { label, doubt, .. } in models {
        text +=
            &doubt.map(|doubt| format!("doubt: to {label} it is {doubt}\n")).unwrap_or_default();
    }
    text
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(measure_text_width).max().unwrap_or(0)
}

/// Formats predictions as JSON.
fn json(predictions: &[Prediction]) -> Result<String, Error> {
    Ok(to_json("the predictions", &predictions)?)
}
