//! Configs by name: in a folder `configs`, or built in.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{TestDir, stderr};
use trainer::{
    config::{self, builtin},
    study::{InputFiles, Study},
};

/// The output of a command that must succeed.
fn output(dir: &TestDir, arguments: &[&str]) -> String {
    dir.stdout(arguments)
}

/// The first line of stderr of a command that must be refused.
fn refusal(dir: &TestDir, arguments: &[&str]) -> String {
    let output = dir.output(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn every_config_is_listed_with_its_first_comment() {
    let dir = TestDir::new();
    std::fs::create_dir(dir.path("configs")).unwrap();
    dir.write("configs/mine.toml", "# What I try.\nextends = \"mnist.toml\"\n");
    dir.write("configs/gpu.toml", "# Another GPU.\nextends = \"mnist.toml\"\n");
    let messages = output(&dir, &["configs"]);
    insta::assert_snapshot!(messages);
}

#[test]
fn a_built_in_config_is_found_from_any_folder() {
    let dir = TestDir::new();
    let text = output(&dir, &["summary", "dropout"]);
    assert!(text.contains("Swept settings"), "{text}");
    let digits = ["--set", "data.dir=digits", "--set", "fit.epochs=1"];
    output(&dir, &[&["run", "smoke", "--quiet"][..], &digits].concat());
    assert!(dir.path("results/smoke/results.csv").is_file());
}

#[test]
fn a_file_of_this_folder_is_named_with_its_ending() {
    let dir = TestDir::new();
    dir.write("mine.toml", "extends = \"mnist.toml\"");
    let message = refusal(&dir, &["summary", "mine"]);
    let advice = "; to use the file mine.toml in this folder, include its extension";
    assert!(message.ends_with(advice), "{message}");
    output(&dir, &["summary", "mine.toml"]);
}

#[test]
fn a_config_extends_a_built_in_one_where_no_such_file_is() {
    let dir = TestDir::new();
    dir.write("mine.toml", "extends = \"overfit.toml\"\nvariants = [\"dropout\"]");
    assert!(output(&dir, &["summary", "mine.toml"]).contains("Dropout 0.5"));
    dir.write("overfit.toml", "variant.dropout.hidden2.dropout = 0.25");
    assert!(output(&dir, &["summary", "mine.toml"]).contains("Dropout 0.25"));
    // A built-in config extends built-in ones, whatever files are there.
    dir.write("mnist.toml", "fit.epochs = 0");
    output(&dir, &["summary", "smoke"]);
}

#[test]
fn an_error_in_a_built_in_config_names_it() {
    let dir = TestDir::new();
    let line = include_str!("../../../configs/dropout.toml")
        .lines()
        .position(|line| line.contains("last_hidden.dropout"))
        .unwrap();
    let message = refusal(&dir, &["summary", "dropout", "--set", "variants=[\"none\"]"]);
    let expected = format!("error: dropout (built in), line {}: sweep.variant.dropout", line + 1);
    assert!(message.starts_with(&expected), "{message}");
}

#[cfg(unix)]
#[test]
fn a_config_that_is_no_regular_file_is_refused() {
    let dir = TestDir::new();
    dir.shell("mkfifo fifo.toml").assert().success();
    let special = "a FIFO, a socket or a device";
    // The folder is a path by its separator.
    for (file, found) in [("fifo.toml", special), ("/dev/zero", special), ("./digits", "a folder")]
    {
        let output = dir.output(&["summary", file]);
        assert_eq!(output.status.code(), Some(2));
        let expected = format!(
            "error: cannot read the config {file}\n  because: it is {found}, not a regular file\n"
        );
        assert_eq!(stderr(&output), expected);
    }
    dir.write("mine.toml", "extends = \"fifo.toml\"");
    assert_eq!(refusal(&dir, &["summary", "mine.toml"]), "error: cannot read the config fifo.toml");
}

/// A changed id means that the runs of all users are trained again. Raise the version of the numerics where it is meant.
#[test]
fn the_runs_of_the_built_in_configs_keep_their_ids() {
    let files = InputFiles {
        dataset_sha256: "c65580678af93f1ea48c2c0d01d543ec89307c6b8a0eb7ca542d7c18c5f4c681"
            .to_owned(),
        training_images: 60_000,
        ..InputFiles::default()
    };
    let mut ids = String::new();
    for built_in in builtin::ALL {
        let entries = config::find(std::path::Path::new(built_in.name)).unwrap().read(&[]).unwrap();
        let study = Study::read(built_in.name, &entries).unwrap();
        for run in &study.runs {
            ids += &format!("{} {run}: {}\n", study.name, study.inputs(run, &files).id());
        }
    }
    insta::assert_snapshot!(ids);
}

#[test]
fn every_setting_is_listed() {
    let dir = TestDir::new();
    let all = output(&dir, &["settings"]);
    insta::assert_snapshot!(all);
    let parts = ["study", "data", "fit", "output", "variant", "layer"];
    let parts: String = parts.iter().map(|part| output(&dir, &["settings", part])).collect();
    assert_eq!(parts, all);
    // configs/mnist.toml names every key.
    let shown = include_str!("../../../configs/mnist.toml");
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let words: Vec<&str> = shown.split(|character| !is_part(character)).collect();
    for line in all.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let key = line.trim().split(' ').next().unwrap_or_default();
        let name = key.rsplit('.').next().unwrap_or_default();
        assert!(words.contains(&name), "configs/mnist.toml lacks {key}");
    }
}
