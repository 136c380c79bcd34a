//! Networks of any depth, and the names of their layers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::{TestDir, stderr};
use safetensors::SafeTensors;
use serde_json::Value;

/// The output of `trainer summary` for a config that must be read.
fn summary(dir: &TestDir, config: &str, arguments: &[&str]) -> String {
    let output = dir.output(&[&["summary", config], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The first line of stderr of a config that must be refused.
fn refusal(lines: &str) -> String {
    let dir = TestDir::new();
    dir.write_config("bad.toml", lines);
    let output = dir.output(&["run", "bad.toml", "--out", "out"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(!dir.path("out").exists(), "something was written");
    stderr(&output).lines().next().unwrap_or_default().to_owned()
}

/// The first line of a summary that has dropout.
fn dropout(summary: &str) -> &str {
    summary.lines().find(|line| line.contains(".dropout")).unwrap_or("none")
}

#[test]
fn the_presets_regularise_the_last_hidden_layer() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "network.hidden = [7]\nvariants = [\"batch_norm_dropout\"]");
    let text = summary(&dir, "small.toml", &[]);
    assert!(text.contains("hidden1.batch_norm") && text.contains("hidden1.dropout"), "{text}");
    let text = summary(&dir, "small.toml", &["--set", "network.hidden=[7, 7, 5]"]);
    assert!(text.contains("hidden3.batch_norm") && !text.contains("hidden1.batch"), "{text}");
    // 784·7+7, 7·7+7, 7·5+5, four per unit of batch normalisation, 5·10+10.
    assert!(text.contains("parameters: 5671, trainable 5661, not trainable 10"), "{text}");
}

/// The first line of stderr of a summary that must be refused.
fn summary_refusal(dir: &TestDir, config: &str, arguments: &[&str]) -> String {
    let output = dir.output(&[&["summary", config], arguments].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn one_setting_under_both_names_of_a_layer_is_refused() {
    let dir = TestDir::new();
    let base = "variants = [\"mine\"]\nvariant.mine.last_hidden.dropout = 0.1";
    dir.write_config("base.toml", base);
    dir.write("over.toml", "extends = \"base.toml\"\nvariant.mine.hidden2.dropout = 0.2");
    assert!(dropout(&summary(&dir, "base.toml", &[])).starts_with("hidden2.dropout"));
    let expected = "error: base.toml:5: variant.mine.last_hidden.dropout: is the same setting as \
                    `variant.mine.hidden2.dropout`, written at over.toml:2: use the name `last_hidden` for both";
    assert_eq!(summary_refusal(&dir, "over.toml", &[]), expected);
    let argument =
        summary_refusal(&dir, "base.toml", &["--set", "variant.mine.hidden2.dropout=0.4"]);
    assert!(argument.contains("`variant.mine.hidden2.dropout`, written at --set"), "{argument}");
    // A later value of the same name counts.
    let text = summary(&dir, "base.toml", &["--set", "variant.mine.last_hidden.dropout=0.3"]);
    assert!(dropout(&text).contains("Dropout 0.3"), "{text}");
    // Where hidden2 is not the last layer, the two names are two layers.
    let three = summary(&dir, "over.toml", &["--set", "network.hidden=[5, 6, 7]"]);
    assert!(
        three.contains("hidden3.dropout") && dropout(&three).contains("Dropout 0.2"),
        "{three}"
    );
    // Built-in configs are files too.
    let argument = "variant.dropout.hidden2.dropout=0.1";
    let built_in = summary_refusal(&dir, "overfit", &["--set", argument]);
    let expected = "error: overfit (built in), line 21: variant.dropout.last_hidden.dropout: is the same setting as \
                    `variant.dropout.hidden2.dropout`, written at --set";
    assert!(built_in.starts_with(expected), "{built_in}");
}

#[test]
fn a_preset_yields_to_either_name() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"batch_norm_dropout\"]");
    for layer in ["hidden2", "last_hidden"] {
        let set =
            |key: &str, value: &str| format!("variant.batch_norm_dropout.{layer}.{key}={value}");
        let (off, rate) = (set("batch_norm", "false"), set("dropout", "0.3"));
        let arguments = ["--set", &off, "--set", &rate];
        let text = summary(&dir, "small.toml", &arguments);
        assert!(!text.contains("BatchNorm") && text.contains("Dropout 0.3"), "{text}");
        // study.toml has what the user wrote, even at its default, and no more.
        let toml = dir.stdout(&[&["runs", "small.toml", "--toml"], &arguments[..]].concat());
        let lines: Vec<&str> = toml.lines().filter(|line| line.starts_with("variant.")).collect();
        let written = [off, rate].map(|line| line.replace('=', " = "));
        assert_eq!(lines, written);
        dir.write("study.toml", &toml);
        assert_eq!(dir.stdout(&["runs", "study.toml", "--toml"]), toml);
    }
    // At another depth hidden2 is another layer, and the preset is as it was.
    let deep = [
        "--set",
        "network.hidden=[5, 6, 7]",
        "--set",
        "variant.batch_norm_dropout.hidden2.dropout=0.3",
    ];
    let text = summary(&dir, "small.toml", &deep);
    assert!(text.contains("hidden3.dropout") && text.contains("Dropout 0.2"), "{text}");
}

#[test]
fn both_names_are_refused_where_they_meet_at_any_depth_of_a_sweep() {
    let dir = TestDir::new();
    let base = "variants = [\"mine\"]\nvariant.mine.hidden2.dropout = 0.1\n\
                sweep.\"network.hidden\" = [[5, 6, 7], [5, 6]]";
    dir.write_config("base.toml", base);
    dir.write("over.toml", "extends = \"base.toml\"\nvariant.mine.last_hidden.dropout = 0.2");
    let expected = "error: over.toml:2: variant.mine.last_hidden.dropout: is the same setting as \
                    `variant.mine.hidden2.dropout`, written at base.toml:5:";
    let message = summary_refusal(&dir, "over.toml", &[]);
    assert!(message.starts_with(expected), "{message}");
    let deeper = ["--set", "sweep.network.hidden=[[5, 6, 7], [5]]"];
    assert!(summary_refusal(&dir, "over.toml", &deeper).contains("the network has no `hidden2`"));
    summary(&dir, "over.toml", &["--set", "network.hidden=[5, 6, 7]"]);

    let two = "variants = [\"mine\"]\n[sweep]\nvariant.mine.hidden2.dropout = [0.1]\n\
               variant.mine.last_hidden.dropout = [0.2]";
    let message = refusal(two);
    let expected = "error: bad.toml:7: sweep.variant.mine.last_hidden.dropout: is the same setting as \
                    `variant.mine.hidden2.dropout`, written at bad.toml:6:";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn both_names_may_set_different_things() {
    let dir = TestDir::new();
    let apart = "variants = [\"mine\"]\nvariant.mine.last_hidden.dropout = 0.1\n\
                 variant.mine.hidden2.batch_norm = true";
    dir.write_config("small.toml", apart);
    let text = summary(&dir, "small.toml", &[]);
    assert!(text.contains("hidden2.batch_norm") && text.contains("hidden2.dropout"), "{text}");
    // A table under one name is no value: it keeps what stands under the other.
    let range = "variants = [\"mine\"]\nvariant.mine.hidden2.kernel_constraint.min_max_norm.max_value = 2\n\
                 variant.mine.last_hidden.kernel_constraint.min_max_norm = {}";
    dir.write_config("small.toml", range);
    let text = summary(&dir, "small.toml", &[]);
    assert!(text.contains("min_max_norm(0, 2, rate 1)"), "{text}");
}

#[test]
fn a_network_that_cannot_be_is_refused_by_its_key() {
    let list = "must be a list of 1 to 64 whole numbers from 1 to 65536, such as [50, 250], not";
    let many = format!("[{}]", ["1"; 65].join(", "));
    for (units, expected) in [
        ("[]", format!("{list} []")),
        ("[0]", format!("{list} [0]")),
        ("[65537]", format!("{list} [65537]")),
        ("50", format!("{list} 50")),
        ("[1.5]", format!("{list} [1.5]")),
        (many.as_str(), format!("{list} {many}")),
        (
            "[20000, 20000]",
            "makes a network of 415920010 parameters: the maximum is 100000000".to_owned(),
        ),
    ] {
        let message = refusal(&format!("network.hidden = {units}"));
        assert_eq!(message, format!("error: bad.toml:4: network.hidden: {expected}"));
    }
    let message = refusal("variants = [\"mine\"]\nvariant.mine.hidden3.dropout = 0.1");
    let expected = "error: bad.toml:5: variant.mine.hidden3.dropout: the network has no `hidden3`: its layers are \
                    `input`, `hidden1`, `hidden2`, `last_hidden` and `output`";
    assert_eq!(message, expected);
    // A summary needs no GPU.
    let dir = TestDir::new();
    dir.write_config("deep.toml", "backend = \"wgpu\"\nnetwork.hidden = [9000, 9000]");
    let refused = dir.output(&["summary", "deep.toml"]);
    let message = stderr(&refused);
    assert!(
        message.contains("a kernel of 9000 × 9000: a GPU buffer holds at most 128 MiB"),
        "{message}"
    );
    // 839 images of 40 000 activities are more than 128 MiB of float32; 838 are not.
    dir.write_config("wide.toml", "backend = \"wgpu\"\nnetwork.hidden = [40000]");
    let refused = dir.output(&["summary", "wide.toml", "--set", "fit.batch_size=839"]);
    let expected =
        "error: --set: fit.batch_size: must be at most 838: a GPU buffer holds at most 128 MiB";
    assert_eq!(stderr(&refused).lines().next(), Some(expected));
    summary(&dir, "wide.toml", &["--set", "fit.batch_size=838"]);
}

#[test]
fn a_sweep_of_depths_names_its_points_and_is_read_again() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\", \"dropout\"]\n[sweep]\n\"network.hidden\" = [[6, 9], [4], [5, 5, 5]]";
    dir.write_config("small.toml", lines);
    dir.train("small.toml", "out", &[]);
    let mut csv = csv_rows(&dir, "out");
    assert_eq!(csv.len(), 6);
    assert_eq!(csv.remove(0)["network.hidden"], "[6, 9]");
    for (folder, layer) in [("6x9", "hidden2"), ("4", "hidden1"), ("5x5x5", "hidden3")] {
        let run = format!("out/runs/dropout,hidden={folder}-seed-0/inputs.json");
        let run: Value = serde_json::from_str(&dir.read(&run)).unwrap();
        assert_eq!(run[format!("{layer}.dropout")], 0.2, "{run}");
    }
    // study.toml is a config for the same study.
    let output = dir.output(&["report", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(csv_rows(&dir, "out").len(), 6);

    let model = &dir.relative("out/runs/none,hidden=5x5x5-seed-0/model.safetensors");
    let other = &dir.relative("out/runs/dropout,hidden=4-seed-0/model.safetensors");
    dir.output(&["show", "0", "small.toml", "--png", "digit.png"]);
    let output = dir.output(&["predict", "--json", model, other, "digit.png"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers[0]["models"].as_array().unwrap().len(), 2);
    assert_eq!(answers[0]["models"][0]["probabilities"].as_array().unwrap().len(), 10);
}

#[test]
fn a_value_ends_a_sweep_under_its_own_name_only() {
    let dir = TestDir::new();
    let lines = "variants = [\"mine\"]\n[sweep]\n\"variant.mine.last_hidden.dropout\" = [0.1, 0.2]";
    dir.write_config("small.toml", lines);
    let runs = |argument: &str| {
        let output = dir.output(&["runs", "small.toml", "--json", "--set", argument]);
        assert!(output.status.success(), "{}", stderr(&output));
        let runs: Value = serde_json::from_slice(&output.stdout).unwrap();
        runs["runs"].as_array().unwrap().len()
    };
    assert_eq!(runs("seeds=[0]"), 2);
    assert_eq!(runs("variant.mine.last_hidden.dropout=0.5"), 1);
    assert_eq!(runs("variant.mine.hidden1.dropout=0.5"), 2);
    let other = ["--set", "variant.mine.hidden2.dropout=0.5"];
    let message = summary_refusal(&dir, "small.toml", &other);
    assert!(message.contains("is the same setting as `variant.mine.hidden2.dropout`"), "{message}");
}

#[test]
fn weights_of_another_depth_do_not_fit() {
    let dir = TestDir::new();
    dir.write_config("deep.toml", "variants = [\"none\"]\nnetwork.hidden = [6, 5, 4]");
    dir.train("deep.toml", "deep", &[]);
    let model = dir.relative("deep/runs/none-seed-0/model.safetensors");
    let weights = &format!("fit.weights={model}");
    let same = ["run", "deep.toml", "--out", "again", "--set", weights];
    assert!(dir.output(&same).status.success());
    let other = ["--set", weights, "--set", "network.hidden=[6, 5]"];
    let output = dir.output(&[&["run", "deep.toml", "--out", "other"], &other[..]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`output.kernel` is F32 [4, 10]"), "{}", stderr(&output));
}

/// The rows of results.csv, by its header.
fn csv_rows(dir: &TestDir, out: &str) -> Vec<std::collections::HashMap<String, String>> {
    let csv = dir.read(&format!("{out}/results.csv"));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

#[test]
fn an_empty_table_sets_nothing() {
    let dir = TestDir::new();
    let lines = "variants = [\"mine\"]\n[variant.mine.hidden2]\n[variant.mine.last_hidden]\n";
    dir.write_config("small.toml", lines);
    dir.stdout(&["summary", "small.toml"]);
}

/// A preset's setting is swept.
#[test]
fn study_toml_of_a_swept_preset_can_be_read() {
    let dir = TestDir::new();
    let lines = "variants = [\"l2\"]\n[sweep]\nnetwork.hidden = [[5, 6], [5, 6, 7]]\n\
                 variant.l2.last_hidden.kernel_regularizer.l2 = [0.5, 0.6]";
    let config = dir.write_config("small.toml", lines);
    let toml = dir.stdout(&["runs", config.to_str().unwrap(), "--toml"]);
    dir.write("study.toml", &toml);
    assert_eq!(dir.stdout(&["runs", "study.toml", "--toml"]), toml);
}

#[test]
fn empty_tables_that_enable_something_are_saved() {
    let dir = TestDir::new();
    let lines = "data.validation_split = 0.1\nvariants = [\"mine\"]\n[variant.mine]\n\
                 weight_decay = {}\nearly_stopping = {}\n\
                 hidden1.kernel_constraint.min_max_norm = {}";
    dir.write_config("small.toml", lines);
    let saved = dir.stdout(&["runs", "small.toml", "--toml"]);
    for key in ["weight_decay", "min_max_norm", "early_stopping"] {
        assert!(saved.contains(&format!("{key} = {{}}")), "{saved}");
    }
    dir.write("again.toml", &saved);
    assert_eq!(dir.stdout(&["runs", "again.toml", "--toml"]), saved);
}

/// Trains small networks of two variants and returns the largest difference between their weights.
fn largest_difference(lines: &str) -> f32 {
    let dir = TestDir::new();
    dir.write_config("small.toml", &format!("variants = [\"a\", \"b\"]\n{lines}"));
    dir.train("small.toml", "out", &["--set", "fit.epochs=5"]);
    let weights = |variant: &str| -> Vec<f32> {
        let file = fs::read(dir.path(&format!("out/runs/{variant}-seed-0/model.safetensors")));
        let bytes = file.unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let mut names = tensors.names();
        names.sort_unstable();
        let values = |name: &str| {
            let (words, _) = tensors.tensor(name).unwrap().data().as_chunks::<4>();
            words.iter().map(|word| f32::from_le_bytes(*word)).collect::<Vec<_>>()
        };
        names.into_iter().flat_map(values).collect()
    };
    let (a, b) = (weights("a"), weights("b"));
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn weight_decay_is_an_l2_penalty_of_half_the_rate_with_plain_sgd_only() {
    let lines = "variant.b.weight_decay = { rate = 0.2, exclude = [\"bias\"] }\n\
                 [variant.a]\nhidden1.kernel_regularizer.l2 = 0.1\n\
                 hidden2.kernel_regularizer.l2 = 0.1\noutput.kernel_regularizer.l2 = 0.1\n";
    let sgd = largest_difference(lines);
    assert!(sgd < 1e-6, "{sgd}");
    let adam = largest_difference(&format!("fit.optimizer = \"adam\"\n{lines}"));
    assert!(adam > 1e-3, "{adam}");
}
