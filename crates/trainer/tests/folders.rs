//! Folders, names, files and signals as other systems have them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
};

use common::{TestDir, stderr};
use predicates::{prelude::*, str::contains};

const SMALL: &str =
    "extends = \"smoke.toml\"\nvariants = [\"none\"]\nfit.epochs = 1\ndata.limit = 200\n";

#[test]
fn a_dot_in_a_configs_name_begins_no_ending() {
    let dir = TestDir::new();
    fs::create_dir(dir.path("configs")).unwrap();
    for rate in ["0.1", "0.01"] {
        dir.write(
            &format!("configs/lr{rate}.toml"),
            &format!("{SMALL}fit.learning_rate = {rate}\n"),
        );
        dir.trainer(&["run", &format!("lr{rate}"), "--quiet"]).assert().success();
    }
    for rate in ["0.1", "0.01"] {
        let study = dir.read(&format!("results/lr{rate}/study.toml"));
        assert!(study.contains(&format!("fit.learning_rate = {rate}\n")), "{study}");
        dir.trainer(&["results", &format!("lr{rate}")]).assert().success();
    }
    dir.write("MINE.TOML", SMALL);
    dir.trainer(&["runs", "MINE.TOML"]).assert().success();
    let dotted = "variant.l2_0.01.hidden1.dropout = 0.5";
    dir.write("dotted.toml", &format!("{SMALL}{dotted}\n"));
    let advice = "a variant's name takes no dot: call it `l2_0_01`";
    dir.trainer(&["runs", "dotted.toml"]).assert().code(2).stderr(contains(advice));
}

#[test]
fn paths_need_not_be_utf8() {
    let dir = TestDir::new();
    let folder = dir.folder().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mine.toml"), SMALL).unwrap();
    let run = |arguments: &[&OsStr]| {
        let mut command = dir.trainer(&[]);
        command.args(arguments).assert()
    };
    let (config, out) = (folder.join("mine.toml"), folder.join("out"));
    let (config, out) = (config.as_os_str(), out.as_os_str());
    run(&["run".as_ref(), config, "--out".as_ref(), out, "--quiet".as_ref()]).success();
    run(&["results".as_ref(), out]).success().stdout(contains("none"));

    // Start weights in that folder are named relative to study.toml beside it, and refused from elsewhere only if their
    // own name is not UTF-8.
    let weights = fs::read_dir(folder.join("out/runs")).unwrap().next().unwrap().unwrap().path();
    fs::copy(weights.join("model.safetensors"), folder.join("w.safetensors")).unwrap();
    fs::write(folder.join("start.toml"), format!("{SMALL}fit.weights = \"w.safetensors\"\n"))
        .unwrap();
    let (config, out) = (folder.join("start.toml"), folder.join("start"));
    run(&["run".as_ref(), config.as_os_str(), "--out".as_ref(), out.as_os_str()]).success();
    let study = fs::read_to_string(out.join("study.toml")).unwrap();
    assert!(study.contains("fit.weights = \"../w.safetensors\"\n"), "{study}");
    run(&["report".as_ref(), out.as_os_str()]).success();
    let elsewhere = [OsStr::new("run"), config.as_os_str(), "--out".as_ref(), "else".as_ref()];
    run(&elsewhere)
        .code(2)
        .stderr(contains("start.toml:5: fit.weights: a config cannot name this path"));
    assert!(!dir.path("else").exists());
}

#[test]
fn only_config_files_are_listed() {
    let dir = TestDir::new();
    fs::create_dir(dir.path("configs")).unwrap();
    dir.write("configs/bom.toml", "\u{feff}# Text\nvariants = [\"none\"]\n");
    dir.write("configs/._mine.toml", "");
    symlink("nowhere", dir.path("configs/.#mine.toml")).unwrap();
    symlink("nowhere", dir.path("configs/dangling.toml")).unwrap();
    fs::create_dir(dir.path("configs/old.toml")).unwrap();
    let listed = dir.stdout(&["configs"]);
    assert!(
        listed.lines().any(|line| line.starts_with("bom ") && line.ends_with(" Text")),
        "{listed}"
    );
    for other in ["._mine", ".#mine", "dangling", "old"] {
        assert!(!listed.contains(other), "{listed}");
    }
}

#[test]
fn a_linked_config_extends_its_neighbour_of_either_folder() {
    let dir = TestDir::new();
    fs::create_dir(dir.path("real")).unwrap();
    dir.write("real/mnist.toml", "variants = [\"none\"]\nfit.epochs = 1\n");
    dir.write("real/a.toml", "extends = \"mnist.toml\"\n");
    symlink("real/a.toml", dir.path("a.toml")).unwrap();
    let runs = dir.stdout(&["runs", "a.toml", "--toml"]);
    assert!(
        runs.contains("fit.epochs = 1\n") && runs.contains("variants = [\"none\"]\n"),
        "{runs}"
    );
    // The link's own folder comes first.
    dir.write("mnist.toml", "variants = [\"l2\"]\nfit.epochs = 2\n");
    let runs = dir.stdout(&["runs", "a.toml", "--toml"]);
    assert!(runs.contains("fit.epochs = 2\n") && runs.contains("variants = [\"l2\"]\n"), "{runs}");
}

#[test]
fn values_arrive_from_shells_without_their_quotes() {
    let dir = TestDir::new();
    let toml = |set: &str| dir.stdout(&["runs", "smoke", "--toml", "--set", set]);
    assert!(toml("variants=[none, l2]").contains("variants = [\"none\", \"l2\"]\n"));
    for folder in ["2024-05-01", "2024", "1e3"] {
        common::write_data_set(&dir.path(folder), 100, 100);
        let set = format!("data.dir={folder}");
        let study = toml(&set);
        assert!(study.contains(&format!("/{folder}\"\n")), "{study}");
    }
    let wrong = dir.trainer(&["runs", "smoke", "--set", "seeds=[a"]).assert().code(2);
    wrong.stderr(contains("error: --set 'seeds=[a': seeds: must be a list"));
}

#[test]
fn advice_fits_the_cause() {
    let dir = TestDir::new();
    symlink("/nowhere/at/all", dir.path("results")).unwrap();
    dir.trainer(&["run", "smoke"])
        .assert()
        .code(1)
        .stderr(contains("the link results leads nowhere"));
    let png = ["show", "0", "smoke", "--png", "nodir/x.png"];
    dir.trainer(&png).assert().code(1).stderr(contains("make the folder first: mkdir -p nodir"));
    dir.write("file", "");
    let inside = ["run", "smoke", "--out", "file/out"];
    dir.trainer(&inside).assert().code(1).stderr(contains("a file is in the way"));
    let program = assert_cmd::cargo::cargo_bin!("trainer").display().to_string();
    dir.shell(&format!("ulimit -n 5; {program} run smoke --out out"))
        .assert()
        .code(1)
        .stderr(contains("too many files are open").and(contains("internal failure").not()));
}

#[test]
fn a_hangup_saves_and_stops_unless_it_is_ignored() {
    let dir = TestDir::new();
    dir.write(
        "long.toml",
        "extends = \"smoke.toml\"\nvariants = [\"none\"]\nfit.epochs = 100000\n",
    );
    let program = assert_cmd::cargo::cargo_bin!("trainer").display().to_string();
    let line = |prefix: &str, end: &str| {
        format!(
            "rm -rf out; {prefix} {program} run long.toml --out out --quiet & pid=$!; \
             until ls out/runs/*/inputs.json; do sleep 0.1; done; sleep 1; kill -HUP $pid; sleep 1; {end}; \
             wait $pid; echo code $?"
        )
    };
    // Whoever runs the tests may ignore the signal.
    let output = dir.shell(&line("env --default-signal=HUP", "true")).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("code 129"), "{output:?}");
    assert!(dir.path("out/runs/none-seed-0").join("checkpoint.safetensors").exists());
    // nohup: the run goes on after the first signal, until it is terminated.
    let output = dir.shell(&line("nohup", "kill -TERM $pid")).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("code 143"), "{output:?}");
    assert!(stderr(&output).contains("stopped"), "{}", stderr(&output));
}
