//! Bad input: its exit code and what is said of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{TestDir, stderr};

/// Runs a config of these lines; gives the exit code and the first line of stderr.
fn refused(lines: &str) -> (Option<i32>, String) {
    let dir = TestDir::new();
    dir.write("bad.toml", lines);
    let output = dir.output(&["run", "bad.toml", "--out", "out"]);
    assert!(!dir.path("out").exists(), "something was written");
    let text = stderr(&output);
    assert!(!text.contains("internal failure") && !text.contains("backtrace"), "{text}");
    (output.status.code(), text.lines().next().unwrap_or_default().to_owned())
}

/// The message of each config, after its lines.
fn refusals(configs: &[&str]) -> String {
    let refusal = |lines: &&str| {
        let (code, message) = refused(lines);
        assert_eq!(code, Some(2), "{message}");
        format!("{lines}\n  {message}\n")
    };
    configs.iter().map(refusal).collect()
}

#[test]
fn a_wrong_config_is_refused_with_its_line_and_key() {
    let messages = refusals(&[
        "seed = 3",
        "\n[fit]\nepoch = 3",
        "fit.epochs = -1",
        "fit.epochs = 2.5",
        "[fit]\nbatch_size = 0",
        "fit.learning_rate = nan",
        "fit.learning_rate = inf",
        "fit.shuffle = \"no\"",
        "seeds = [1, 1]",
        "seeds = []",
        "seeds = [-1]",
        "jobs = 0",
        "backend = \"tpu\"",
        "data.pixels = \"grey\"",
        "data.validation_split = 1.0",
        "[variant.mine]\nhidden2.dropout = 1.5\n",
        "variant.mine.output.dropout = 0.1",
        "variant.mine.label = \"\"",
        "variant.mine.label = \"two\\nlines\"",
        "variants = [\"none\", \"l2\"]\nvariant.none.label = \"same\"\nvariant.l2.label = \"same\"",
        "[sweep]\n\"variant.none.label\" = [\"one\", \"two\"]",
        "variant.mine.hidden1.kernel_regularizer = { l3 = 0.1 }",
        "variant.\"../up\".hidden1.dropout = 0.1",
        "variants = [\"dropuot\"]",
        "",
        "fit = 3",
        "variants = [\"zzz\"]",
        "extends = \"none.toml\"",
        "backend = \"wgpu\"\nfit.batch_size = 50000",
        "fit = [",
        "output.tensorboard = 1",
        "data.dir = \"\"",
        "seeds = [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]",
        "extends = \"bad.toml\"",
        "epochs = 5",
        "[outputs]\ncsv = true",
        "fit.epochs = 2026-01-01",
        "fit.epochs.most = 5",
        "data.dir = 2026-01-01",
        "seeds = [2026-01-01]",
        "fit = []",
        "fit = [5, 100]",
        "variant.mine.hidden1.kernel_regularizer = [0.1, 0.2]",
        "variant.mine = []",
        "variant.l2.last_hidden.kernel_regularizer.l2.a = 1",
        "variant.mine.last_hidden = 5\n[variant.mine.hidden2]",
        "variant = 3",
        "variant.mine = 3",
        "variant.mine.hidden1 = 0.5",
        "variant.mine.hiden1.dropout = 0.1",
        "variant.mine.last_hiden.dropout = 0.1",
        "variant.mine.last_hidden.dropot = 0.1",
        "variant.mine.hidden3.dropout = 0.1",
        "variant.mine.hidden2.dropout = 0.1\nvariant.mine.last_hidden.dropout = 0.2",
        "variant.mine.hidden1.\"a.b\" = 0.1",
        "network.hidden = []",
    ]);
    insta::assert_snapshot!(messages);
}

#[test]
fn impossible_combinations_are_refused_with_their_line_and_key() {
    let of_mine = |lines: &str| format!("variants = [\"mine\"]\n[variant.mine]\n{lines}");
    let variants = [
        "hidden2.batch_norm = true\nhidden2.layer_norm = true",
        "last_hidden.layer_norm = true\nhidden2.batch_norm = true",
        "hidden1.kernel_constraint = { max_norm = 2.0, unit_norm = true }",
        "hidden1.bias_constraint.non_neg = true\nhidden1.bias_constraint.min_max_norm.rate = 0.5",
        "output.kernel_constraint.min_max_norm = { min_value = 2.0 }",
        "hidden1.kernel_constraint.max_norm = -1",
        "hidden1.kernel_constraint.min_max_norm.rate = 1.5",
        "hidden1.kernel_regularizer = { orthogonal = 0.1, l2 = 0.1 }",
        "hidden1.bias_regularizer.orthogonal = 0.1",
        "hidden1.activity_regularizer = { orthogonal = 0.1 }",
        "hidden1.dropout = 1.0",
        "hidden1.gaussian_dropout = 1.0",
        "hidden1.gaussian_noise = -1",
        "hidden1.gaussian_noise = 1.5",
        "input.batch_norm = true",
        "input.kernel_regularizer.l2 = 0.1",
        "output.layer_norm = true",
        "label_smoothing = 1.0",
        "shift = -1",
        "shift = 256",
        "shift = 1.5",
        "weight_decay.rate = -0.1",
        "weight_decay = 0.1",
        "weight_decay = { exclude = [\"bias\", \"moving_mean\"] }",
        "weight_decay.exclude = \"bias\"",
        "weight_decay.exclude = [\"\"]",
    ];
    let mut configs: Vec<String> = variants.into_iter().map(of_mine).collect();
    configs.extend(
        [
            "fit.optimizer = \"rmsprop\"",
            "fit.optimizer = \"adam\"\nfit.momentum = 0.9",
            "fit.optimizer = \"adam\"\nfit.nesterov = true",
            "fit.beta_1 = 0.9",
            "fit.epsilon = 1e-7",
            "fit.nesterov = true",
            "fit.nesterov = true\nfit.momentum = 0.0",
            "fit.momentum = 1.0",
            "fit.optimizer = \"adam\"\nfit.beta_2 = 1.0",
            "fit.optimizer = \"adam\"\nfit.epsilon = 0.0",
            "sweep.fit.optimizer = [\"sgd\", \"adam\"]\nfit.momentum = 0.9",
            "network.hidden = [6000]\nvariant.none.output.kernel_regularizer.orthogonal = 0.1",
            "network.hidden = [1, 5]\nvariant.none.hidden2.kernel_regularizer.orthogonal = 0.1",
        ]
        .map(str::to_owned),
    );
    let configs: Vec<&str> = configs.iter().map(String::as_str).collect();
    insta::assert_snapshot!(refusals(&configs));
}

#[test]
fn an_impossible_early_stopping_is_refused_with_its_line_and_key() {
    let messages = refusals(&[
        "variants = [\"es\"]\n\n[variant.es]\nearly_stopping = { patience = 5 }",
        "variants = [\"es\"]\nvariant.es.early_stopping = {}",
        "variants = [\"es\"]\nsweep.variant.es.early_stopping.monitor = [\"loss\", \"val_accuracy\"]",
        "variant.es.early_stopping = { monitor = \"acc\" }",
        "variant.es.early_stopping = { monitor = \"loss\", mode = \"min\" }",
        "variant.es.early_stopping = { monitor = \"loss\", baseline = 0.5 }",
        "variant.es.early_stopping.patience = -1",
        "variant.es.early_stopping.patience = 1.5",
        "variant.es.early_stopping.min_delta = inf",
        "variant.es.early_stopping.restore_best_weights = 1",
        "variant.es.early_stopping = true",
        "variant.es.early_stoping.patience = 1",
        "fit.early_stopping.patience = 1",
    ]);
    insta::assert_snapshot!(messages);
}

#[test]
fn an_impossible_sweep_is_refused_with_its_line_and_key() {
    let messages = refusals(&[
        "sweep.seeds = [0, 1]",
        "sweep.fit.epochs = 3",
        "sweep.fit.epochs = [3, 0]",
        "sweep.fit.epochs = [3, 3]",
        "sweep.fit.learning_rate = [1, 1.0]",
        "variants = [\"none\"]\nsweep.variant.l2.hidden2.dropout = [0.1]",
        "sweep.fit.epochs = [[3]]",
        "sweep.variant.l2.hidden2 = [\"x\"]",
        "sweep.variant.l2.hidden2.kernel_regularizer = [[0.1, 0.2]]",
        "sweep.variant.l2.hidden2.kernel_regularizer = [{ l1 = 0.1 }, { x = \"/../../evil\" }]",
        "sweep.variant.l2.early_stopping = [{}, 3]",
        "sweep.fit.epochs = [2026-01-01]",
        "[sweep]\n\"variant.l2.hidden2.droput\" = [0.1]",
        "sweep = 3",
    ]);
    insta::assert_snapshot!(messages);
    let values: Vec<String> = (1..400).map(|value| value.to_string()).collect();
    let values = values.join(", ");
    let (code, message) =
        refused(&format!("sweep.fit.epochs = [{values}]\nsweep.data.limit = [{values}]"));
    assert_eq!(code, Some(2));
    assert!(message.contains("make 955206 runs: the maximum is 100000"), "{message}");

    let keys = ["hidden1", "hidden2", "output"].map(|layer| {
        let parts = ["kernel", "bias", "activity"]
            .map(|part| format!("variant.l2.{layer}.{part}_regularizer.l1 = [0.125]\n"));
        parts.concat()
    });
    let (code, message) = refused(&format!("[sweep]\n{}", keys.concat()));
    assert_eq!(code, Some(2));
    assert!(message.contains("make folder names of over 250 bytes"), "{message}");
}

#[test]
fn a_table_without_lines_is_no_mistake() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"mine\"]\n[variant.mine]\n[outputs]\n");
    let output = dir.output(&["summary", "small.toml"]);
    assert!(
        stderr(&output).starts_with("error: small.toml:6: unknown key `outputs`"),
        "{}",
        stderr(&output)
    );
    let lines = "variants = [\"mine\"]\n[output]\n[variant.mine]\n# hidden1.dropout = 0.1\n";
    dir.write_config("small.toml", lines);
    assert!(dir.output(&["summary", "small.toml"]).status.success());
}

#[test]
fn start_weights_that_do_not_fit_are_refused_before_anything_is_written() {
    use safetensors::{Dtype, serialize, tensor::TensorView};
    let dir = TestDir::new();
    dir.write_config("small.toml", "fit.weights = \"start.safetensors\"\nvariants = [\"none\"]");
    let refused = |reason: &str| {
        let output = dir.output(&["run", "small.toml", "--out", "out"]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            text.starts_with("error: small.toml:4: fit.weights: ") && text.contains(reason),
            "{text}"
        );
        assert!(!dir.path("out").exists());
    };
    refused("start.safetensors: cannot be read");
    dir.write("start.safetensors", "a text");
    refused("is not a safetensors file");
    let file = |tensors: &[(&str, Dtype, Vec<usize>)]| {
        let bytes = vec![0; 8 * 784 * 50];
        let views = tensors.iter().map(|(name, dtype, shape)| {
            let len = shape.iter().product::<usize>() * dtype.bitsize() / 8;
            (*name, TensorView::new(*dtype, shape.clone(), &bytes[..len]).unwrap())
        });
        std::fs::write(dir.path("start.safetensors"), serialize(views, None).unwrap()).unwrap();
    };
    let bias = ("hidden1.bias", Dtype::F32, vec![50]);
    file(std::slice::from_ref(&bias));
    refused("the file lacks `hidden1.kernel`, which the network has");
    file(&[bias.clone(), ("hidden1.kernel", Dtype::F64, vec![784, 50])]);
    refused("`hidden1.kernel` is F64 [784, 50] in the file, but has to be F32 [784, 50]");
    file(&[bias, ("hidden1.kernel", Dtype::F32, vec![50, 784])]);
    refused("`hidden1.kernel` is F32 [50, 784] in the file, but has to be F32 [784, 50]");
}

#[test]
fn start_weights_have_to_fit_every_network_of_a_sweep() {
    let dir = TestDir::new();
    dir.write_config("one.toml", "variants = [\"none\"]");
    dir.train("one.toml", "one", &[]);
    let weights = dir.relative("one/runs/none-seed-0/model.safetensors");
    let lines = format!(
        "fit.weights = \"{weights}\"\nvariants = [\"none\"]\n\
         sweep.network.hidden = [[50, 250], [50, 20]]"
    );
    dir.write_config("small.toml", &lines);
    let output = dir.output(&["run", "small.toml", "--out", "out"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("`hidden2.kernel` is F32 [50, 250] in the file, but has to be F32 [50, 20]"),
        "{text}"
    );
    assert!(!dir.path("out").exists());
}

#[test]
fn more_runs_than_anyone_means_to_have_are_refused() {
    let seeds: Vec<String> = (0..300_000).map(|seed: u32| seed.to_string()).collect();
    let (code, message) = refused(&format!("seeds = [{}]", seeds.join(", ")));
    assert_eq!(code, Some(2));
    assert_eq!(message, "error: bad.toml:1: seeds: make 1800000 runs: the maximum is 100000");
}

#[cfg(unix)]
#[test]
fn nobody_has_to_read_what_it_says() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\"]");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["run", "small.toml", "--out", "out"])
        .current_dir(dir.path(""))
        .stderr(full)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(dir.read("out/results.csv").lines().count(), 2);
}

#[test]
fn a_missing_config_is_refused() {
    let dir = TestDir::new();
    let output = dir.output(&["run", "missing.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: cannot read the config missing.toml\n  because: "));

    std::fs::create_dir(dir.path("configs")).unwrap();
    dir.write("configs/here.toml", "seeds = [0]");
    let output = dir.output(&["run", "missing"]);
    assert_eq!(output.status.code(), Some(2));
    let expected = "error: there is no config `missing`. There are `augmentation`, `dropout`, `early-stopping`, `gpu`, `here`, ";
    assert!(stderr(&output).starts_with(expected), "{}", stderr(&output));
}

#[test]
fn an_argument_without_a_value_is_refused() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    let output = dir.output(&["run", "small.toml", "--set", "fit.epochs"]);
    assert_eq!(output.status.code(), Some(2));
    let expected =
        "error: --set fit.epochs: write it as KEY=VALUE, for example --set fit.epochs=5\n";
    assert_eq!(stderr(&output), expected);
}

#[test]
fn broken_data_fails_with_exit_code_1() {
    for (file, bytes, reason) in [
        (
            "train-images-idx3-ubyte",
            &b"no images at all, but a text"[..],
            "train-images-idx3-ubyte",
        ),
        ("t10k-labels-idx1-ubyte", &[0, 0, 8, 1, 0, 0, 0, 2, 3, 4], "t10k-labels-idx1-ubyte"),
        ("train-labels-idx1-ubyte", &[0, 0, 8, 1, 0, 0, 1, 44, 3, 4], "train-labels-idx1-ubyte"),
    ] {
        let dir = TestDir::new();
        dir.write_config("small.toml", "");
        std::fs::write(dir.path("digits").join(file), bytes).unwrap();
        let output = dir.output(&["run", "small.toml", "--out", "out"]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.starts_with("error: ") && text.contains(reason), "{text}");
        assert!(!dir.path("out").exists());
    }
}

#[test]
fn an_output_that_is_no_folder_fails_before_training() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "");
    dir.write("taken", "a file");
    let output = dir.output(&["run", "small.toml", "--out", "taken"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with("error: cannot write taken\n  because: "), "{text}");
    assert_eq!(dir.read("taken"), "a file");
}
