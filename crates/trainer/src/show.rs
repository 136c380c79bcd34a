//! `trainer show`: a digit in the terminal, two pixels to a character.

use data::{SIDE, Split};

use crate::error::Error;

/// Ink from which a half block is drawn.
const DARK: u8 = 96;

/// A digit with its label.
///
/// # Errors
///
/// When there are fewer digits.
pub fn text(split: &Split, index: usize) -> Result<String, Error> {
    if index >= split.len() {
        let last = split.len().saturating_sub(1);
        return Err(Error::Argument(format!(
            "there is no digit {index}: they count from 0 to {last}"
        )));
    }
    let image = split.image(index);
    let mut text = format!("digit {index}, labelled {}\n", split.labels()[index]);
    for rows in image.chunks(2 * SIDE) {
        let (upper, lower) = rows.split_at(SIDE);
        let blocks = upper.iter().zip(lower).map(|(&upper, &lower)| block(upper, lower));
        text.push_str(blocks.collect::<String>().trim_end());
        text.push('\n');
    }
    Ok(text)
}

fn block(upper: u8, lower: u8) -> char {
    match (upper >= DARK, lower >= DARK) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}
