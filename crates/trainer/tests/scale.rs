//! Ten thousand runs' records, made up: what reads them all stays quick and small.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::Place;
use trainer::{
    config::Entries,
    store::record::{FILE, HISTORY, MODEL, Record},
    study::{Run, Study},
};

/// `none` at 20 points, `l2` at 980, from 10 seeds each.
fn config() -> String {
    let numbers = |count: u32| -> Vec<f64> { (1..=count).map(|n| f64::from(n) / 1e3).collect() };
    format!(
        "data.dir = \"digits\"\nfit.epochs = 2\nvariants = [\"none\", \"l2\"]\nseeds = {:?}\n[sweep]\n\
         fit.learning_rate = {:?}\nvariant.l2.hidden2.kernel_regularizer.l2 = {:?}\n",
        (0..10).collect::<Vec<_>>(),
        numbers(20),
        numbers(49),
    )
}

/// Trains one run and copies it to every other's folder, with accuracies that differ.
fn make_up(place: &Place, study: &Study) {
    let run = ["run", "many.toml", "--out", "out", "--quiet", "--only", "0"];
    place.trainer(&run).assert().success();
    let place_of = |run: &Run| place.path("out").join(run.folder());
    let first = place_of(&study.runs[0]);
    let trained = Record::read(&first).unwrap().unwrap();
    for (run, number) in study.runs.iter().zip(0_u32..).skip(1) {
        let folder = place_of(run);
        fs::create_dir_all(&folder).unwrap();
        let record = Record {
            variant: run.variant.name.clone(),
            seed: run.seed,
            point: run.point.clone(),
            settings: study.run_settings(run),
            acc_test: 0.5 + f64::from(number * 7919 % 1000) / 1e4,
            ..trained.clone()
        };
        fs::write(folder.join(FILE), serde_json::to_vec_pretty(&record).unwrap()).unwrap();
        for file in [MODEL, HISTORY] {
            fs::hard_link(first.join(file), folder.join(file)).unwrap();
        }
    }
}

/// The most memory that a process has had, in bytes, for as long as it can be asked.
fn peak(child: &mut Child) -> usize {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(kilobytes.map_or(0, |kilobytes: usize| kilobytes << 10));
        thread::sleep(Duration::from_millis(1));
    }
    most
}

#[test]
fn ten_thousand_runs_are_looked_at_in_two_seconds() {
    let place = Place::new();
    let text = config();
    let path = place.write("many.toml", &text);
    let study = Study::read("many", &Entries::parse(&text, Path::new(&path)).unwrap()).unwrap();
    assert_eq!(study.runs.len(), 10_000);
    make_up(&place, &study);
    for (command, arguments) in [
        ("runs", &[][..]),
        ("runs", &["--json"]),
        ("results", &[]),
        ("results", &["--json"]),
        ("report", &[]),
    ] {
        let begun = Instant::now();
        let arguments = [&[command, "many.toml", "--out", "out"], arguments].concat();
        let file = fs::File::create(place.path("said")).unwrap();
        let mut child =
            place.command(&arguments).stdout(file).stderr(Stdio::null()).spawn().unwrap();
        let memory = peak(&mut child);
        let took = begun.elapsed();
        assert!(child.wait().unwrap().success());
        assert!(took < Duration::from_secs(2), "{arguments:?} took {took:?}");
        assert!((1..500_000_000).contains(&memory), "{arguments:?} took {memory} bytes");
    }
    assert!(place.read("out/results.csv").lines().count() == 10_001);
}
