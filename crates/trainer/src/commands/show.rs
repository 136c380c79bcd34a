//! `trainer show`: images in the terminal or as a picture.

mod png;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use console::{Alignment, Term, measure_text_width, pad_str};
use data::Split;

pub use self::png::png;
use super::{Error, arguments::ConfigArguments};
use crate::{
    runner::{LoadedStudy, Progress, load_study},
    store::{self, files},
};

/// Least value of a pixel that is drawn.
const DARK: u8 = 96;
/// Characters between two images.
const GAP: usize = 2;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Index of the image, from 0
    index: usize,
    #[command(flatten)]
    config: ConfigArguments,
    /// Part of the data set
    #[arg(long, value_enum, default_value_t = Part::Train)]
    split: Part,
    /// Number of images, starting at the index
    #[arg(long, default_value_t = 1)]
    count: usize,
    /// Write a PNG instead, each image in its original size
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    Train,
    Validation,
    Test,
}

impl Arguments {
    /// Returns the images as text, or their labels where they go to a file.
    pub(crate) fn execute(self) -> Result<String, Error> {
        let Self { index, count, .. } = self;
        let study = self.config.study()?;
        let LoadedStudy { study, splits, .. } = load_study(study, None, &Progress::new(false))?;
        let seed = study.settings.seeds.first().copied().unwrap_or_default();
        let training = splits.of(&study.settings.data, seed)?;
        let split = match self.split {
            Part::Train => &training.train,
            Part::Validation => training.validation.as_deref().ok_or_else(|| {
                Error::Argument("no images are held out: set data.validation".to_owned())
            })?,
            Part::Test => &splits.test,
        };
        let Some(file) = self.png else {
            let width = usize::from(Term::stdout().size().1);
            return text(split, &splits.class_names, index, count, width);
        };
        files::write(&file, &sheet(split, index, count)?)?;
        labels(split, &splits.class_names, index, count)
    }
}

/// Draws images from an index on, each with its index and label. A character is two pixels; as many images are in a
/// row as fit into `width` columns of text.
fn text(
    split: &Split,
    names: &[String],
    index: usize,
    count: usize,
    width: usize,
) -> Result<String, Error> {
    let indices: Vec<usize> = indices(split, index, count)?;
    let titles = indices.iter().map(|&index| measure_text_width(&title(split, names, index)));
    let side = titles.max().unwrap_or(0).max(split.shape().width);
    let in_row = ((width + GAP) / (side + GAP)).max(1);
    let rows = indices.chunks(in_row).map(|row| {
        let images: Vec<Vec<String>> =
            row.iter().map(|&index| lines(split, names, index)).collect();
        let height = images.iter().map(Vec::len).max().unwrap_or(0);
        let lines = (0..height).map(|number| {
            let parts = images.iter().map(|image| {
                pad_str(&image[number], side + GAP, Alignment::Left, None).into_owned()
            });
            format!("{}\n", parts.collect::<String>().trim_end())
        });
        lines.collect::<String>()
    });
    Ok(rows.collect())
}

/// Draws images from an index on as a PNG, each in its original size, in a sheet as square as possible.
fn sheet(split: &Split, index: usize, count: usize) -> Result<Vec<u8>, Error> {
    let images: Vec<&[u8]> =
        indices(split, index, count)?.into_iter().map(|index| split.image(index)).collect();
    let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
    png(&images, columns, split.shape())
        .map_err(|reason| store::Error::Serialize { what: "the PNG", reason }.into())
}

/// Lists the labels of images from an index on, a line each.
fn labels(split: &Split, names: &[String], index: usize, count: usize) -> Result<String, Error> {
    let indices = indices(split, index, count)?;
    Ok(indices.into_iter().map(|index| title(split, names, index) + "\n").collect())
}

fn title(split: &Split, names: &[String], index: usize) -> String {
    let label = split.labels()[index];
    match names.get(usize::from(label)) {
        None => format!("image {index}, labelled {label}"),
        Some(name) => format!("image {index}, labelled {label}: {name}"),
    }
}

fn indices(split: &Split, index: usize, count: usize) -> Result<Vec<usize>, Error> {
    let len = split.len();
    if count == 0 {
        return Err(Error::Argument("--count must be 1 or more".to_owned()));
    }
    if index >= len || count > len - index {
        let last = len.saturating_sub(1);
        let lacking = index.max(len);
        return Err(Error::Argument(format!(
            "there is no image {lacking}: images are numbered from 0 to {last}"
        )));
    }
    Ok((index..index + count).collect())
}

fn lines(split: &Split, names: &[String], index: usize) -> Vec<String> {
    let side = split.shape().width;
    let rows = split.image(index).chunks(2 * side).map(|rows| {
        let (upper, lower) = rows.split_at(side);
        // An odd height leaves half a line.
        let lower = lower.iter().copied().chain(std::iter::repeat(0));
        upper.iter().zip(lower).map(|(&upper, lower)| block(upper, lower)).collect()
    });
    std::iter::once(title(split, names, index)).chain(rows).collect()
}

fn block(upper: u8, lower: u8) -> char {
    match (upper >= DARK, lower >= DARK) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}
