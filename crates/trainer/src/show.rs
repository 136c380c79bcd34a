//! `trainer show`: digits in the terminal or as a picture.

use data::Split;

use crate::{error::Error, image};

/// Ink from which a half block is drawn.
const DARK: u8 = 96;
/// Characters between two digits.
const GAP: usize = 2;

/// Digits from a place on, so many, each with its index and label: two pixels to a character, as many in a
/// row as so many columns of text have room for.
///
/// # Errors
///
/// When there are fewer digits.
pub fn text(split: &Split, index: usize, count: usize, width: usize) -> Result<String, Error> {
    let places: Vec<usize> = places(split, index, count)?;
    let side = split.shape().width;
    let in_row = ((width + GAP) / (side + GAP)).max(1);
    let rows = places.chunks(in_row).map(|row| {
        let digits: Vec<Vec<String>> = row.iter().map(|&place| lines(split, place)).collect();
        let height = digits.iter().map(Vec::len).max().unwrap_or(0);
        let line = |number: usize| {
            let parts = digits.iter().map(|digit| format!("{:1$}", digit[number], side + GAP));
            format!("{}\n", parts.collect::<String>().trim_end())
        };
        (0..height).map(line).collect::<String>()
    });
    Ok(rows.collect())
}

/// The same digits as a PNG, each in its true size, in a sheet as square as can be.
///
/// # Errors
///
/// When there are fewer digits.
pub fn png(split: &Split, index: usize, count: usize) -> Result<Vec<u8>, Error> {
    let digits: Vec<&[u8]> =
        places(split, index, count)?.into_iter().map(|place| split.image(place)).collect();
    let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
    image::png(&digits, columns).map_err(|reason| Error::Unwritten { format: "PNG", reason })
}

/// The same digits' labels, a line each.
///
/// # Errors
///
/// When there are fewer digits.
pub fn labels(split: &Split, index: usize, count: usize) -> Result<String, Error> {
    let places = places(split, index, count)?;
    Ok(places.into_iter().map(|place| title(split, place) + "\n").collect())
}

fn title(split: &Split, index: usize) -> String {
    format!("digit {index}, labelled {}", split.labels()[index])
}

fn places(split: &Split, index: usize, count: usize) -> Result<Vec<usize>, Error> {
    let len = split.len();
    if count == 0 {
        return Err(Error::Argument("--count has to be 1 or more".to_owned()));
    }
    if index >= len || count > len - index {
        let last = len.saturating_sub(1);
        let lacking = index.max(len);
        return Err(Error::Argument(format!(
            "there is no digit {lacking}: they count from 0 to {last}"
        )));
    }
    Ok((index..index + count).collect())
}

fn lines(split: &Split, index: usize) -> Vec<String> {
    let side = split.shape().width;
    let rows = split.image(index).chunks(2 * side).map(|rows| {
        let (upper, lower) = rows.split_at(side);
        upper.iter().zip(lower).map(|(&upper, &lower)| block(upper, lower)).collect()
    });
    std::iter::once(title(split, index)).chain(rows).collect()
}

fn block(upper: u8, lower: u8) -> char {
    match (upper >= DARK, lower >= DARK) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}
