//! Configs: a text and `--set` arguments give a study or an error. Whatever the variants are called, the runs' folders
//! are inside the study's folder, and study.toml is a config for the same study.
#![no_main]

use std::{collections::BTreeSet, path::Path};

use fuzz::memory::bounded;
use libfuzzer_sys::fuzz_target;
use trainer::{
    config::Entries,
    study::{Run, Study, label},
};

/// Bytes of memory allowed per byte of input: a variant of twelve bytes adds dozens of keys, a seed of two bytes adds a
/// run of every variant.
const PER_BYTE: usize = 1 << 14;
/// Bytes of memory allowed for the runs: their number is the product of the lengths of several lists.
const RUNS: usize = 64 << 20;
/// Bytes of memory allowed for the presets' keys.
const BASE: usize = 1 << 20;
/// Separates the file's text and the arguments from one another.
const SEPARATOR: char = '\u{1e}';

fuzz_target!(|input: &[u8]| {
    let input = String::from_utf8_lossy(input);
    let Some(study) = bounded(BASE + RUNS + PER_BYTE * input.len(), || read(&input)) else {
        return;
    };
    let runs = &study.runs;
    assert!(runs.len() >= study.variants.len() * study.settings.seeds.len());
    runs.iter().for_each(check_folder);
    let folders: BTreeSet<_> = runs.iter().map(|run| run.folder_name("id")).collect();
    assert_eq!(folders.len(), runs.len(), "two runs have the same folder");

    let entries = Entries::parse(
        &study.to_toml(Path::new("")).expect("paths are UTF-8"),
        Path::new("/study.toml"),
    );
    let actual = Study::read(&study.name, &entries.expect("study.toml is TOML"));
    let actual = actual.expect("study.toml is a config");
    let mut expected = study;
    let paths = expected.runs.iter_mut().flat_map(|run| [&mut run.data.dir, &mut run.fit.weights]);
    for path in
        paths.chain([&mut expected.settings.data.dir, &mut expected.settings.fit.weights]).flatten()
    {
        // An argument's path is relative to the current folder.
        *path = std::path::absolute(&path).expect("the path is not empty");
    }
    // The lines are those of study.toml.
    expected.origins.clone_from(&actual.origins);
    assert_eq!(actual, expected);
});

fn read(input: &str) -> Option<Study> {
    let mut parts = input.split(SEPARATOR);
    let text = parts.next().unwrap_or_default();
    // Errors are formatted too, because their messages quote the input.
    let mut entries =
        Entries::parse(text, Path::new("/folder/mine.toml")).map_err(check_message).ok()?;
    for argument in parts {
        entries.extend(Entries::parse_argument(argument).map_err(check_message).ok()?);
    }
    Study::read("mine", &entries).map_err(check_message).ok()
}

fn check_message(error: impl std::fmt::Display) {
    assert!(!error.to_string().is_empty());
}

/// Checks that the name of a run's folder is `<variant>[,<point>]-seed-<n>-<id>`, with nothing that leads elsewhere.
fn check_folder(run: &Run) {
    let variant = run.variant.name.as_str();
    let comma = if run.point.is_empty() { "" } else { "," };
    let cell = format!("{variant}{comma}{}", label(&run.point));
    assert_eq!(run.folder_name("id"), format!("{cell}-seed-{}-id", run.seed));
    assert!(!cell.contains(['/', '\\', ':', '\0']), "{cell}");
}
