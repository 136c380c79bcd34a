//! The built-in configs: the files of the repository's folder configs, compiled into the program.

/// Config compiled into the program.
#[derive(Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// File name without `.toml`.
    pub name: &'static str,
    /// Text of the file.
    pub text: &'static str,
}

/// Lists files of the folder configs by name, with their texts.
macro_rules! built_in {
    ($($name:literal),*) => {
        &[$(BuiltIn {
            name: $name,
            text: include_str!(concat!("../../../../configs/", $name, ".toml")),
        }),*]
    };
}

/// All built-in configs, sorted by name.
pub const ALL: &[BuiltIn] = built_in![
    "augmentation",
    "dropout",
    "early-stopping",
    "gpu",
    "label-noise",
    "max-norm",
    "mnist",
    "ndarray",
    "noise",
    "notebook",
    "overfit",
    "smoke",
    "strength",
    "weight-decay-adam",
    "weight-decay"
];

/// Finds a built-in config by its name.
pub(super) fn find(name: &str) -> Option<&'static BuiltIn> {
    ALL.iter().find(|config| config.name == name)
}

/// Finds a built-in config by its file name.
pub(super) fn find_file(file: &str) -> Option<&'static BuiltIn> {
    find(file.strip_suffix(".toml")?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_configs_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let mut names: Vec<String> = files.map(|file| file.into_string().unwrap()).collect();
        names.sort();
        let expected: Vec<String> =
            ALL.iter().map(|config| format!("{}.toml", config.name)).collect();
        assert_eq!(names, expected);
    }
}
