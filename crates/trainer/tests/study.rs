//! A whole study through the command line, on a small data set.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Place, StderrContains, cells};

const HEADER: &str = "variant,acc_train,acc_test,pct_diff,seed,loss_train,loss_test,parameters,epochs,dataset,\
                      pixels,backend,fit_seconds";

#[test]
fn trains_the_six_variants_and_writes_their_files() {
    let place = Place::new();
    place.config("small.toml", "");
    let table = place.stdout(&["run", "small.toml", "--out", "out"]);
    let names = ["none", "l2", "l1", "dropout", "batch_norm", "batch_norm_dropout"];
    let rows_of_table: Vec<&str> =
        table.lines().skip(1).take(6).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(rows_of_table, names, "{table}");
    assert!(table.starts_with("variant             acc_train  acc_test  pct_diff\n"), "{table}");

    assert_eq!(place.read("out/results.csv").lines().next(), Some(HEADER));
    let rows = place.csv("out/results.csv");
    assert_eq!(rows.len(), 6);
    for (row, name) in rows.iter().zip(names) {
        let parameters = if name.contains("batch_norm") { "55510" } else { "54510" };
        let columns = ["variant", "seed", "parameters", "epochs", "dataset", "pixels", "backend"];
        assert_eq!(cells(row, columns), [name, "0", parameters, "2", "digits", "unit", "flex"]);
        for file in ["model.safetensors", "history.csv", "run.json"] {
            assert!(place.path(&format!("out/runs/{name}/seed-0/{file}")).is_file());
        }
        let history = place.read(&format!("out/runs/{name}/seed-0/history.csv"));
        assert!(history.starts_with("epoch,loss,acc\n1,"), "{history}");
        assert_eq!(history.lines().count(), 3);
    }
}

#[test]
fn gives_the_same_results_whatever_runs_beside_it() {
    let place = Place::new();
    // Several gradients meet in one tensor: the order in which they are added must not vary.
    let both = "{ l1 = 0.001, l2 = 0.001 }";
    let layer = |name: &str| {
        ["kernel", "bias", "activity"]
            .map(|part| format!("variant.all.{name}.{part}_regularizer = {both}\n"))
            .concat()
    };
    let all = ["hidden1", "hidden2"].map(|name| {
        let more = ["batch_norm = true", "dropout = 0.2"];
        layer(name) + &more.map(|line| format!("variant.all.{name}.{line}\n")).concat()
    });
    let lines = "seeds = [0, 1]\nvariants = [\"dropout\", \"all\"]\n";
    place.config("small.toml", &[lines, &all.concat(), &layer("output")].concat());
    for backend in ["flex", "ndarray"] {
        let set = format!("backend={backend}");
        let one = place.results(
            "small.toml",
            &format!("{backend}-1"),
            &["--set", &set, "--set", "jobs=1"],
        );
        let four = place.results(
            "small.toml",
            &format!("{backend}-4"),
            &["--set", &set, "--set", "jobs=4"],
        );
        let turned =
            ["--set", &set, "--set", "seeds=[1, 0]", "--set", "variants=[\"all\", \"dropout\"]"];
        let turned = place.results("small.toml", &format!("{backend}-turned"), &turned);
        assert_eq!(one, four);
        assert_eq!(one.len(), 4);
        for row in &one {
            assert!(turned.contains(row), "{row:?} is not in {turned:?}");
        }
        let weights = |folder: &str| {
            std::fs::read(
                place.path(&format!("{backend}-{folder}/runs/all/seed-1/model.safetensors")),
            )
            .unwrap()
        };
        assert!(weights("1") == weights("4"));
        let losses = |row| cells(row, ["loss_train", "loss_test"]);
        assert_ne!(losses(&one[0]), losses(&one[1]), "two seeds gave one result");
    }
}

#[test]
fn the_last_share_validates() {
    let place = Place::new();
    place.config("small.toml", "data.validation_split = 0.25\nvariants = [\"none\"]");
    place.results("small.toml", "out", &[]);
    let history = place.read("out/runs/none/seed-0/history.csv");
    assert_eq!(history.lines().next(), Some("epoch,loss,acc,val_loss,val_acc"));
    for epoch in place.csv("out/runs/none/seed-0/history.csv") {
        let [loss, accuracy] =
            cells(&epoch, ["val_loss", "val_acc"]).map(|cell| cell.parse::<f64>().unwrap());
        assert!(loss > 0.0 && (0.0..=1.0).contains(&accuracy), "{epoch:?}");
    }
}

#[test]
fn a_second_run_trains_what_is_left() {
    let place = Place::new();
    place.config("small.toml", "");
    let none = place.results("small.toml", "out", &["--set", "variants=[\"none\"]"]);
    let record = place.read("out/runs/none/seed-0/run.json");
    let assert = place.trainer(&["results", "small.toml", "--out", "out"]).assert();
    assert.stderr("note: 5 of 6 runs have not finished\n");
    let all = place.results("small.toml", "out", &[]);
    assert_eq!(all.len(), 6);
    assert_eq!(none[0], all[0]);
    assert_eq!(record, place.read("out/runs/none/seed-0/run.json"), "it was trained again");
}

#[test]
fn a_folder_of_other_settings_is_refused() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"none\"]");
    let before = place.results("small.toml", "out", &[]);
    let run = ["run", "small.toml", "--out", "out"];
    let assert = place.trainer(&[&run[..], &["--set", "fit.epochs=1"]].concat()).assert();
    assert.code(2).stderr_contains("fit.epochs is 2 there, 1 here");
    assert_eq!(before, place.results("small.toml", "out", &[]));

    // Neither may another variant be put beside it.
    let beside = ["--set", "variants=[\"l2\"]", "--set", "data.pixels=raw"];
    let assert = place.trainer(&[&run[..], &beside].concat()).assert().code(2);
    assert.stderr_contains("none seed 0").stderr_contains("data.pixels is");
    assert_eq!(before, place.results("small.toml", "out", &[]));
}

#[test]
fn study_toml_is_a_config_for_the_same_study() {
    let place = Place::new();
    let lines = "variants = [\"mine\", \"plain\", \"l2\"]\nvariant.mine.hidden1.dropout = 0.5\n\
                 variant.plain.hidden2.dropout = 0\nvariant.l2.hidden2.kernel_regularizer.l2 = 0\n";
    place.config("small.toml", lines);
    let one = place.results("small.toml", "one", &[]);
    let other = place.results("one/study.toml", "other", &[]);
    assert_eq!(one, other);
    assert_eq!(place.read("one/study.toml"), place.read("other/study.toml"));
}

#[test]
fn a_run_starts_from_given_weights_in_the_given_order() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"batch_norm\"]\nfit.shuffle = false");
    place.results("small.toml", "first", &[]);
    let weights = "fit.weights=first/runs/batch_norm/seed-0/model.safetensors";
    let mut one = place.results("small.toml", "one", &["--set", weights]);
    let mut other = place.results("small.toml", "other", &["--set", weights, "--set", "seeds=[5]"]);
    assert_eq!(one[0].remove("seed").unwrap(), "0");
    assert_eq!(other[0].remove("seed").unwrap(), "5");
    // The same start and order: nothing is left for the seed to decide.
    assert_eq!(one, other);

    let wrong = ["--set", weights, "--set", "fit.weights=other.safetensors"];
    place.trainer(&[&["run", "small.toml", "--out", "one"][..], &wrong].concat()).assert().code(2);
}

#[test]
fn a_loss_without_bounds_ends_the_run_and_is_marked() {
    let place = Place::new();
    let lines = "variants = [\"none\", \"wild\"]\nfit.epochs = 9\n\
                 variant.wild.hidden2.kernel_regularizer.l2 = 1e30";
    place.write("wild.toml", &format!("data.dir = \"digits\"\n{lines}"));
    let table = place.stdout(&["run", "wild.toml", "--out", "out"]);
    assert!(table.contains("† the loss is no longer a finite number"), "{table}");
    assert_eq!(place.csv("out/results.csv")[1]["loss_train"], "NaN");
}
