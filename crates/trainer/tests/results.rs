//! `trainer results` and summary.csv, compared with results.csv.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Row, TestDir, cells};
use predicates::str::contains;
use trainer::{results::statistics::mcnemar, store::SavedPredictions};

fn results(dir: &TestDir, arguments: &[&str]) -> String {
    dir.stdout(&[&["results", "out"], arguments].concat())
}

#[test]
fn every_output_has_the_same_means_over_seeds() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"l2\", \"none\"]\nseeds = [4, 1, 2]");
    let rows = dir.train("small.toml", "out", &[]);
    let of = |variant: &str| -> Vec<f64> {
        let rows = rows.iter().filter(|row| row["variant"] == variant);
        rows.map(|row| row["acc_test"].parse().unwrap()).collect()
    };
    let (l2, none) = (of("l2"), of("none"));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let near = |found: &str, expected: f64| {
        assert!((found.parse::<f64>().unwrap() - expected).abs() < 1e-6, "{found} for {expected}");
    };

    let summary = dir.csv("out/summary.csv");
    assert_eq!(summary.len(), 2);
    assert_eq!(cells(&summary[0], ["variant", "n", "difference_mean"]), ["l2", "3", ""]);
    assert_eq!(cells(&summary[1], ["variant", "n"]), ["none", "3"]);
    near(&summary[0]["acc_test_mean"], mean(&l2));
    near(&summary[1]["acc_test_mean"], mean(&none));
    near(&summary[1]["difference_mean"], mean(&none) - mean(&l2));

    assert_eq!(results(&dir, &["--csv"]), dir.read("out/results.csv"));
    let json: serde_json::Value = serde_json::from_str(&results(&dir, &["--json"])).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 6);
    assert_eq!((&json["runs"][1]["variant"], &json["runs"][1]["seed"]), (&"l2".into(), &1.into()));
    assert_eq!(json["summary"][1]["difference"]["variant"], "l2");
    for end in ["mean", "low", "high"] {
        let expected = json["summary"][1]["difference"][end].as_f64().unwrap();
        near(&summary[1][&format!("difference_{end}")], expected);
    }
    let table = results(&dir, &["--full"]);
    let row = table.lines().nth(2).unwrap();
    let train = json["summary"][1]["acc_train"]["mean"].as_f64().unwrap();
    assert!(row.starts_with(&format!("none *   3  {:.1} ± ", 100.0 * train)), "{table}");
    assert!(row.contains(&format!("{:.1} ± ", 100.0 * mean(&none))), "{table}");
}

#[test]
fn one_seed_gets_a_test_of_the_networks() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"l2\", \"none\"]");
    dir.train("small.toml", "out", &[]);
    let table = results(&dir, &["--explain"]);
    assert!(table.contains("One seed proves little"), "{table}");
    assert!(table.contains("It compares these networks, not the methods."), "{table}");
    let summary = dir.csv("out/summary.csv");
    let columns = ["p", "verdict", "seeds_needed", "difference_mean", "chosen"];
    assert_eq!(cells(&summary[0], columns), ["", "", "", "", "false"]);
    // McNemar's test of the predictions that are saved.
    let correct = ["l2", "none"].map(|variant| {
        let bytes =
            std::fs::read(dir.path(&format!("out/runs/{variant}-seed-0/predictions.safetensors")));
        let SavedPredictions { labels, predicted } =
            SavedPredictions::parse(&bytes.unwrap()).unwrap();
        let pairs = labels.into_iter().zip(predicted.unwrap());
        pairs.map(|(label, predicted)| label == predicted).collect::<Vec<_>>()
    });
    let only = |one: usize| {
        let pairs = correct[one].iter().zip(&correct[1 - one]);
        pairs.filter(|(one, other)| **one && !**other).count() as u64
    };
    let p: f64 = summary[1]["p"].parse().unwrap();
    assert!((p - mcnemar(only(0), only(1))).abs() < 1e-5, "{p}");
    assert_eq!(cells(&summary[1], ["verdict", "chosen"]), ["", "false"]);
}

#[test]
fn the_chosen_points_are_the_best_on_held_out_images() {
    let dir = TestDir::new();
    let rate = "variant.dropout.hidden2.dropout";
    let lines = format!(
        "variants = [\"none\", \"dropout\"]\nseeds = [0, 1, 2]\ndata.validation = 100\nfit.learning_rate = 0.1\n\
         fit.epochs = 4\n[sweep]\n{rate} = [0.1, 0.99]\n"
    );
    dir.write("small.toml", &format!("data.dir = \"digits\"\nfit.batch_size = 20\n{lines}"));
    let rows = dir.train("small.toml", "out", &[]);
    let mean = |point: &str| -> f64 {
        let rows = rows.iter().filter(|row| row["variant"] == "dropout" && row[rate] == point);
        rows.map(|row| row["acc_val"].parse::<f64>().unwrap()).sum()
    };
    assert!(mean("0.1") > mean("0.99"));
    let summary = dir.csv("out/summary.csv");
    let chosen = summary.iter().map(|row| cells(row, ["variant", rate, "chosen"]));
    let expected = [["none", "", "true"], ["dropout", "0.1", "true"], ["dropout", "0.99", "false"]];
    assert!(chosen.eq(expected), "{summary:?}");
    // Only what is chosen is compared.
    assert!(!summary[1]["p_adjusted"].is_empty() && summary[2]["p_adjusted"].is_empty());
    let table = results(&dir, &["--explain"]);
    assert_eq!(table.matches('★').count(), 3, "{table}");
    assert!(table.contains("★ each variant's best point by mean accuracy on the held-out images"));
    assert!(table.contains("dropout ★"), "{table}");
    let json: serde_json::Value = serde_json::from_str(&results(&dir, &["--json"])).unwrap();
    assert_eq!(
        (&json["summary"][1]["chosen"], &json["summary"][2]["chosen"]),
        (&true.into(), &false.into())
    );
    let page = dir.read("out/report.html");
    assert!(page.contains(
        "each variant is shown at its best point by mean accuracy on the held-out images"
    ));
    assert_eq!(shown(&page), ["none", "dropout dropout=0.1"]);
}

/// Trains a sweep on a data set, and returns what it chooses: the chosen points, and the networks that the report shows.
fn choices(dir: &TestDir, digits: &str) -> (Vec<String>, Vec<String>) {
    let set = format!("data.dir={digits}");
    dir.train("small.toml", &format!("out-{digits}"), &["--set", &set]);
    let summary = dir.csv(&format!("out-{digits}/summary.csv"));
    let chosen = summary.iter().filter(|row| row["chosen"] == "true");
    let point = |row: &Row| format!("{} {}", row["variant"], row["fit.learning_rate"]);
    let page = dir.read(&format!("out-{digits}/report.html"));
    (chosen.map(point).collect(), shown(&page))
}

/// Returns the names of the groups that a report shows unless a slider is moved.
fn shown(page: &str) -> Vec<String> {
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let data: serde_json::Value =
        serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    let shown = data["groups"].as_array().unwrap().iter().filter(|group| group["shown"] == true);
    shown.map(|group| group["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_test_labels_change_no_choice() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\", \"dropout\"]\nseeds = [0, 1]\ndata.validation = 100\n\
                 [sweep]\nfit.learning_rate = [0.01, 0.05, 0.2]";
    dir.write_config("small.toml", lines);
    dir.shell("cp -r digits permuted").assert().success();
    let path = dir.path("permuted/t10k-labels-idx1-ubyte");
    let mut labels = std::fs::read(&path).unwrap();
    // The header has eight bytes.
    labels[8..].rotate_left(3);
    std::fs::write(path, labels).unwrap();
    let accuracies = |out: &str| -> Vec<String> {
        dir.csv(&format!("out-{out}/results.csv"))
            .iter()
            .map(|row| row["acc_test"].clone())
            .collect()
    };
    let (expected, actual) = (choices(&dir, "digits"), choices(&dir, "permuted"));
    assert_ne!(accuracies("digits"), accuracies("permuted"));
    assert_eq!(actual, expected);
    assert_eq!(expected.0.len(), 2);
}

#[test]
fn a_run_may_have_another_name_before_its_id() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\"]");
    let rows = dir.train("small.toml", "out", &[]);
    let run = dir.path("out/runs/none-seed-0");
    let name = run.file_name().unwrap().to_str().unwrap().to_owned();
    let renamed = name.replace("none-seed-0", "mine");
    std::fs::rename(&run, run.with_file_name(&renamed)).unwrap();
    dir.trainer(&["run", "small.toml", "--out", "out"])
        .assert()
        .stderr(contains("1 of them finished before"));
    let again = dir.csv("out/results.csv");
    assert_eq!((&again[0]["run"], &again[0]["acc_test"]), (&renamed, &rows[0]["acc_test"]));
    // A copy without the id is no run.
    dir.shell(&format!("cp -r out/runs/{renamed} out/runs/backup")).assert().success();
    dir.write("out/runs/backup/model.safetensors", "damage");
    dir.trainer(&["run", "small.toml", "--out", "out"]).assert().success();
}

#[test]
fn a_folder_precedes_a_config_of_the_same_name() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\"]");
    dir.train("small.toml", "smoke", &[]);
    assert!(dir.stdout(&["results", "smoke"]).contains("none "));
    std::fs::remove_file(dir.path("smoke/study.json")).unwrap();
    let assert = dir.trainer(&["results", "smoke"]).assert().code(1);
    assert.stderr("error: results/smoke has no finished run\n  train first: trainer run smoke\n");
    let assert = dir.trainer(&["results", "./smoke/"]).assert().code(2);
    assert.stderr(contains("smoke/ has runs, but no study.json"));
    let assert = dir.trainer(&["results", "smokey"]).assert().code(2);
    assert.stderr(contains("smokey is neither a study's folder nor a config"));
}
