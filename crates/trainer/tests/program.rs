//! What the program says of itself: its version, backends, completions and manual pages.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{TestDir, stderr};
use strum::VariantArray;
use trainer::study::Backend;

#[test]
fn a_backend_that_is_not_built_in_is_refused_with_what_builds_it() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    for backend in Backend::VARIANTS.iter().filter(|backend| !backend.is_built_in()) {
        let set = format!("backend={backend}");
        let output = dir.output(&["run", "small.toml", "--out", "out", "--set", &set]);
        assert_eq!(output.status.code(), Some(2));
        let text = stderr(&output);
        // Drivers may speak up while devices are looked for.
        let refusal = format!("error: backend: this build has no `{backend}`\n  the backends");
        assert!(text.contains(&refusal), "{text}");
        assert!(text.contains(&format!("just features={backend} build\n")), "{text}");
        assert!(text.contains("set backend to one of `flex`"), "{text}");
        assert!(!dir.path("out").exists());
    }
}

#[test]
fn the_version_names_the_backends_of_the_build() {
    let version = TestDir::new().stdout(&["--version"]);
    let (_, backends) = version.trim_end().split_once(" (").unwrap();
    for backend in Backend::VARIANTS {
        let is_named =
            backends.trim_end_matches(')').split(", ").any(|name| *name == backend.to_string());
        assert_eq!(is_named, backend.is_built_in(), "{version}");
    }
}

#[test]
fn a_studys_backend_is_named_even_if_it_is_not_built_in() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "backend = \"cuda\"");
    assert_eq!(dir.stdout(&["backend"]), "flex\n");
    assert_eq!(dir.stdout(&["backend", "gpu"]), "wgpu\n");
    assert_eq!(dir.stdout(&["backend", "small.toml"]), "cuda\n");
    let run = ["small.toml", "--set", "backend=ndarray", "--out", "out", "--only", "0-2", "-q"];
    assert_eq!(dir.stdout(&[&["backend"][..], &run].concat()), "ndarray\n");
    assert!(!dir.path("out").exists());
}

#[test]
fn the_backend_of_a_wrong_study_is_an_error() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    for (arguments, expected) in [
        (["--set", "backend=tpu"], "error: --set: backend: must be one of"),
        (["--set", "fit.epochs=0"], "error: --set: fit.epochs: "),
        (["--only", "6"], "error: --only 6: the study's runs are numbered from 0 to 5"),
    ] {
        let output = dir.output(&[&["backend", "small.toml"][..], &arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        assert!(stderr(&output).starts_with(expected), "{}", stderr(&output));
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let dir = TestDir::new();
    let help = dir.stdout(&["help"]);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().map_while(|line| line.strip_prefix("  ")?.split(' ').next());
    let commands: Vec<&str> = commands.filter(|name| *name != "help").collect();
    assert!(commands.contains(&"run") && commands.contains(&"man"), "{commands:?}");
    let man = dir.stdout(&["man"]);
    assert_eq!(man.matches("\n.TH ").count(), commands.len() + 1);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = dir.stdout(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command), "{command} is not in the script for {shell}");
            let title = format!(".TH trainer-{command} 1");
            assert!(man.contains(&title), "there is no page {title}");
        }
    }
}
