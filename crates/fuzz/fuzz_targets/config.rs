//! Configs: a text and `--set` arguments become a study or are refused. Whatever a variant is called, its
//! runs stay inside the study's folder, and study.toml is a config for the same study.
#![no_main]

use std::{
    collections::BTreeSet,
    path::{Component, Path},
};

use fuzz::memory::bounded;
use libfuzzer_sys::fuzz_target;
use trainer::{
    config::Entries,
    study::{Run, Study, label},
};

/// A variant of twelve bytes brings dozens of keys into being, a seed of two a run of every variant.
const PER_BYTE: usize = 1 << 14;
/// Runs whose number is the product of several lists.
const RUNS: usize = 64 << 20;
/// The presets' keys.
const BASE: usize = 1 << 20;
/// What parts a file's text from the arguments, and these from one another.
const SEPARATOR: char = '\u{1e}';

fuzz_target!(|input: &[u8]| {
    let input = String::from_utf8_lossy(input);
    let Some(study) = bounded(BASE + RUNS + PER_BYTE * input.len(), || read(&input)) else {
        return;
    };
    let runs = &study.runs;
    assert!(runs.len() >= study.variants.len() * study.settings.seeds.len());
    runs.iter().for_each(check_folder);
    let folders: BTreeSet<_> = runs.iter().map(Run::folder).collect();
    assert_eq!(folders.len(), runs.len(), "runs share a folder");

    let entries = Entries::parse(&study.to_toml(), Path::new("/study.toml"));
    let again = Study::read(&study.name, &entries.expect("study.toml is TOML"));
    let mut expected = study;
    let paths = expected.runs.iter_mut().flat_map(|run| [&mut run.data.dir, &mut run.fit.weights]);
    for path in
        paths.chain([&mut expected.settings.data.dir, &mut expected.settings.fit.weights]).flatten()
    {
        // An argument's path starts from the current folder.
        *path = std::path::absolute(&path).expect("a path");
    }
    assert_eq!(again.expect("study.toml is a config"), expected);
});

fn read(input: &str) -> Option<Study> {
    let mut parts = input.split(SEPARATOR);
    let text = parts.next().unwrap_or_default();
    // Messages are made too: they quote what was found.
    let mut entries = Entries::parse(text, Path::new("/folder/mine.toml")).map_err(told).ok()?;
    for argument in parts {
        entries.extend(Entries::parse_argument(argument).map_err(told).ok()?);
    }
    Study::read("mine", &entries).map_err(told).ok()
}

fn told(error: impl std::fmt::Display) {
    assert!(!error.to_string().is_empty());
}

/// `runs/<variant>/seed-<n>`, and nothing that leads elsewhere.
fn check_folder(run: &Run) {
    let folder = run.folder();
    let names = folder.components().map(|component| match component {
        Component::Normal(name) => name.to_str().expect("text"),
        other => panic!("{other:?} in {}", folder.display()),
    });
    let (names, variant): (Vec<&str>, _) = (names.collect(), run.variant.name.as_str());
    let comma = if run.point.is_empty() { "" } else { "," };
    let cell = format!("{variant}{comma}{}", label(&run.point));
    assert_eq!(names, ["runs", &cell, &format!("seed-{}", run.seed)]);
    assert!(!cell.contains(['/', '\\', ':', '\0']), "{cell}");
}
