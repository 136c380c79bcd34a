//! Configs by name: in a folder `configs`, or built in.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Place, stderr};

/// The output of a command that must succeed.
fn output(place: &Place, arguments: &[&str]) -> String {
    let output = place.trainer(arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The first line of stderr of a command that must be refused.
fn refusal(place: &Place, arguments: &[&str]) -> String {
    let output = place.trainer(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn every_config_is_listed_with_its_first_comment() {
    let place = Place::new();
    std::fs::create_dir(place.path("configs")).unwrap();
    place.write("configs/mine.toml", "# What I try.\nextends = \"mnist.toml\"\n");
    place.write("configs/gpu.toml", "# Another GPU.\nextends = \"mnist.toml\"\n");
    let messages = output(&place, &["configs"]);
    insta::assert_snapshot!(messages);
}

#[test]
fn a_built_in_config_is_found_from_any_folder() {
    let place = Place::new();
    let text = output(&place, &["summary", "dropout"]);
    assert!(text.contains("What is swept"), "{text}");
    let digits = ["--set", "data.dir=digits", "--set", "fit.epochs=1"];
    output(&place, &[&["run", "smoke", "--quiet"][..], &digits].concat());
    assert!(place.path("results/smoke/results.csv").is_file());
}

#[test]
fn a_file_of_this_folder_is_named_with_its_ending() {
    let place = Place::new();
    place.write("mine.toml", "extends = \"mnist.toml\"");
    let message = refusal(&place, &["summary", "mine"]);
    let advice = "; to use the file mine.toml of this folder, write its ending too";
    assert!(message.ends_with(advice), "{message}");
    output(&place, &["summary", "mine.toml"]);
}

#[test]
fn a_config_extends_a_built_in_one_where_no_such_file_is() {
    let place = Place::new();
    place.write("mine.toml", "extends = \"overfit.toml\"\nvariants = [\"dropout\"]");
    assert!(output(&place, &["summary", "mine.toml"]).contains("Dropout 0.5"));
    place.write("overfit.toml", "variant.dropout.hidden2.dropout = 0.25");
    assert!(output(&place, &["summary", "mine.toml"]).contains("Dropout 0.25"));
    // A built-in config extends built-in ones, whatever files are there.
    place.write("mnist.toml", "fit.epochs = 0");
    output(&place, &["summary", "smoke"]);
}

#[test]
fn an_error_in_a_built_in_config_names_it() {
    let place = Place::new();
    let line = include_str!("../../../configs/dropout.toml")
        .lines()
        .position(|line| line.contains("last_hidden.dropout"))
        .unwrap();
    let message = refusal(&place, &["summary", "dropout", "--set", "variants=[\"none\"]"]);
    let expected = format!("error: dropout (built in), line {}: sweep.variant.dropout", line + 1);
    assert!(message.starts_with(&expected), "{message}");
}

#[cfg(unix)]
#[test]
fn a_config_that_is_no_regular_file_is_refused() {
    let place = Place::new();
    assert!(place.shell("mkfifo fifo.toml").status.success());
    for file in ["fifo.toml", "/dev/zero", "digits"] {
        // A file name by its ending, or a path by its folder.
        let file = if file == "digits" { "./digits" } else { file };
        let output = place.trainer(&["summary", file]);
        assert_eq!(output.status.code(), Some(2));
        let expected =
            format!("error: cannot read the config {file}\n  because: it is not a regular file\n");
        assert_eq!(stderr(&output), expected);
    }
    place.write("mine.toml", "extends = \"fifo.toml\"");
    assert_eq!(
        refusal(&place, &["summary", "mine.toml"]),
        "error: mine.toml:1: extends: there is no file fifo.toml"
    );
}
