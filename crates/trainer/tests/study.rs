//! Trains whole studies through the command line, on a small data set.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Row, TestDir, any_order, cells};
use predicates::str::contains;

const HEADER: &str = "variant,acc_train,acc_test,pct_diff,seed,loss_train,loss_test,parameters,epochs,dataset,\
                      pixels,backend,fit_seconds,run";

#[test]
fn trains_the_six_variants_and_writes_their_files() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    let table = dir.stdout(&["run", "small.toml", "--out", "out"]);
    let names = ["none", "l2", "l1", "dropout", "batch_norm", "batch_norm_dropout"];
    let labels: Vec<&str> =
        table.lines().skip(1).take(6).map(|line| line[..20].trim_end_matches([' ', '*'])).collect();
    assert_eq!(labels, ["none", "L2", "L1", "dropout", "batch norm", "batch norm + dropout"]);
    assert!(table.starts_with("variant               train %  test %   gap\n"), "{table}");

    assert_eq!(dir.read("out/results.csv").lines().next(), Some(HEADER));
    let rows = dir.csv("out/results.csv");
    assert_eq!(rows.len(), 6);
    for (row, name) in rows.iter().zip(names) {
        let parameters = if name.contains("batch_norm") { "55510" } else { "54510" };
        let columns = ["variant", "seed", "parameters", "epochs", "dataset", "pixels", "backend"];
        assert_eq!(cells(row, columns), [name, "0", parameters, "2", "digits", "unit", "flex"]);
        assert!(row["run"].starts_with(&format!("{name}-seed-0-")));
        for file in [
            "inputs.json",
            "model.safetensors",
            "history.csv",
            "predictions.safetensors",
            "state.safetensors",
            "run.json",
        ] {
            assert!(dir.path(&format!("out/runs/{name}-seed-0/{file}")).is_file());
        }
        let history = dir.read(&format!("out/runs/{name}-seed-0/history.csv"));
        assert!(history.starts_with("epoch,loss,acc\n1,"), "{history}");
        assert_eq!(history.lines().count(), 3);
    }
}

#[test]
fn results_do_not_depend_on_jobs_or_order() {
    any_order::check("flex");
}

#[test]
fn the_validation_split_is_evaluated_after_each_epoch() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "data.validation_split = 0.25\nvariants = [\"none\"]");
    dir.train("small.toml", "out", &[]);
    let history = dir.read("out/runs/none-seed-0/history.csv");
    assert_eq!(history.lines().next(), Some("epoch,loss,acc,val_loss,val_acc"));
    for epoch in dir.csv("out/runs/none-seed-0/history.csv") {
        let [loss, accuracy] =
            cells(&epoch, ["val_loss", "val_acc"]).map(|cell| cell.parse::<f64>().unwrap());
        assert!(loss > 0.0 && (0.0..=1.0).contains(&accuracy), "{epoch:?}");
    }
}

#[test]
fn held_out_images_are_evaluated_every_so_many_epochs() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\", \"l2\"]\ndata.validation = 60\ndata.limit = 100\nfit.validate_every = 2";
    dir.write_config("small.toml", lines);
    let rows = dir.train("small.toml", "out", &["--set", "fit.epochs=5"]);
    let header = dir.read("out/results.csv").lines().next().unwrap().to_owned();
    assert!(header.ends_with(",fit_seconds,run,acc_val,loss_val"), "{header}");
    let history = dir.csv("out/runs/l2-seed-0/history.csv");
    let validated = history.iter().map(|epoch| !epoch["val_loss"].is_empty());
    assert_eq!(validated.collect::<Vec<_>>(), [false, true, false, true, false]);
    // The final weights are those of the fifth epoch.
    assert_ne!(history[3]["val_loss"], rows[1]["loss_val"]);
    let record: serde_json::Value =
        serde_json::from_str(&dir.read("out/runs/l2-seed-0/run.json")).unwrap();
    let images = ["train", "validation", "test"].map(|part| record[part]["images"].as_u64());
    assert_eq!(images, [Some(100), Some(60), Some(100)]);
    let penalty = |part: &str| {
        let of = |what: &str| record[part][what].as_f64().unwrap();
        of("loss") - of("cross_entropy")
    };
    // The penalty of the weights is the same on all images.
    assert!(penalty("train") > 0.1 && (penalty("train") - penalty("validation")).abs() < 1e-4);
    assert!(
        dir.read("out/report.html").contains("100 training images, 60 held out, 100 test images")
    );

    // With every epoch evaluated, the last one has the scores of the final weights.
    dir.train("small.toml", "every", &["--set", "fit.validate_every=1"]);
    let history = dir.csv("every/runs/l2-seed-0/history.csv");
    let rows = dir.csv("every/results.csv");
    assert_eq!(
        cells(&history[1], ["val_loss", "val_acc"]),
        cells(&rows[1], ["loss_val", "acc_val"])
    );

    let shown = dir.stdout(&["show", "0", "small.toml", "--split", "validation"]);
    // The label of image i is 7i mod 10, and the first one held out is image 240.
    assert!(shown.starts_with("image 0, labelled 0\n"), "{shown}");
    for (set, message) in [
        (
            "data.validation_split=0.2",
            "data.validation: cannot be combined with `data.validation_split` (--set)",
        ),
        (
            "data.limit=241",
            "data.limit: is 241, but data.validation leaves 240 of 300 training images",
        ),
        ("sweep.data.validation=[10]", "sweep.data.validation: cannot be swept"),
    ] {
        let run = ["run", "small.toml", "--out", "other", "--set", set];
        dir.trainer(&run).assert().code(2).stderr(contains(message));
    }
    dir.write_config("none.toml", "variants = [\"none\"]");
    let show = ["show", "0", "none.toml", "--split", "validation"];
    dir.trainer(&show)
        .assert()
        .code(2)
        .stderr("error: no images are held out: set data.validation\n");
}

#[test]
fn a_seed_draws_its_images_for_all_variants() {
    let dir = TestDir::new();
    // Without shuffling and with given weights, only the images differ.
    let lines = "variants = [\"none\", \"plain\"]\nvariant.plain.hidden1.dropout = 0\nfit.shuffle = false\n\
                 seeds = [0, 1]\ndata.limit = 50";
    dir.write_config("small.toml", lines);
    dir.train("small.toml", "start", &["--set", "fit.epochs=1"]);
    let model = dir.relative("start/runs/none-seed-0/model.safetensors");
    let given = ["--set", &format!("fit.weights={model}")];
    let losses =
        |rows: &[Row]| -> Vec<String> { rows.iter().map(|row| row["loss_test"].clone()).collect() };
    let first = losses(&dir.train("small.toml", "first", &given));
    assert_eq!(first[0], first[1]);
    let sample = [&given[..], &["--set", "data.sample=seed"]].concat();
    let drawn = losses(&dir.train("small.toml", "drawn", &sample));
    assert_ne!(drawn[0], drawn[1]);
    assert_eq!(drawn[..2], drawn[2..]);
}

#[test]
fn a_second_run_trains_only_unfinished_runs() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    let none = dir.train("small.toml", "out", &["--set", "variants=[\"none\"]"]);
    let record = dir.read("out/runs/none-seed-0/run.json");
    let assert = dir.trainer(&["results", "out"]).assert();
    assert.stderr("");
    let all = dir.train("small.toml", "out", &[]);
    assert_eq!(all.len(), 6);
    assert_eq!(none[0], all[0]);
    assert_eq!(record, dir.read("out/runs/none-seed-0/run.json"), "it was trained again");
}

#[test]
fn study_toml_is_a_config_for_the_same_study() {
    let dir = TestDir::new();
    let lines = "variants = [\"mine\", \"plain\", \"l2\"]\nvariant.mine.hidden1.dropout = 0.5\n\
                 variant.plain.hidden2.dropout = 0\nvariant.l2.hidden2.kernel_regularizer.l2 = 0\n";
    dir.write_config("small.toml", lines);
    let one = dir.train("small.toml", "one", &[]);
    let other = dir.train("one/study.toml", "other", &[]);
    assert_eq!(one, other);
    assert_eq!(dir.read("one/study.toml"), dir.read("other/study.toml"));
}

#[test]
fn given_weights_without_shuffling_make_the_seed_irrelevant() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"batch_norm\"]\nfit.shuffle = false");
    dir.train("small.toml", "first", &[]);
    let model = dir.path("first/runs/batch_norm-seed-0/model.safetensors");
    let weights = &format!("fit.weights={}", model.display());
    let mut one = dir.train("small.toml", "one", &["--set", weights]);
    let mut other = dir.train("small.toml", "other", &["--set", weights, "--set", "seeds=[5]"]);
    assert_eq!(one[0].remove("seed").unwrap(), "0");
    assert_eq!(other[0].remove("seed").unwrap(), "5");
    assert_ne!(one[0].remove("run"), other[0].remove("run"));
    // The start weights and the order of the images are the same.
    assert_eq!(one, other);

    let wrong = ["--set", weights, "--set", "fit.weights=other.safetensors"];
    dir.trainer(&[&["run", "small.toml", "--out", "one"][..], &wrong].concat()).assert().code(2);
}

#[test]
fn an_infinite_loss_ends_the_run_and_is_marked() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\", \"wild\"]\nfit.epochs = 9\n\
                 variant.wild.hidden2.kernel_regularizer.l2 = 1e30";
    dir.write("wild.toml", &format!("data.dir = \"digits\"\n{lines}"));
    let table = dir.stdout(&["run", "wild.toml", "--out", "out"]);
    assert!(table.contains("† diverged"), "{table}");
    assert_eq!(dir.csv("out/results.csv")[1]["loss_train"], "NaN");
}
