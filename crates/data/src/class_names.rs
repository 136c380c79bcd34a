//! classes.txt: the names of a data set's classes, a line each.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{ClassNamesFault, Error, MAX_NAME_CHARS};
use crate::files;
use crate::listing::Listing;
use crate::shape::MAX_CLASSES;

/// Name of the file in a data set's folder.
pub(crate) const FILE: &str = "classes.txt";
/// Largest file, in bytes.
const MAX_BYTES: u64 = 1 << 16;

/// Names of the classes, from that of the lowest label on.
#[derive(Debug)]
pub(crate) struct ClassNames {
    pub(crate) path: PathBuf,
    pub(crate) names: Vec<String>,
}

impl ClassNames {
    /// Reads the names of a data set's classes. Their file is in the folder or in one in it, beside the file, or
    /// `PREFIX-classes.txt` for files whose names begin with a prefix; there may be none.
    pub(crate) fn find(listing: &Listing, set: &Path) -> Result<Option<Self>, Error> {
        let prefix = set.file_name().unwrap_or_default().to_string_lossy();
        let own = listing.files.iter().find(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let rest = if set.is_dir() { Some(&*name) } else { name.strip_prefix(&*prefix) };
            rest.is_some_and(|rest| rest.trim_start_matches(['-', '_', '.']) == FILE)
        });
        let path = listing.path(own.map_or(Path::new(FILE), PathBuf::as_path));
        let names = match files::open(&path) {
            Ok(opened) => read(opened),
            Err(error) if files::is_missing(&error) => return Ok(None),
            Err(error) => Err(ClassNamesFault::Unreadable(error)),
        };
        match names {
            Ok(names) => Ok(Some(Self { path, names })),
            Err(fault) => Err(Error::ClassNames { path, fault }),
        }
    }
}

fn read(source: impl Read) -> Result<Vec<String>, ClassNamesFault> {
    let mut bytes = Vec::new();
    let read = source.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(ClassNamesFault::Unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ClassNamesFault::NotText);
    }
    parse(str::from_utf8(&bytes).map_err(|_| ClassNamesFault::NotText)?)
}

fn parse(text: &str) -> Result<Vec<String>, ClassNamesFault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.trim_end().lines().map(str::trim);
    let names: Vec<String> = lines.map(str::to_owned).collect();
    check_class_names(&names)?;
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
        if name.chars().count() > MAX_NAME_CHARS || name.chars().any(is_invisible) {
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
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    character.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_names() {
        let names = parse("\u{feff}T-shirt/top\r\n お \nthird\n\n").unwrap();
        assert_eq!(names, ["T-shirt/top", "お", "third"]);
        let most = (0..256).map(|name| format!("{name}\n")).collect::<String>();
        assert_eq!(parse(&most).unwrap().len(), 256);
    }

    #[test]
    fn defects_are_named() {
        let many = (0..257).map(|name| format!("{name}\n")).collect::<String>();
        let long = format!("a\n{}", "b".repeat(65));
        for (text, expected) in [
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
            assert_eq!(parse(text).unwrap_err().to_string(), expected);
        }
        for invisible in ['\u{ad}', '\u{61c}', '\u{200b}', '\u{2028}'] {
            let fault = parse(&format!("a\nb{invisible}c"));
            assert!(matches!(fault, Err(ClassNamesFault::Unprintable(2))), "{invisible:?}");
        }
        for bytes in [&b"\xff"[..], &vec![b'a'; 70_000]] {
            assert!(matches!(read(bytes), Err(ClassNamesFault::NotText)));
        }
    }
}
