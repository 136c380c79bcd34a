//! Bad input: its exit code and what is said of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Place, stderr};

/// Runs a config of these lines; gives the exit code and the first line of stderr.
fn refused(lines: &str) -> (Option<i32>, String) {
    let place = Place::new();
    place.write("bad.toml", lines);
    let output = place.trainer(&["run", "bad.toml", "--out", "out"]);
    assert!(!place.path("out").exists(), "something was written");
    let text = stderr(&output);
    assert!(!text.contains("internal failure") && !text.contains("backtrace"), "{text}");
    (output.status.code(), text.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn a_wrong_config_is_refused_with_its_place_and_key() {
    let cases = [
        ("seed = 3", "bad.toml:1: unknown key `seed`; did you mean `seeds`?"),
        ("\n[fit]\nepoch = 3", "bad.toml:3: unknown key `fit.epoch`; did you mean `fit.epochs`?"),
        ("fit.epochs = -1", "bad.toml:1: fit.epochs: must be a whole number of 1 or more, not -1"),
        (
            "fit.epochs = 2.5",
            "bad.toml:1: fit.epochs: must be a whole number of 1 or more, not 2.5",
        ),
        (
            "[fit]\nbatch_size = 0",
            "bad.toml:2: fit.batch_size: must be a whole number of 1 or more, not 0",
        ),
        (
            "fit.learning_rate = nan",
            "bad.toml:1: fit.learning_rate: must be a number above 0, not nan",
        ),
        (
            "fit.learning_rate = inf",
            "bad.toml:1: fit.learning_rate: must be a number above 0, not inf",
        ),
        ("fit.shuffle = \"no\"", "bad.toml:1: fit.shuffle: must be true or false, not \"no\""),
        ("seeds = [1, 1]", "bad.toml:1: seeds: has 1 twice"),
        ("seeds = []", "bad.toml:1: seeds: needs at least one element"),
        ("seeds = [-1]", "bad.toml:1: seeds: must be a whole number of 0 or more, not -1"),
        ("jobs = 0", "bad.toml:1: jobs: must be \"auto\" or a whole number of 1 or more, not 0"),
        (
            "backend = \"tpu\"",
            "bad.toml:1: backend: must be one of `flex`, `ndarray`, `wgpu`, `vulkan` and `cuda`, not \"tpu\"",
        ),
        (
            "data.pixels = \"grey\"",
            "bad.toml:1: data.pixels: must be one of `unit` and `raw`, not \"grey\"",
        ),
        (
            "data.validation_split = 1.0",
            "bad.toml:1: data.validation_split: must be a number from 0 to under 1, not 1.0",
        ),
        (
            "[variant.mine]\nhidden2.dropout = 1.5\n",
            "bad.toml:2: variant.mine.hidden2.dropout: must be a number from 0 to under 1, not 1.5",
        ),
        (
            "variant.mine.output.dropout = 0.1",
            "bad.toml:1: variant.mine.output.dropout: output is the last layer: only a hidden one takes this",
        ),
        (
            "variant.mine.hidden1.kernel_regularizer = { l3 = 0.1 }",
            "bad.toml:1: unknown key `variant.mine.hidden1.kernel_regularizer.l3`; did you mean `variant.mine.hidden1.kernel_regularizer.l2`?",
        ),
        (
            "variant.\"../up\".hidden1.dropout = 0.1",
            "bad.toml:1: variant.\"../up\".hidden1.dropout: a variant's name takes letters, digits, _ and -, at most 64 of them",
        ),
        (
            "variants = [\"dropuot\"]",
            "bad.toml:1: variants: there is no variant `dropuot`; did you mean `dropout`? There are `batch_norm`, `batch_norm_dropout`, `dropout`, `l1`, `l2` and `none`; define more as [variant.NAME]",
        ),
        ("", "bad.toml is empty: write at least `extends = \"mnist.toml\"`"),
        ("fit = 3", "bad.toml:1: fit: is a table, not 3: write for example `fit.batch_size = …`"),
        (
            "variants = [\"zzz\"]",
            "bad.toml:1: variants: there is no variant `zzz`. There are `batch_norm`, `batch_norm_dropout`, `dropout`, `l1`, `l2` and `none`; define more as [variant.NAME]",
        ),
        ("extends = \"none.toml\"", "bad.toml:1: extends: there is no file none.toml"),
        (
            "backend = \"wgpu\"\nfit.batch_size = 50000",
            "bad.toml:2: fit.batch_size: is at most 42799 on a GPU: its buffers end at 128 MiB",
        ),
        ("fit = [", "bad.toml:1: unclosed array, expected `]`"),
        ("output.tensorboard = 1", "bad.toml:1: output.tensorboard: must be true or false, not 1"),
        ("data.dir = \"\"", "bad.toml:1: data.dir: must be a path, not \"\""),
        ("seeds = [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", "bad.toml:1: seeds: is nested too deeply"),
        (
            "extends = \"bad.toml\"",
            "bad.toml:1: extends: goes round in a circle: bad.toml → bad.toml",
        ),
    ];
    for (lines, message) in cases {
        assert_eq!(refused(lines), (Some(2), format!("error: {message}")), "{lines}");
    }
}

#[test]
fn a_sweep_that_cannot_be_is_refused_with_its_place_and_key() {
    let cases = [
        (
            "sweep.seeds = [0, 1]",
            "bad.toml:1: sweep.seeds: cannot be swept: only variants' settings and `data.limit`, `data.pixels`, \
             `data.validation_split`, `fit.batch_size`, `fit.epochs`, `fit.learning_rate`, `fit.shuffle` and \
             `network.hidden` can",
        ),
        ("sweep.fit.epochs = 3", "bad.toml:1: sweep.fit.epochs: must be a list, not 3"),
        (
            "sweep.fit.epochs = [3, 0]",
            "bad.toml:1: sweep.fit.epochs: must be a whole number of 1 or more, not 0",
        ),
        ("sweep.fit.epochs = [3, 3]", "bad.toml:1: sweep.fit.epochs: has 3 twice"),
        (
            "sweep.fit.learning_rate = [1, 1.0]",
            "bad.toml:1: sweep.fit.learning_rate: has 1.0 twice",
        ),
        (
            "variants = [\"none\"]\nsweep.variant.l2.hidden2.dropout = [0.1]",
            "bad.toml:2: sweep.variant.l2.hidden2.dropout: `l2` is none of `variants`: name it there, or set \
             `variant.l2.hidden2.dropout` to one value, which ends its sweep",
        ),
        (
            "sweep.fit.epochs = [[3]]",
            "bad.toml:1: sweep.fit.epochs: must be a number, a word, true or false, not [3]",
        ),
        (
            "[sweep]\n\"variant.l2.hidden2.droput\" = [0.1]",
            "bad.toml:2: unknown key `variant.l2.hidden2.droput`; did you mean `variant.l2.hidden2.dropout`?",
        ),
        (
            "sweep = 3",
            "bad.toml:1: sweep: must be a table: of lists, each by the key that is swept",
        ),
    ];
    for (lines, message) in cases {
        assert_eq!(refused(lines), (Some(2), format!("error: {message}")), "{lines}");
    }
    let values: Vec<String> = (1..400).map(|value| value.to_string()).collect();
    let values = values.join(", ");
    let (code, message) =
        refused(&format!("sweep.fit.epochs = [{values}]\nsweep.data.limit = [{values}]"));
    assert_eq!(code, Some(2));
    assert!(message.contains("make 955206 runs: at most 100000 can be"), "{message}");

    let keys = ["hidden1", "hidden2", "output"].map(|layer| {
        let parts = ["kernel", "bias", "activity"]
            .map(|part| format!("variant.l2.{layer}.{part}_regularizer.l1 = [0.125]\n"));
        parts.concat()
    });
    let (code, message) = refused(&format!("[sweep]\n{}", keys.concat()));
    assert_eq!(code, Some(2));
    assert!(message.contains("make names of over 255 letters"), "{message}");
}

#[test]
fn a_table_without_lines_is_no_mistake() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"mine\"]\n[variant.mine]\n[outputs]\n");
    let output = place.trainer(&["summary", "small.toml"]);
    assert!(
        stderr(&output).starts_with("error: small.toml:6: unknown key `outputs`"),
        "{}",
        stderr(&output)
    );
    let lines = "variants = [\"mine\"]\n[output]\n[variant.mine]\n# hidden1.dropout = 0.1\n";
    place.config("small.toml", lines);
    assert!(place.trainer(&["summary", "small.toml"]).status.success());
}

#[test]
fn start_weights_that_do_not_fit_are_refused_before_anything_is_written() {
    use safetensors::{Dtype, serialize, tensor::TensorView};
    let place = Place::new();
    place.config("small.toml", "fit.weights = \"start.safetensors\"\nvariants = [\"none\"]");
    let refused = |reason: &str| {
        let output = place.trainer(&["run", "small.toml", "--out", "out"]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.starts_with("error: fit.weights: ") && text.contains(reason), "{text}");
        assert!(!place.path("out").exists());
    };
    refused("start.safetensors: cannot be read");
    place.write("start.safetensors", "a text");
    refused("is not a safetensors file");
    let file = |tensors: &[(&str, Dtype, Vec<usize>)]| {
        let bytes = vec![0; 8 * 784 * 50];
        let views = tensors.iter().map(|(name, dtype, shape)| {
            let len = shape.iter().product::<usize>() * dtype.bitsize() / 8;
            (*name, TensorView::new(*dtype, shape.clone(), &bytes[..len]).unwrap())
        });
        std::fs::write(place.path("start.safetensors"), serialize(views, None).unwrap()).unwrap();
    };
    let bias = ("hidden1.bias", Dtype::F32, vec![50]);
    file(std::slice::from_ref(&bias));
    refused("the file lacks `hidden1.kernel`, which the network has");
    file(&[bias.clone(), ("hidden1.kernel", Dtype::F64, vec![784, 50])]);
    refused("`hidden1.kernel` is F64 [784, 50] in the file, but has to be F32 [784, 50]");
    file(&[bias, ("hidden1.kernel", Dtype::F32, vec![50, 784])]);
    refused("`hidden1.kernel` is F32 [50, 784] in the file, but has to be F32 [784, 50]");
}

#[cfg(unix)]
#[test]
fn nobody_has_to_read_what_it_says() {
    let place = Place::new();
    place.config("small.toml", "variants = [\"none\"]");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["run", "small.toml", "--out", "out"])
        .current_dir(place.path(""))
        .stderr(full)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(place.read("out/results.csv").lines().count(), 2);
}

#[test]
fn a_missing_config_is_refused() {
    let place = Place::new();
    let output = place.trainer(&["run", "missing.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error: cannot read the config missing.toml\n  because: "));

    std::fs::create_dir(place.path("configs")).unwrap();
    place.write("configs/here.toml", "seeds = [0]");
    let output = place.trainer(&["run", "missing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("configs has `here`"), "{}", stderr(&output));
}

#[test]
fn an_argument_without_a_value_is_refused() {
    let place = Place::new();
    place.config("small.toml", "");
    let output = place.trainer(&["run", "small.toml", "--set", "fit.epochs"]);
    assert_eq!(output.status.code(), Some(2));
    let expected =
        "error: --set fit.epochs: write it as KEY=VALUE, for example --set fit.epochs=5\n";
    assert_eq!(stderr(&output), expected);
}

#[test]
fn a_backend_that_is_not_built_in_is_refused_with_what_there_is() {
    if cfg!(feature = "cuda") {
        return;
    }
    let place = Place::new();
    place.config("small.toml", "");
    let output = place.trainer(&["run", "small.toml", "--out", "out", "--set", "backend=cuda"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    // Drivers may speak up while devices are looked for.
    assert!(text.contains("error: backend: this build has no `cuda`\n  this build"), "{text}");
    assert!(text.contains("write backend = one of `flex`"), "{text}");
    assert!(!place.path("out").exists());
}

#[test]
fn a_backend_without_a_device_is_refused() {
    let place = Place::new();
    place.config("small.toml", "");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["run", "small.toml", "--out", "out", "--set", "backend=wgpu"])
        .current_dir(place.path(""))
        // No driver is to be found, whatever this machine has.
        .envs([("VK_DRIVER_FILES", "/nowhere"), ("VK_ICD_FILENAMES", "/nowhere")])
        .envs([("WGPU_BACKEND", "vulkan"), ("__EGL_VENDOR_LIBRARY_FILENAMES", "/nowhere")])
        .output()
        .unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("error: backend: `wgpu` finds no device on this machine\n"), "{text}");
    assert!(!text.contains("internal failure") && !place.path("out").exists(), "{text}");
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
        let place = Place::new();
        place.config("small.toml", "");
        std::fs::write(place.path("digits").join(file), bytes).unwrap();
        let output = place.trainer(&["run", "small.toml", "--out", "out"]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.starts_with("error: ") && text.contains(reason), "{text}");
        assert!(!place.path("out").exists());
    }
}

#[test]
fn an_output_that_is_no_folder_fails_before_training() {
    let place = Place::new();
    place.config("small.toml", "");
    place.write("taken", "a file");
    let output = place.trainer(&["run", "small.toml", "--out", "taken"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with("error: cannot write taken\n  because: "), "{text}");
    assert_eq!(place.read("taken"), "a file");
}
