//! Defects of files of class names.

use std::io;

use thiserror::Error;

use crate::shape::MAX_CLASSES;

/// Longest name of a class, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 64;

/// A defect of a file of class names. The message continues a sentence that begins with the file's path.
#[derive(Debug, Error)]
pub enum ClassNamesFault {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It is not UTF-8, or too large to be a list of names.
    #[error("is not UTF-8 text of at most 64 KiB: write the name of a class on each line")]
    NotText,
    /// It has too many names.
    #[error("names {0} classes: at most {MAX_CLASSES} are supported")]
    TooMany(usize),
    /// It has fewer names than there are classes.
    #[error("lacks names: it has {names}, and the labels {lowest} to {highest} need {}", highest - lowest + 1)]
    TooFew {
        /// Number of names.
        names: usize,
        /// The lowest label.
        lowest: u8,
        /// The highest label.
        highest: u8,
    },
    /// A line is empty.
    #[error("has no name on line {0}: write the name of a class on each line")]
    NoName(usize),
    /// A name is too long or has characters that cannot be shown.
    #[error(
        "has a name on line {0} of more than {MAX_NAME_CHARS} characters, or with invisible ones"
    )]
    Unprintable(usize),
    /// Two names are equal.
    #[error("names `{name}` on lines {first} and {second}: names have to differ")]
    Twice {
        /// The name.
        name: String,
        /// Its first line, from 1.
        first: usize,
        /// Its second line, from 1.
        second: usize,
    },
}
