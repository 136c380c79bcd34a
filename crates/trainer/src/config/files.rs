//! The files of configs: finding a config, and merging it over those that it extends.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use super::{
    ConfigError, Entries, Origin,
    builtin::{self, BuiltIn},
    values,
};

/// Name of the folders in which configs are found by name.
const CONFIGS_FOLDER: &str = "configs";
/// End of a config's file name.
const SUFFIX: &str = ".toml";
/// Maximum size of a config's file in bytes: 16 MiB.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Config that has been found but not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Name of the config and of its study: the file name without its extension.
    pub name: OsString,
    /// Whether it was found by its name rather than its path.
    pub is_named: bool,
    location: Location,
}

/// Location of a config's text.
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

/// Finds a config by its path or its name. A name is looked up in the folders `configs` of the current folder and
/// its ancestors, then among the built-in configs.
pub fn find(config: &Path) -> Result<Config, ConfigError> {
    let is_file_name =
        config.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let is_named = !is_file_name && config.components().count() <= 1;
    let (location, name) = if is_named {
        // A dot in a name, as in lr0.1, begins no ending.
        let location = config.to_str().and_then(find_by_name);
        (location.ok_or_else(|| not_found(&config.to_string_lossy()))?, config.as_os_str())
    } else {
        (Location::File(config.to_owned()), config.file_stem().unwrap_or_default())
    };
    Ok(Config { name: name.to_owned(), is_named, location })
}

fn find_by_name(name: &str) -> Option<Location> {
    let mut files = folders().into_iter().map(|folder| folder.join(format!("{name}{SUFFIX}")));
    let file = files.find(|file| is_there(file)).map(Location::File);
    file.or_else(|| builtin::find(name).map(Location::BuiltIn))
}

/// Returns whether a path exists, readable or not: no built-in config replaces an unreadable file.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Returns the folders `configs` of the current folder and its ancestors, in this order.
fn folders() -> Vec<PathBuf> {
    let current = env::current_dir().unwrap_or_default();
    current.ancestors().map(|folder| folder.join(CONFIGS_FOLDER)).collect()
}

fn not_found(name: &str) -> ConfigError {
    let names: Vec<String> = descriptions().into_keys().collect();
    let mut message = values::unknown("config", name, &names);
    let file = format!("{name}{SUFFIX}");
    if Path::new(&file).is_file() {
        message += &format!("; to use the file {file} in this folder, include its extension");
    }
    ConfigError::NotFound { message }
}

/// Returns the description of every config that can be found by name: the comment in its first line.
pub fn descriptions() -> BTreeMap<String, String> {
    let built_in = builtin::ALL.iter().map(|config| (config.name.to_owned(), comment(config.text)));
    let mut all: BTreeMap<String, String> = built_in.collect();
    // The nearest folder comes last, so that its configs replace others of the same name.
    for folder in folders().iter().rev() {
        for file in fs::read_dir(folder).into_iter().flatten().flatten() {
            let file_name = file.file_name().to_string_lossy().into_owned();
            // Other systems and editors leave hidden files, such as ._mine.toml.
            let is_config = !file_name.starts_with('.') && file.path().is_file();
            if let Some(name) = file_name.strip_suffix(SUFFIX).filter(|_| is_config) {
                let text = read_text(&file.path()).unwrap_or_default();
                all.insert(name.to_owned(), comment(&text));
            }
        }
    }
    all
}

/// Returns the comment in the first line of a config.
fn comment(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().and_then(|line| line.strip_prefix('#'));
    first.unwrap_or_default().trim().to_owned()
}

impl Config {
    /// Reads the config, merged over those that it extends; the `--set` arguments override them all.
    pub fn read(&self, arguments: &[String]) -> Result<Entries, ConfigError> {
        let mut entries = read_with_bases(&self.location, &mut Vec::new())?;
        for argument in arguments {
            entries.extend(Entries::parse_argument(argument)?);
        }
        Ok(entries)
    }

    /// Returns the folder of the results without `--out`: `results/<name>`, next to the folder `configs` that holds
    /// the file, or in the current folder if no such folder holds it.
    pub fn results(&self) -> PathBuf {
        let root = match &self.location {
            Location::File(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                let folder = path.parent().filter(|folder| folder.ends_with(CONFIGS_FOLDER));
                folder.and_then(Path::parent).map(Path::to_owned)
            }
            Location::BuiltIn(_) => None,
        };
        root.unwrap_or_default().join("results").join(&self.name)
    }
}

/// Reads a config, merged over those that it extends. `chain` holds the configs being read, to detect a cycle.
fn read_with_bases(location: &Location, chain: &mut Vec<Location>) -> Result<Entries, ConfigError> {
    let mut entries = match location {
        Location::File(path) => Entries::parse(&read_text(path)?, path)?,
        Location::BuiltIn(config) => Entries::parse_built_in(config)?,
    };
    if entries.is_empty() {
        return Err(ConfigError::Empty { config: location.to_string() });
    }
    chain.push(canonical(location));
    let Some(entry) = entries.remove("extends") else {
        return Ok(entries);
    };
    let base = values::text(&entry.value)
        .and_then(|file| find_base(file, &entry.origin))
        .map_err(|reason| entry.error("extends", reason))?;
    check_cycle(&base, chain, &entry.origin)?;
    let mut merged = read_with_bases(&base, chain)?;
    merged.extend(entries);
    Ok(merged)
}

/// Finds the config that `extends` names: a file relative to the folder of its origin or, if that is a link, of the link's
/// target, or else a built-in config.
fn find_base(file: &str, origin: &Origin) -> Result<Location, String> {
    let path = origin.folder().join(file);
    let mut paths = vec![path.clone()];
    if let Origin::File { path: link, .. } = origin {
        let target = fs::canonicalize(link).unwrap_or_default();
        paths.extend(target.parent().map(|folder| folder.join(file)));
    }
    let found = match origin {
        Origin::BuiltIn { .. } => None,
        _ => paths.into_iter().find(|path| is_there(path)).map(Location::File),
    };
    found
        .or_else(|| builtin::find_file(file).map(Location::BuiltIn))
        .ok_or_else(|| format!("there is no file {}", path.display()))
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    let text = data::files::open(path).and_then(|file| match file.metadata()?.len() {
        ..=MAX_FILE_BYTES => io::read_to_string(file),
        _ => Err(io::Error::other("it is larger than 16 MiB")),
    });
    text.map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

/// Returns the canonical form of a location, which is the same for every path to a file.
fn canonical(location: &Location) -> Location {
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

/// Returns an error if `chain` contains `base` already.
fn check_cycle(base: &Location, chain: &[Location], origin: &Origin) -> Result<(), ConfigError> {
    let base = canonical(base);
    if !chain.contains(&base) {
        return Ok(());
    }
    let names: Vec<String> = chain.iter().chain([&base]).map(file_name).collect();
    Err(ConfigError::Cycle { origin: origin.clone(), cycle: names.join(" → ") })
}
