//! What `trainer results` and summary.csv say of a study, compared with results.csv.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Place, cells};

fn results(place: &Place, arguments: &[&str]) -> String {
    place.stdout(&[&["results", "small.toml", "--out", "out"], arguments].concat())
}

#[test]
fn several_seeds_are_summed_up_everywhere_alike() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"l2\", \"none\"]\nseeds = [4, 1, 2]");
    let rows = place.results("small.toml", "out", &[]);
    let of = |variant: &str| -> Vec<f64> {
        let rows = rows.iter().filter(|row| row["variant"] == variant);
        rows.map(|row| row["acc_test"].parse().unwrap()).collect()
    };
    let (l2, none) = (of("l2"), of("none"));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let near = |found: &str, expected: f64| {
        assert!((found.parse::<f64>().unwrap() - expected).abs() < 1e-6, "{found} for {expected}");
    };

    let summary = place.csv("out/summary.csv");
    assert_eq!(summary.len(), 2);
    assert_eq!(cells(&summary[0], ["variant", "n", "difference_mean"]), ["l2", "3", ""]);
    assert_eq!(cells(&summary[1], ["variant", "n"]), ["none", "3"]);
    near(&summary[0]["acc_test_mean"], mean(&l2));
    near(&summary[1]["acc_test_mean"], mean(&none));
    near(&summary[1]["difference_mean"], mean(&none) - mean(&l2));

    assert_eq!(results(&place, &["--csv"]), place.read("out/results.csv"));
    let json: serde_json::Value = serde_json::from_str(&results(&place, &["--json"])).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 6);
    assert_eq!((&json["runs"][1]["variant"], &json["runs"][1]["seed"]), (&"l2".into(), &1.into()));
    assert_eq!(json["summary"][1]["difference"]["variant"], "l2");
    for end in ["mean", "low", "high"] {
        let expected = json["summary"][1]["difference"][end].as_f64().unwrap();
        near(&summary[1][&format!("difference_{end}")], expected);
    }
    let table = results(&place, &[]);
    let row = table.lines().nth(2).unwrap();
    assert!(
        row.starts_with(&format!(
            "none     3  {:.5} ± ",
            json["summary"][1]["acc_train"]["mean"].as_f64().unwrap()
        )),
        "{table}"
    );
    assert!(row.contains(&format!("{:.5} ± ", mean(&none))), "{table}");
}

#[test]
fn one_seed_is_called_what_it_is() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"l2\", \"none\"]");
    place.results("small.toml", "out", &[]);
    assert!(results(&place, &[]).contains("One run of each proves little"));
    assert!(!place.path("out/summary.csv").exists());
}

#[test]
fn a_copy_of_a_run_is_no_other_run() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"none\"]");
    place.results("small.toml", "out", &[]);
    let copies =
        "cp -r out/runs/none/seed-0 out/runs/none/seed-0.backup && cp -r out/runs/none out/runs/l2";
    place.shell(copies).assert().success();
    // However damaged it is.
    place.write("out/runs/none/seed-0.backup/model.safetensors", "damage");
    assert_eq!(place.results("small.toml", "out", &["--set", "seeds=[0, 1]"]).len(), 2);
}
