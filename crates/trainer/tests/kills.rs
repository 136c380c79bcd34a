//! Kills, signals and concurrent processes: a resumed study gives the same bits as an uninterrupted one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

mod common;

use std::{
    fs,
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use assert_cmd::assert::OutputAssertExt;
use common::{
    Row, TestDir,
    long_study::{
        CONFIG, EARLY_STOPPING, EPOCHS, VARIANTS, assert_csv_is_complete, send_signal, spawn_study,
        uninterrupted, uninterrupted_of, wait_for_checkpoints, wait_until,
    },
    stderr, write_data_set,
};
use predicates::str::contains;
use trainer::store::checkpoint;

/// Returns a pseudo-random number below `end`.
fn pseudo_random(round: u64, end: u64) -> u64 {
    round.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) % end
}

fn kill_repeatedly(config: &str, kills: u64) {
    let dir = TestDir::new();
    let expected = uninterrupted_of(&dir, config);
    let mut finished = 0;
    for round in 0..kills {
        let out = format!("killed-{finished}");
        let mut child = spawn_study(&dir, &out);
        thread::sleep(Duration::from_millis(20 + pseudo_random(round, 300)));
        send_signal(&child, "KILL");
        if child.wait().unwrap().success() {
            // The study finished before the kill: continue with another.
            assert!(dir.artifacts(&out) == expected, "round {round}");
            finished += 1;
        }
        assert_csv_is_complete(&dir.path(&out));
    }
    let out = format!("killed-{finished}");
    spawn_study(&dir, &out).wait_with_output().unwrap().assert().success();
    assert!(dir.artifacts(&out) == expected);
    let runs = fs::read_dir(dir.path(&out).join("runs")).unwrap();
    let has_checkpoint = |run: &fs::DirEntry| run.path().join(checkpoint::FILE).exists();
    assert_eq!(runs.flatten().filter(has_checkpoint).count(), 0);
}

#[test]
fn a_killed_study_resumes_to_the_same_results() {
    kill_repeatedly(CONFIG, 6);
}

#[test]
#[ignore = "takes half a minute"]
fn a_study_killed_sixty_times_resumes_to_the_same_results() {
    kill_repeatedly(CONFIG, 60);
}

#[test]
fn a_killed_study_with_early_stopping_resumes_to_the_same_results() {
    kill_repeatedly(EARLY_STOPPING, 4);
}

#[test]
#[ignore = "takes ten seconds"]
fn a_study_with_early_stopping_killed_twenty_times_resumes_to_the_same_results() {
    kill_repeatedly(EARLY_STOPPING, 20);
}

/// A run for each setting that draws or keeps something, with more layers of noise than one.
const KEYS: [&str; 10] = [
    "hidden1.layer_norm = true",
    "hidden1.gaussian_noise = 0.1\nhidden2.gaussian_noise = 0.2",
    "hidden1.gaussian_dropout = 0.1\nhidden1.dropout = 0.1",
    "input.gaussian_noise = 0.1\ninput.dropout = 0.1",
    "hidden1.kernel_constraint.max_norm = 0.5",
    "output.kernel_constraint.min_max_norm.rate = 0.5",
    "hidden2.kernel_regularizer.orthogonal = 0.1",
    "label_smoothing = 0.1",
    "shift = 2",
    "weight_decay = { rate = 0.1, exclude = [\"bias\"] }",
];

/// Returns a study with a run for each key, of an optimizer.
fn study_of_keys(optimizer: &str) -> String {
    let names: Vec<String> = (0..KEYS.len()).map(|index| format!("\"k{index}\"")).collect();
    let variants = KEYS.iter().zip(0..).map(|(key, index)| format!("[variant.k{index}]\n{key}\n"));
    format!(
        "variants = [{}]\nfit.checkpoint_every = 2\njobs = 2\n{optimizer}\n{}",
        names.join(", "),
        variants.collect::<String>()
    )
}

#[test]
#[ignore = "takes a minute"]
fn a_run_per_key_killed_ten_times_resumes_to_the_same_results() {
    for optimizer in ["", "fit.momentum = 0.9\nfit.nesterov = true", "fit.optimizer = \"adam\""] {
        kill_repeatedly(&study_of_keys(optimizer), 10);
    }
}

#[test]
fn more_epochs_with_any_optimizer_end_like_a_fit_from_the_start() {
    for optimizer in ["fit.momentum = 0.9", "fit.optimizer = \"adam\""] {
        let dir = TestDir::new();
        dir.write_config("small.toml", &study_of_keys(optimizer));
        dir.train("small.toml", "whole", &["--set", "fit.epochs=7"]);
        dir.train("small.toml", "steps", &["--set", "fit.epochs=3"]);
        dir.train("small.toml", "steps", &["--set", "fit.epochs=7"]);
        let read = |out: &str, row: &Row, file: &str| {
            fs::read(dir.path(out).join("runs").join(&row["run"]).join(file)).unwrap()
        };
        let rows: Vec<Row> = dir.csv("steps/results.csv");
        assert_eq!(rows.len(), KEYS.len());
        for row in &rows {
            for file in ["model.safetensors", "first_layer.safetensors"] {
                let equal = read("steps", row, file) == read("whole", row, file);
                assert!(equal, "{} {file}", row["variant"]);
            }
        }
    }
}

#[test]
fn a_run_of_more_epochs_than_one_that_stopped_early_ends_like_it() {
    let dir = TestDir::new();
    let stopped_only = EARLY_STOPPING.replace("\"stopped\", \"best\"", "\"stopped\"");
    uninterrupted_of(&dir, &stopped_only);
    let before: Vec<Row> = dir.csv("whole/results.csv");
    assert_eq!((before[0]["epochs"].as_str(), before[0]["best_epoch"].as_str()), ("301", "51"));
    let more = dir.train("small.toml", "whole", &["--set", "fit.epochs=500"]);
    let few = dir.train("small.toml", "few", &["--set", "fit.epochs=100"]);
    assert_eq!((few[0]["epochs"].as_str(), few[0]["best_epoch"].as_str()), ("100", "51"));
    // From the state of 100 epochs, whose last epoch is recorded and no other 100th is.
    let from_few = dir.train("small.toml", "few", &["--set", "fit.epochs=500"]);
    let model = |row: &Row, out: &str, file: &str| {
        fs::read(dir.path(out).join("runs").join(&row["run"]).join(file)).unwrap()
    };
    for file in ["model.safetensors", "history.csv", "metrics.csv", "first_layer.safetensors"] {
        let expected = model(&before[0], "whole", file);
        assert!(model(&more[0], "whole", file) == expected, "{file}");
        assert!(model(&from_few[0], "few", file) == expected, "{file}");
    }
}

#[test]
fn a_signal_ends_training_with_a_checkpoint_to_resume_from() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let child = spawn_study(&dir, name);
        wait_for_checkpoints(&dir, name);
        send_signal(&child, name);
        let assert = child.wait_with_output().unwrap().assert().code(code);
        assert.stderr(contains("error: stopped on request"));
        for variant in VARIANTS {
            let file = dir.path(&format!("{name}/runs/{variant}-seed-0/checkpoint.safetensors"));
            let (_, checkpoint) = checkpoint::parse(fs::read(file).unwrap()).unwrap();
            assert!(checkpoint.history.len() < 400, "{variant} was trained to its end");
        }

        spawn_study(&dir, name).wait_with_output().unwrap().assert().success();
        assert!(dir.artifacts(name) == expected);
    }
}

#[test]
fn a_run_is_trained_by_one_process_at_a_time() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    let first = spawn_study(&dir, "both");
    wait_for_checkpoints(&dir, "both");
    let second = spawn_study(&dir, "both").wait_with_output().unwrap().assert().code(1);
    let message = "error: another process is training l1 seed 0, batch_norm_dropout seed 0\n";
    second.stderr(contains(message));
    first.wait_with_output().unwrap().assert().success();
    assert!(dir.artifacts("both") == expected);
    // Every run has finished.
    spawn_study(&dir, "both").wait_with_output().unwrap().assert().success();
}

/// Starts the study with more arguments.
fn spawn_with(dir: &TestDir, out: &str, arguments: &[&str]) -> Child {
    let run = ["run", "small.toml", "--quiet", "--out", out];
    let mut command = dir.command(&[&run[..], arguments].concat());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_run_of_more_epochs_starts_from_one_of_fewer() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    let few = ["--set", "fit.epochs=50"];
    let few_rows = dir.train("small.toml", "longer", &few);
    let state = |runs: &str| dir.path(&format!("longer/{runs}/l1-seed-0/state.safetensors"));
    let before = fs::metadata(state("runs")).unwrap().modified().unwrap();
    // A damaged state is not used, and its run stays as it is.
    let damaged = dir.path("longer/runs/batch_norm_dropout-seed-0/state.safetensors");
    fs::write(&damaged, "damage").unwrap();
    let begun = dir.command(&["run", "small.toml", "--out", "longer", "--set", EPOCHS]).output();
    let lines = stderr(&begun.unwrap());
    assert!(lines.contains("note: the folder also has 2 runs with other inputs"), "{lines}");
    // The first tenth of the epochs was trained before.
    assert!(!lines.contains("l1 seed 0: 40/400") && lines.contains("l1 seed 0: 80/400"), "{lines}");
    assert!(lines.contains("batch_norm_dropout seed 0: 40/400"), "{lines}");
    let longer: Vec<Row> = dir.csv("longer/results.csv");
    assert!(longer.iter().all(|row| row["epochs"] == "400"));
    for (file, bytes) in &expected {
        // run.json has times.
        let has_times = file.ends_with("results.csv") || file.ends_with("run.json");
        if !has_times {
            assert!(fs::read(dir.path("longer/runs").join(file)).unwrap() == *bytes, "{file:?}");
        }
    }
    assert!(!dir.path("longer/damaged").exists());

    // Fewer epochs are other runs, which are still there.
    assert_eq!(dir.train("small.toml", "longer", &few), few_rows);
    let few_folder = fs::read_dir(dir.path("longer/runs")).unwrap().flatten().map(|run| run.path());
    let kept = few_folder.filter_map(|run| fs::metadata(run.join("state.safetensors")).ok());
    assert!(kept.into_iter().any(|file| file.modified().unwrap() == before));
}

#[test]
fn a_run_of_more_epochs_ends_as_one_that_diverged() {
    let dir = TestDir::new();
    dir.write_config("small.toml", "variants = [\"none\"]\nfit.learning_rate = 1e30");
    let short = dir.train("small.toml", "out", &[]);
    let model = fs::read(dir.path("out/runs/none-seed-0/model.safetensors")).unwrap();
    let more = ["--set", "fit.epochs=9"];
    let mut long = dir.train("small.toml", "out", &more);
    let mut alone = dir.train("small.toml", "alone", &more);
    assert_eq!(long, alone);
    assert_ne!(long[0].remove("run"), short[0].get("run").cloned());
    let copied = format!("out/runs/{}/model.safetensors", alone[0].remove("run").unwrap());
    assert!(fs::read(dir.folder().join(copied)).unwrap() == model);
}

/// With one step per epoch, the first epoch's loss is finite, and that of its weights is not.
#[test]
fn a_run_whose_last_update_diverged_is_continued() {
    let dir = TestDir::new();
    let lines = "variants = [\"none\"]\nfit.learning_rate = 1e30\nfit.batch_size = 300";
    dir.write("small.toml", &format!("data.dir = \"digits\"\n{lines}\n"));
    let first = dir.train("small.toml", "out", &["--set", "fit.epochs=1"]);
    assert_eq!((first[0]["epochs"].as_str(), first[0]["loss_train"].as_str()), ("1", "NaN"));
    let more = ["--set", "fit.epochs=4"];
    let alone = dir.train("small.toml", "alone", &more);
    assert_eq!(alone[0]["epochs"], "2");
    assert_eq!(dir.train("small.toml", "out", &more), alone);
}

#[test]
fn other_settings_are_other_runs() {
    let dir = TestDir::new();
    let expected = uninterrupted(&dir);
    let child = spawn_study(&dir, "out");
    wait_for_checkpoints(&dir, "out");
    send_signal(&child, "TERM");
    child.wait_with_output().unwrap();
    let other = ["--set", "fit.learning_rate=0.5", "--set", "fit.epochs=20"];
    let alone = dir.train("small.toml", "alone", &other);
    assert_eq!(dir.train("small.toml", "out", &other), alone);
    let first = ["--set", EPOCHS];
    let rows = dir.train("small.toml", "out", &first);
    assert_eq!(rows, dir.train("small.toml", "whole", &first));
    assert_eq!(dir.train("small.toml", "out", &other), alone);
    // Beside the two new runs lie the two of the other learning rate.
    assert_eq!(expected.len(), 13);
    assert_eq!(fs::read_dir(dir.path("out/runs")).unwrap().count(), 4);
}

/// The set of files is that of the study begun last, but both processes train their runs.
#[test]
fn two_studies_share_a_folder() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    write_data_set(&dir.path("others"), 200, 100);
    let studies = [
        vec!["--set", "fit.epochs=60"],
        vec!["--set", "fit.epochs=60", "--set", "fit.learning_rate=0.2"],
        vec!["--set", "fit.epochs=60", "--set", "data.dir=others"],
    ];
    let train = |out: &str, index: usize| dir.train("small.toml", out, &studies[index]);
    let alone: Vec<Vec<Row>> =
        (0..studies.len()).map(|index| train(&format!("alone-{index}"), index)).collect();
    let children: Vec<Child> =
        studies.iter().map(|study| spawn_with(&dir, "both", study)).collect();
    for child in children {
        child.wait_with_output().unwrap().assert().success();
    }
    for (index, alone) in alone.iter().enumerate() {
        let run = ["run", "small.toml", "--out", "both"];
        let assert = dir.trainer(&[&run[..], &studies[index]].concat()).assert().success();
        assert.stderr(contains("2 of them finished before"));
        assert_eq!(train("both", index), *alone);
    }
}

#[test]
fn a_study_begun_later_keeps_its_files() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let mut command = dir.command(&["run", "small.toml", "--out", "both", "--set", EPOCHS]);
    let first = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_checkpoints(&dir, "both");
    let later = dir.train("small.toml", "both", &["--set", "fit.learning_rate=0.5"]);
    let set = || {
        ["study.toml", "study.json", "results.csv", "report.html"]
            .map(|file| dir.read(&format!("both/{file}")))
    };
    let before = set();
    let assert = first.wait_with_output().unwrap().assert().success();
    // It prints its own table.
    let assert = assert
        .stdout(contains("batch norm + dropout "))
        .stderr(contains("note: another study was begun in both"));
    assert!(!stderr(assert.get_output()).contains("error"));
    assert!(set() == before);
    assert_eq!(dir.csv("both/results.csv").len(), later.len());
    let rows = dir.train("small.toml", "both", &["--set", EPOCHS]);
    assert!(rows.iter().all(|row| row["epochs"] == "400"));
}

#[test]
fn a_signal_ends_an_evaluation() {
    let dir = TestDir::new();
    write_data_set(&dir.path("digits"), 100, 20_000);
    // A network so wide that the evaluation of the test images takes seconds.
    let lines = "variants = [\"none\"]\nnetwork.hidden = [4000]\nfit.epochs = 1";
    dir.write("wide.toml", &format!("data.dir = \"digits\"\n{lines}\n"));
    let run = ["run", "wide.toml", "--quiet", "--out", "out"];
    let child = dir.command(&run).stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| dir.path("out/runs/none-seed-0/state.safetensors").exists());
    send_signal(&child, "TERM");
    child.wait_with_output().unwrap().assert().code(143);
    assert!(!dir.path("out/runs/none-seed-0/run.json").exists(), "the evaluation went on");
}

#[test]
fn a_second_signal_ends_the_process_during_a_step() {
    let dir = TestDir::new();
    // One batch of 60 000 images: a step takes long enough to be interrupted.
    write_data_set(&dir.path("digits"), 60_000, 100);
    let lines = "data.dir = \"digits\"\nnetwork.hidden = [300, 300]\nfit.batch_size = 60000\nfit.epochs = 50\n\
                 variants = [\"l1\"]";
    dir.write("long.toml", lines);
    let arguments = ["run", "long.toml", "--quiet", "--out", "out"];
    let child = dir.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| dir.path("out/runs/l1-seed-0/inputs.json").exists());
    // The first step has begun.
    thread::sleep(Duration::from_millis(200));
    send_signal(&child, "INT");
    // Two pending signals of one kind are delivered as one.
    thread::sleep(Duration::from_millis(100));
    send_signal(&child, "INT");
    let assert = child.wait_with_output().unwrap().assert().code(130);
    let message = stderr(assert.get_output());
    assert!(!message.contains("stopped on request"), "{message}");
    // Had the step ended, the first signal would have saved a checkpoint after it.
    assert!(!dir.path("out/runs/l1-seed-0/checkpoint.safetensors").exists());
}

#[test]
fn results_need_a_finished_run() {
    let dir = TestDir::new();
    dir.write_config("small.toml", CONFIG);
    let child = spawn_study(&dir, "out");
    wait_for_checkpoints(&dir, "out");
    let assert = dir.trainer(&["results", "out"]).assert().code(1);
    assert.stderr(contains("no finished run yet"));
    child.wait_with_output().unwrap().assert().success();
    dir.trainer(&["results", "out"]).assert().success();
}
