//! What the program says of itself: its version, backends, completions and manual pages.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use clap::{CommandFactory, Parser};
use common::{TestDir, stderr};
use strum::VariantArray;
use trainer::{cli::Arguments, study::Backend};

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

#[test]
fn every_command_has_two_examples_that_parse() {
    let program = Arguments::command();
    let mut count = 0;
    for command in program.get_subcommands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> = help.lines().skip(1).collect();
        assert_eq!(examples.len(), 2, "{}: {help}", command.get_name());
        for example in examples {
            // What follows is the shell's.
            let own = example.split(['>', '|']).next().unwrap_or_default();
            let parsed = Arguments::try_parse_from(own.split_whitespace());
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_ends_with_its_report_and_opens_it_on_a_desktop() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    dir.shell("mkdir bin && printf '#!/bin/sh\\necho \"$1\" > opened\\n' > bin/xdg-open && chmod +x bin/xdg-open")
        .assert()
        .success();
    let path = format!("{}:/usr/bin:/bin", dir.path("bin").display());
    let run = |arguments: &[&str], display: &str| {
        let mut command = dir.trainer(arguments);
        for name in ["WAYLAND_DISPLAY", "WSL_DISTRO_NAME"] {
            command.env_remove(name);
        }
        let output = command.env("PATH", &path).env("DISPLAY", display).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = run(&["run", "small.toml", "--out", "out", "--open"], "");
    let ending: Vec<&str> = first.lines().rev().take(2).collect();
    assert_eq!(ending[0], "open it: trainer report out --open");
    assert!(ending[1].starts_with("6 runs in ") && ending[1].ends_with(" s → out/report.html"));
    assert!(!dir.path("opened").exists());
    let again = run(&["run", "small.toml", "--out", "out"], ":0");
    assert!(again.contains("\n6 runs, finished before → out/report.html\n"), "{again}");
    assert!(!run(&["run", "small.toml", "--out", "out", "--quiet"], ":0").contains("open it"));
    assert!(!dir.path("opened").exists());
    assert_eq!(run(&["report", "out", "--open"], ":0"), "out/report.html\n");
    // The desktop's program is not waited for.
    let opened = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        std::fs::read_to_string(dir.path("opened")).ok().filter(|text| !text.is_empty())
    });
    assert_eq!(opened.as_deref(), Some("out/report.html\n"));
}
