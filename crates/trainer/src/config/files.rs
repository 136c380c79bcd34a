//! Finding config files, and following `extends`.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::{ConfigError, Entries, Entry, Origin, values};

/// A config's file: where it is, and where its results go by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// The file.
    pub path: PathBuf,
    /// The study's name: the file's, without its ending.
    pub name: String,
}

/// Finds a config: a path to a file, or the bare name of one in a `configs` folder here or in a
/// folder above.
///
/// # Errors
///
/// When there is no such file.
pub fn find(config: &str) -> Result<ConfigFile, ConfigError> {
    let path = Path::new(config);
    let is_file_name = path.extension().is_some_and(|extension| extension == "toml");
    let is_bare_name = !is_file_name && path.components().count() <= 1;
    let path = if is_bare_name { find_by_name(config)? } else { path.to_owned() };
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.into_owned();
    Ok(ConfigFile { path, name })
}

fn find_by_name(name: &str) -> Result<PathBuf, ConfigError> {
    let here = env::current_dir().unwrap_or_default();
    let not_found = |places: String| ConfigError::NotFound { name: name.to_owned(), places };
    let folder = (here.ancestors())
        .map(|folder| folder.join("configs"))
        .find(|folder| folder.is_dir())
        .ok_or_else(|| {
            let here = here.display();
            not_found(format!("neither {here} nor a folder above it has a configs folder"))
        })?;
    let path = folder.join(format!("{name}.toml"));
    if path.is_file() {
        return Ok(path);
    }
    Err(not_found(format!("{} has {}", folder.display(), names_in(&folder))))
}

fn names_in(folder: &Path) -> String {
    let mut names: Vec<String> = (fs::read_dir(folder).into_iter().flatten().flatten())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned()))
        .collect();
    names.sort();
    values::listed(&names)
}

impl ConfigFile {
    /// Reads the file, those it extends first, then the `--set` arguments.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, is empty or not TOML, when files extend one another in a circle,
    /// or an argument is not `KEY=VALUE`.
    pub fn read(&self, arguments: &[String]) -> Result<Entries, ConfigError> {
        let mut entries = read_extended(&self.path, &mut Vec::new())?;
        let mut over = Entries::default();
        for argument in arguments {
            over.add(Entries::parse_argument(argument)?);
        }
        entries.extend(over);
        Ok(entries)
    }

    /// Where results go without `--out`: `results/<name>` beside the `configs` folder that holds the
    /// file, or in the current folder.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let folder = path.parent().unwrap_or(Path::new(""));
        let root = match folder.parent() {
            Some(above) if folder.ends_with("configs") => above,
            _ => Path::new(""),
        };
        root.join("results").join(&self.name)
    }
}

/// Reads a file over those it extends. `chain` holds the files being read, to find a circle.
fn read_extended(path: &Path, chain: &mut Vec<PathBuf>) -> Result<Entries, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let mut entries = Entries::parse(&text, path)?;
    if entries.is_empty() {
        let path = path.to_owned();
        return Err(ConfigError::Empty { path });
    }
    chain.push(fs::canonicalize(path).map_err(unreadable)?);
    let Some(Entry { value, origin, .. }) = entries.remove("extends") else {
        return Ok(entries);
    };
    let refused =
        |reason| ConfigError::Value { origin: origin.clone(), key: "extends".to_owned(), reason };
    let base = origin.folder().join(values::text(&value).map_err(refused)?);
    if !base.is_file() {
        return Err(refused(format!("there is no file {}", base.display())));
    }
    refuse_circle(&base, chain, &origin)?;
    let mut extended = read_extended(&base, chain)?;
    extended.extend(entries);
    Ok(extended)
}

fn refuse_circle(base: &Path, chain: &[PathBuf], origin: &Origin) -> Result<(), ConfigError> {
    let Ok(canonical) = fs::canonicalize(base) else {
        // Reading it says what is wrong.
        return Ok(());
    };
    if !chain.contains(&canonical) {
        return Ok(());
    }
    let names: Vec<String> = (chain.iter().chain([&canonical]))
        .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    Err(ConfigError::Circle { origin: origin.clone(), circle: names.join(" → ") })
}
