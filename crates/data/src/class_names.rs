//! classes.txt: the names of a data set's classes, a line each.

use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

use crate::error::{Error, FileFault};
use crate::folder::open_regular;
use crate::shape::MAX_CLASSES;

/// Name of the file in a data set's folder.
const FILE: &str = "classes.txt";
/// Largest file, in bytes.
const MAX_BYTES: u64 = 1 << 16;
/// Longest name, in characters.
const MAX_CHARS: usize = 64;

/// A defect of a file of class names. The message continues a sentence that begins with the file's path.
#[derive(Debug, Error)]
pub enum ClassNamesFault {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It is not a regular file.
    #[error("is not a file: write the name of a class on each line of one, or remove it")]
    NotRegular,
    /// It is not UTF-8, or too large to be a list of names.
    #[error("is not a text of UTF-8 and at most 64 KiB: write the name of a class on each line")]
    NotText,
    /// It has too many names.
    #[error("names {0} classes: at most {MAX_CLASSES} are supported")]
    TooMany(usize),
    /// It has fewer names than there are classes.
    #[error("lacks names: it has {names}, and the labels 0 to {highest} need {}", usize::from(*highest) + 1)]
    TooFew {
        /// Number of names.
        names: usize,
        /// The highest label.
        highest: u8,
    },
    /// A line is empty.
    #[error("has no name on line {0}: write the name of a class on each line")]
    NoName(usize),
    /// A name is too long or has characters that cannot be shown.
    #[error("has a name on line {0} of more than {MAX_CHARS} characters, or with invisible ones")]
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

/// Reads the names of the classes of the data set in a folder; none if the folder has no such file. There is a name
/// for each class up to the highest label, or more.
pub(crate) fn read(dir: &Path, highest: u8) -> Result<Vec<String>, Error> {
    let path = dir.join(FILE);
    let text = match open_regular(&path) {
        Ok(Some(opened)) => read_text(opened),
        Ok(None) => return Ok(Vec::new()),
        Err(FileFault::Unreadable(reason)) => Err(ClassNamesFault::Unreadable(reason)),
        Err(_) => Err(ClassNamesFault::NotRegular),
    };
    text.and_then(|text| parse(&text, highest)).map_err(|fault| Error::ClassNames { path, fault })
}

fn read_text(source: impl Read) -> Result<String, ClassNamesFault> {
    let mut bytes = Vec::new();
    let read = source.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(ClassNamesFault::Unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ClassNamesFault::NotText);
    }
    String::from_utf8(bytes).map_err(|_| ClassNamesFault::NotText)
}

fn parse(text: &str, highest: u8) -> Result<Vec<String>, ClassNamesFault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.trim_end().lines().map(str::trim);
    let names: Vec<String> = lines.map(str::to_owned).collect();
    check_class_names(&names)?;
    if names.len() <= usize::from(highest) {
        return Err(ClassNamesFault::TooFew { names: names.len(), highest });
    }
    Ok(names)
}

/// Returns an error unless names of classes are few enough, can be shown, and differ.
///
/// # Errors
///
/// [`ClassNamesFault::TooMany`], [`NoName`](ClassNamesFault::NoName),
/// [`Unprintable`](ClassNamesFault::Unprintable) or [`Twice`](ClassNamesFault::Twice).
pub fn check_class_names(names: &[String]) -> Result<(), ClassNamesFault> {
    if names.len() > MAX_CLASSES {
        return Err(ClassNamesFault::TooMany(names.len()));
    }
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(ClassNamesFault::NoName(index + 1));
        }
        if name.chars().count() > MAX_CHARS || name.chars().any(is_invisible) {
            return Err(ClassNamesFault::Unprintable(index + 1));
        }
        if let Some(first) = names[..index].iter().position(|other| other == name) {
            let (first, second) = (first + 1, index + 1);
            return Err(ClassNamesFault::Twice { name: name.clone(), first, second });
        }
    }
    Ok(())
}

/// Returns whether a character is a control character, has no width, or changes the direction of text.
fn is_invisible(character: char) -> bool {
    let is_format = matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    character.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_names() {
        let names = parse("\u{feff}T-shirt/top\r\n お \nthird\n\n", 1).unwrap();
        assert_eq!(names, ["T-shirt/top", "お", "third"]);
        let most = (0..256).map(|name| format!("{name}\n")).collect::<String>();
        assert_eq!(parse(&most, 255).unwrap().len(), 256);
    }

    #[test]
    fn defects_are_named() {
        let many = (0..257).map(|name| format!("{name}\n")).collect::<String>();
        let long = format!("a\n{}", "b".repeat(65));
        for (text, expected) in [
            ("", "lacks names: it has 0, and the labels 0 to 1 need 2"),
            ("a\n", "lacks names: it has 1, and the labels 0 to 1 need 2"),
            ("a\n\nb", "has no name on line 2: write the name of a class on each line"),
            ("a\nb\na", "names `a` on lines 1 and 3: names have to differ"),
            (
                "a\nb\u{1b}[2J",
                "has a name on line 2 of more than 64 characters, or with invisible ones",
            ),
            (&long, "has a name on line 2 of more than 64 characters, or with invisible ones"),
            (
                "a\n\u{202e}b",
                "has a name on line 2 of more than 64 characters, or with invisible ones",
            ),
            (&many, "names 257 classes: at most 256 are supported"),
        ] {
            assert_eq!(parse(text, 1).unwrap_err().to_string(), expected);
        }
        for bytes in [&b"\xff"[..], &vec![b'a'; 70_000]] {
            assert!(matches!(read_text(bytes), Err(ClassNamesFault::NotText)));
        }
    }
}
