//! Finding configs, and reading one over those that it extends.

use std::{
    collections::BTreeMap,
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

use super::{
    ConfigError, Entries, Entry, Origin,
    builtin::{self, BuiltIn},
    values,
};

/// The folder of configs that can be named, and the ending of their files.
const FOLDER: &str = "configs";
const ENDING: &str = ".toml";
/// The most bytes of a config's file.
const LARGEST: u64 = 16 << 20;

/// A config, and the name of its study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The study's name: the file's, without its ending.
    pub name: String,
    location: Location,
}

/// The location of a config's text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Location {
    File(PathBuf),
    BuiltIn(&'static BuiltIn),
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::BuiltIn(config) => write!(formatter, "{} (built in)", config.name),
        }
    }
}

/// Finds a config: a path to a file, or a bare name. A name stands for a file in a folder `configs` here or above,
/// or else for a built-in config.
pub fn find(config: &str) -> Result<Config, ConfigError> {
    let path = Path::new(config);
    let is_file_name = path.extension().is_some_and(|extension| extension == "toml");
    let is_bare_name = !is_file_name && path.components().count() <= 1;
    let location = if is_bare_name {
        find_by_name(config).ok_or_else(|| not_found(config))?
    } else {
        Location::File(path.to_owned())
    };
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Config { name, location })
}

fn find_by_name(name: &str) -> Option<Location> {
    let files = folders().map(|folder| folder.join(format!("{name}{ENDING}")));
    let file = files.into_iter().find(|file| file.is_file()).map(Location::File);
    file.or_else(|| builtin::find(name).map(Location::BuiltIn))
}

/// The folders of configs, the nearest first.
fn folders() -> impl Iterator<Item = PathBuf> {
    let current = env::current_dir().unwrap_or_default();
    let all: Vec<PathBuf> = current.ancestors().map(|folder| folder.join(FOLDER)).collect();
    all.into_iter()
}

fn not_found(name: &str) -> ConfigError {
    let names: Vec<String> = descriptions().into_keys().collect();
    let mut message = values::unknown("config", name, &names);
    let file = format!("{name}{ENDING}");
    if Path::new(&file).is_file() {
        message += &format!("; to use the file {file} of this folder, write its ending too");
    }
    ConfigError::NotFound { message }
}

/// Describes every config that can be named, by its name: the comment in its first line.
pub fn descriptions() -> BTreeMap<String, String> {
    let built_in = builtin::ALL.iter().map(|config| (config.name.to_owned(), comment(config.text)));
    let mut all: BTreeMap<String, String> = built_in.collect();
    // The nearest folder's come last, and replace the others'.
    for folder in folders().collect::<Vec<_>>().iter().rev() {
        for file in fs::read_dir(folder).into_iter().flatten().flatten() {
            let file_name = file.file_name().to_string_lossy().into_owned();
            if let Some(name) = file_name.strip_suffix(ENDING) {
                let text = read_text(&file.path()).unwrap_or_default();
                all.insert(name.to_owned(), comment(&text));
            }
        }
    }
    all
}

/// Returns the comment in the first line of a config.
fn comment(text: &str) -> String {
    let first = text.lines().next().and_then(|line| line.strip_prefix('#'));
    first.unwrap_or_default().trim().to_owned()
}

impl Config {
    /// Reads the config over those that it extends, then the `--set` arguments.
    pub fn read(&self, arguments: &[String]) -> Result<Entries, ConfigError> {
        let mut entries = read_extended(&self.location, &mut Vec::new())?;
        let mut over = Entries::default();
        for argument in arguments {
            over.add(Entries::parse_argument(argument)?);
        }
        entries.extend(over);
        Ok(entries)
    }

    /// Where results go without `--out`: `results/<name>` beside the folder `configs` that holds the file, or in the
    /// current folder.
    pub fn results(&self) -> PathBuf {
        let root = match &self.location {
            Location::File(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                let folder = path.parent().filter(|folder| folder.ends_with(FOLDER));
                folder.and_then(Path::parent).map(Path::to_owned)
            }
            Location::BuiltIn(_) => None,
        };
        root.unwrap_or_default().join("results").join(&self.name)
    }
}

/// Reads a config over those that it extends. `chain` holds the configs being read, to find a circle.
fn read_extended(location: &Location, chain: &mut Vec<Location>) -> Result<Entries, ConfigError> {
    let mut entries = match location {
        Location::File(path) => Entries::parse(&read_text(path)?, path)?,
        Location::BuiltIn(config) => Entries::parse_built_in(config)?,
    };
    if entries.is_empty() {
        return Err(ConfigError::Empty { config: location.to_string() });
    }
    chain.push(identity(location));
    let Some(Entry { value, origin, level }) = entries.remove("extends") else {
        return Ok(entries);
    };
    let base = values::text(&value).and_then(|file| extended(file, &origin));
    let base = base.map_err(|reason| {
        Entry { value: value.clone(), origin: origin.clone(), level }.refuse("extends", reason)
    })?;
    refuse_circle(&base, chain, &origin)?;
    let mut extended = read_extended(&base, chain)?;
    extended.extend(entries);
    Ok(extended)
}

/// Finds the config that another extends: a file from that one's folder, or else a built-in config.
fn extended(file: &str, origin: &Origin) -> Result<Location, String> {
    let path = origin.folder().join(file);
    let is_file = !matches!(origin, Origin::BuiltIn { .. }) && path.is_file();
    let built_in = || builtin::find_file(file).map(Location::BuiltIn);
    let found = if is_file { Some(Location::File(path.clone())) } else { built_in() };
    found.ok_or_else(|| format!("there is no file {}", path.display()))
}

/// Reads a config's file. Anything but a regular file is refused: a device may have no end, and a pipe no writer.
fn read_text(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(io::Error::other("it is not a regular file")));
    }
    if metadata.len() > LARGEST {
        return Err(unreadable(io::Error::other("it is larger than 16 MiB")));
    }
    fs::read_to_string(path).map_err(unreadable)
}

/// Returns a location that is the same for every path to a file.
fn identity(location: &Location) -> Location {
    match location {
        Location::File(path) => {
            Location::File(fs::canonicalize(path).unwrap_or_else(|_| path.clone()))
        }
        Location::BuiltIn(_) => location.clone(),
    }
}

fn file_name(location: &Location) -> String {
    match location {
        Location::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        Location::BuiltIn(config) => config.name.to_owned(),
    }
}

fn refuse_circle(base: &Location, chain: &[Location], origin: &Origin) -> Result<(), ConfigError> {
    let base = identity(base);
    if !chain.contains(&base) {
        return Ok(());
    }
    let names: Vec<String> = chain.iter().chain([&base]).map(file_name).collect();
    Err(ConfigError::Circle { origin: origin.clone(), circle: names.join(" → ") })
}
