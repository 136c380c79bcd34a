//! The configs that are part of the program.

/// A config that is part of the program.
#[derive(Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// The name, which is the file's without its ending.
    pub name: &'static str,
    /// The file's text.
    pub text: &'static str,
}

/// Compiles in files of the folder configs.
macro_rules! built_in {
    ($($name:literal),*) => {
        &[$(BuiltIn {
            name: $name,
            text: include_str!(concat!("../../../../configs/", $name, ".toml")),
        }),*]
    };
}

/// All configs of the folder configs, by name.
pub const ALL: &[BuiltIn] =
    built_in!["dropout", "gpu", "mnist", "ndarray", "notebook", "overfit", "smoke", "strength"];

/// Finds a built-in config by its name.
pub(super) fn find(name: &str) -> Option<&'static BuiltIn> {
    ALL.iter().find(|config| config.name == name)
}

/// Finds a built-in config by its file's name.
pub(super) fn find_file(file: &str) -> Option<&'static BuiltIn> {
    find(file.strip_suffix(".toml")?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_config_of_the_repository_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let mut names: Vec<String> = files.map(|file| file.into_string().unwrap()).collect();
        names.sort();
        let expected: Vec<String> =
            ALL.iter().map(|config| format!("{}.toml", config.name)).collect();
        assert_eq!(names, expected);
    }
}
