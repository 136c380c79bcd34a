//! The source of a study's data set: it is saved, and not silently replaced by another.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::TestDir;
use predicates::str::contains;

/// Returns a command that finds no MNIST, and cannot download it because the cache folder is a file.
fn without_mnist(dir: &TestDir, arguments: &[&str]) -> assert_cmd::Command {
    let mut command = dir.trainer(arguments);
    command.env("XDG_CACHE_HOME", dir.write("cache", "a file"));
    command
}

#[test]
fn the_source_of_a_study_is_not_replaced() {
    let dir = TestDir::new();
    let lines = "data.sources = [\"mnist\", \"synthetic\"]\ndata.limit = 100\nfit.epochs = 1\nvariants = [\"none\"]";
    dir.write("small.toml", lines);
    let run = ["run", "small.toml", "--out", "out"];
    without_mnist(&dir, &run).assert().success().stderr(contains("MNIST was not found"));
    assert!(dir.read("out/study.toml").contains("data.sources = [\"synthetic\"]"));
    let saved = dir.read("out/study.json");
    assert!(saved.contains("\"source\": \"synthetic\""), "{saved}");

    // As if the study had been trained on MNIST.
    let mnist = saved.replace("\": \"synthetic\"", "\": \"mnist\"");
    dir.write("out/study.json", &mnist);
    let toml = ["runs", "small.toml", "--out", "out", "--toml"];
    for command in [&run[..], &["runs", "small.toml", "--out", "out", "--batches", "2"]] {
        without_mnist(&dir, command)
            .assert()
            .code(2)
            .stderr(contains("data.sources: out was trained on `mnist`, which is not available"))
            .stderr(contains("Tried: $MNIST_DIR is not set"))
            .stderr(contains("write data.sources = [\"synthetic\"]"));
    }
    // The list of runs needs no data set where study.json names its source.
    let listed = without_mnist(&dir, &toml).assert().success();
    listed.stdout(contains("data.sources = [\"mnist\"]"));

    // Files that could not be verified may have changed.
    dir.write(
        "out/study.json",
        &mnist.replace("\"name\": \"mnist\"", "\"name\": \"mnist-0123abcd\""),
    );
    without_mnist(&dir, &toml).assert().code(2).stderr(contains("was trained on `mnist`"));

    let synthetic = ["--set", "data.sources=[\"synthetic\"]"];
    let assert = without_mnist(&dir, &[&run[..], &synthetic].concat()).assert().success();
    assert.stderr(contains("1 run on flex, 1 of them finished before"));
    // Results need neither config nor data set.
    std::fs::remove_file(dir.path("small.toml")).unwrap();
    without_mnist(&dir, &["results", "out"]).assert().success().stderr("");
}
